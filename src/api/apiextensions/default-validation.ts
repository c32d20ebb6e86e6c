import type { FieldError } from "../../base/field-error.ts";
import type { JSONSchemaProps } from "../types/apiextensions-v1.ts";
import { invalid } from "../validation/errors.ts";
import type { FieldPath } from "../validation/path.ts";
import { checkValue, hasUnknownFields, singleItems } from "./schema-value.ts";

/** Whether the defaults of a schema are themselves good values. There are none within additionalProperties. */
const metaFields: readonly string[] = ["metadata", "kind", "apiVersion"];

export function checkDefaults(schema: JSONSchemaProps, path: FieldPath, errors: FieldError[]): void {
  check(schema, { isObject: true, insideMeta: false }, path, errors);
}

function check(schema: JSONSchemaProps, context: { readonly isObject: boolean; readonly insideMeta: boolean }, path: FieldPath, errors: FieldError[]): void {
  const isObject = context.isObject || schema["x-kubernetes-embedded-resource"] === true;
  const insideMeta = context.insideMeta && !isObject;
  if (schema.default !== undefined) {
    const place = path.child("default");
    if (!insideMeta && hasUnknownFields(schema, schema.default)) errors.push(invalid(place, schema.default, "must not have unknown fields"));
    checkValue(schema, schema.default, place, errors);
  }
  const items = singleItems(schema.items);
  if (items !== undefined) check(items, { isObject: false, insideMeta }, path.child("items"), errors);
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    check(inner, { isObject: false, insideMeta: insideMeta || (isObject && metaFields.includes(name)) }, path.child("properties").key(name), errors);
  }
}
