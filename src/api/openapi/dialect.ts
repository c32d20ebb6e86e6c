/**
 * The two dialects in which the API is described: OpenAPI 3.0, one document per group version, and Swagger 2.0, one document for
 * everything. They differ in where definitions stand, in what may stand beside a reference, and in whether a type may be one of several.
 */
export type Dialect = "v2" | "v3";

/** A piece of a document: plain JSON data, built anew for every document. */
export type DocumentPart = { [key: string]: unknown };

const prefixes: { readonly [dialect in Dialect]: string } = { v2: "#/definitions/", v3: "#/components/schemas/" };

/** A reference to the definition of that name. */
export function reference(dialect: Dialect, typeName: string): DocumentPart {
  return { $ref: prefixes[dialect] + typeName };
}

/** Group, version and kind as the extension spells them. */
export interface GroupVersionKind {
  readonly group: string;
  readonly kind: string;
  readonly version: string;
}
