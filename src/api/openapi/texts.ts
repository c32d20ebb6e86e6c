/**
 * Where the texts of types and fields come from. They are data of their own (src/api/descriptions), loaded only when a document is
 * asked for, so the builders of documents take them as an argument.
 */
export interface Texts {
  /** Undefined: nobody has written one. */
  ofType(typeName: string): string | undefined;
  ofField(typeName: string, fieldName: string): string | undefined;
}

/** Per type name, a text per field; the text of the type itself stands under "". */
export type TextTable = { readonly [typeName: string]: { readonly [fieldName: string]: string } };
