import type { NodeKind } from "../schema/schema.ts";
import type { Dialect, DocumentPart } from "./dialect.ts";

/** Types whose JSON is not that of their Go struct: they have a definition under upstream's name, written here instead of derived. */
export const specialTypeNames: { readonly [kind in NodeKind]?: string } = {
  quantity: "io.k8s.apimachinery.pkg.api.resource.Quantity",
  time: "io.k8s.apimachinery.pkg.apis.meta.v1.Time",
  microtime: "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime",
  duration: "io.k8s.apimachinery.pkg.apis.meta.v1.Duration",
  fieldsV1: "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1",
  intOrString: "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
  rawExtension: "io.k8s.apimachinery.pkg.runtime.RawExtension",
  unknown: "io.k8s.apimachinery.pkg.runtime.Unknown",
  json: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON",
  schemaOrBool: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool",
  schemaOrArray: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray",
  schemaOrStringArray: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray",
};

interface SpecialType {
  readonly v2: DocumentPart;
  /** Absent: as in v2. */
  readonly v3?: DocumentPart;
}

const anyOf = (...types: readonly string[]): DocumentPart => ({ oneOf: types.map((type) => ({ type })) });

const definitions: { readonly [typeName: string]: SpecialType } = {
  "io.k8s.apimachinery.pkg.api.resource.Quantity": { v2: { type: "string" }, v3: anyOf("string", "number") },
  "io.k8s.apimachinery.pkg.apis.meta.v1.Time": { v2: { type: "string", format: "date-time" } },
  "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": { v2: { type: "string", format: "date-time" } },
  "io.k8s.apimachinery.pkg.apis.meta.v1.Duration": { v2: { type: "string" } },
  "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": { v2: { type: "object" } },
  "io.k8s.apimachinery.pkg.apis.meta.v1.Patch": { v2: { type: "object" } },
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {
    v2: { type: "string", format: "int-or-string" },
    v3: { ...anyOf("integer", "string"), format: "int-or-string" },
  },
  "io.k8s.apimachinery.pkg.runtime.RawExtension": { v2: { type: "object" } },
  "io.k8s.apimachinery.pkg.runtime.Unknown": { v2: { type: "object" } },
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": { v2: {} },
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool": { v2: {} },
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray": { v2: {} },
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": { v2: {} },
};

/** The definition of a special type, without its text; undefined when the type is an ordinary struct. */
export function specialDefinition(dialect: Dialect, typeName: string): DocumentPart | undefined {
  const special = definitions[typeName];
  if (special === undefined) return undefined;
  return { ...((dialect === "v3" ? special.v3 : undefined) ?? special.v2) };
}
