import type { CustomResourceDefinitionVersion, JSONSchemaProps } from "../types/apiextensions-v1.ts";
import { innerSchemas } from "./structural.ts";

/** Formats that schemas of custom kinds may name; any other is warned of and then ignored. */
const textFormats: ReadonlySet<string> = new Set(
  (
    "bsonobjectid uri email hostname ipv4 ipv6 cidr mac uuid uuid3 uuid4 uuid5 isbn isbn10 isbn13 creditcard ssn hexcolor rgbcolor byte password date duration datetime " +
    "k8s-short-name k8s-long-name"
  )
    .split(" ")
    .map((format) => format.replaceAll("-", "")),
);

const formatsOfType: { readonly [type: string]: readonly string[] } = { integer: ["int32", "int64"], number: ["float", "double"] };

export function unknownFormats(versions: readonly CustomResourceDefinitionVersion[]): string[] {
  const found = new Set<string>();
  for (const { schema } of versions) if (schema?.openAPIV3Schema !== undefined) collect(schema.openAPIV3Schema, found);
  return [...found];
}

function collect(schema: JSONSchemaProps, found: Set<string>): void {
  const { format = "", type = "" } = schema;
  const known = type === "" || type === "string" ? textFormats.has(format.replaceAll("-", "")) : formatsOfType[type]?.includes(format) === true;
  if (format !== "" && !known) found.add(format);
  for (const inner of innerSchemas(schema)) collect(inner, found);
}
