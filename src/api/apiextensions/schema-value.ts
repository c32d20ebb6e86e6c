import type { FieldError } from "../../base/field-error.ts";
import type { JsonValue } from "../../base/json.ts";
import { equalJson } from "../schema/json-data.ts";
import type { JSONSchemaProps } from "../types/apiextensions-v1.ts";
import { invalid, notSupported, required, tooLong, tooMany } from "../validation/errors.ts";
import type { FieldPath } from "../validation/path.ts";
import { patternOf } from "./pattern.ts";

/**
 * A value judged by a schema of OpenAPI v3, in the words in which upstream's library refuses it. `at` is where the value stands
 * within what is judged: "" for the whole.
 */
interface Place {
  readonly root: FieldPath;
  readonly at: string;
}

type Json = { readonly [key: string]: JsonValue };

/** The schema of all items; none where there is one for each. */
export function singleItems(items: JSONSchemaProps["items"]): JSONSchemaProps | undefined {
  // Null: it was given as something that is neither.
  return items === undefined || items === null || Array.isArray(items) ? undefined : (items as JSONSchemaProps);
}

export function checkValue(schema: JSONSchemaProps, value: JsonValue, root: FieldPath, errors: FieldError[]): void {
  judge(schema, value, { root, at: "" }, errors);
}

function pathOf({ root, at }: Place): FieldPath {
  return at === "" ? root : root.child(at);
}

function inBody({ at }: Place, text: string): string {
  return `${at} in body ${text}`;
}

function typeOf(value: JsonValue): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function fits(schema: JSONSchemaProps, actual: string): boolean {
  if (actual === "null" && schema.nullable === true) return true;
  if (schema["x-kubernetes-int-or-string"] === true) return actual === "integer" || actual === "string";
  const wanted = schema.type ?? "";
  return wanted === "" || wanted === actual || (wanted === "number" && actual === "integer");
}

function judge(schema: JSONSchemaProps, value: JsonValue, place: Place, errors: FieldError[]): void {
  const actual = typeOf(value);
  if (!fits(schema, actual)) {
    const text = inBody(place, `must be of type ${schema.type ?? ""}: ${JSON.stringify(actual)}`);
    errors.push({ ...invalid(pathOf(place), actual, text), type: "FieldValueTypeInvalid" });
    if (!(schema.type === "integer" && actual === "number")) return;
  }
  if (schema.enum !== undefined && !schema.enum.some((allowed) => equalJson(allowed, value))) {
    errors.push(notSupported(pathOf(place), value, schema.enum.map((allowed) => (typeof allowed === "string" ? allowed : JSON.stringify(allowed)))));
  }
  if (typeof value === "number") judgeNumber(schema, value, place, errors);
  else if (typeof value === "string") judgeText(schema, value, place, errors);
  else if (Array.isArray(value)) judgeList(schema, value as readonly JsonValue[], place, errors);
  else if (typeof value === "object" && value !== null) judgeObject(schema, value as Json, place, errors);
  judgeAlternatives(schema, value, place, errors);
}

function judgeNumber(schema: JSONSchemaProps, value: number, place: Place, errors: FieldError[]): void {
  const path = pathOf(place);
  const whole = (what: string, given: number | undefined): boolean => {
    if (schema.type !== "integer" || given === undefined || Number.isInteger(given)) return true;
    const format = (schema.format ?? "") === "" ? "default format" : `${schema.format} format`;
    errors.push(invalid(place.root, "", `${what} must be of type integer (${format}) in ${place.at}`));
    return false;
  };
  if (!whole("Checked value", value)) return;
  const { minimum, maximum, multipleOf } = schema;
  whole("Maximum boundary value", maximum);
  if (maximum !== undefined && (schema.exclusiveMaximum === true ? value >= maximum : value > maximum)) {
    errors.push(invalid(path, value, inBody(place, `should be less than ${schema.exclusiveMaximum === true ? "" : "or equal to "}${maximum}`)));
  }
  whole("Minimum boundary value", minimum);
  if (minimum !== undefined && (schema.exclusiveMinimum === true ? value <= minimum : value < minimum)) {
    errors.push(invalid(path, value, inBody(place, `should be greater than ${schema.exclusiveMinimum === true ? "" : "or equal to "}${minimum}`)));
  }
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) errors.push(invalid(path, value, inBody(place, `should be a multiple of ${multipleOf}`)));
}

function judgeText(schema: JSONSchemaProps, value: string, place: Place, errors: FieldError[]): void {
  const path = pathOf(place);
  const length = [...value].length;
  const { minLength, maxLength, pattern = "" } = schema;
  if (maxLength !== undefined && length > maxLength) errors.push(tooLong(path, maxLength));
  if (minLength !== undefined && length < minLength) errors.push(invalid(path, value, inBody(place, `should be at least ${minLength} chars long`)));
  if (pattern !== "" && patternOf(pattern)?.test(value) === false) errors.push(invalid(path, value, inBody(place, `should match '${pattern}'`)));
  const format = formats[(schema.format ?? "").replaceAll("-", "")];
  if (format !== undefined && !format(value)) {
    const text = inBody(place, `must be of type ${(schema.format ?? "").replaceAll("-", "")}: ${JSON.stringify(value)}`);
    errors.push({ ...invalid(path, value, text), type: "FieldValueTypeInvalid" });
  }
}

/** The formats of texts that are told apart; any other holds for every text. */
const formats: { readonly [format: string]: (text: string) => boolean } = {
  date: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text),
  datetime: (text) => /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})?$/.test(text),
  uuid: (text) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text),
  hexcolor: (text) => /^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(text),
  byte: (text) => /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text),
};

function judgeList(schema: JSONSchemaProps, value: readonly JsonValue[], place: Place, errors: FieldError[]): void {
  const path = pathOf(place);
  const { minItems, maxItems } = schema;
  const items = singleItems(schema.items);
  if (items !== undefined) value.forEach((item, i) => judge(items, item, { ...place, at: `${place.at}[${i}]` }, errors));
  if (minItems !== undefined && value.length < minItems) errors.push(invalid(path, value.length, inBody(place, `should have at least ${minItems} items`)));
  if (maxItems !== undefined && value.length > maxItems) errors.push(tooMany(path, value.length, maxItems));
  if (schema.uniqueItems === true && value.some((item, i) => value.slice(0, i).some((other) => equalJson(item, other)))) {
    errors.push(invalid(path, "", inBody(place, "shouldn't contain duplicates")));
  }
}

function judgeObject(schema: JSONSchemaProps, value: Json, place: Place, errors: FieldError[]): void {
  const path = pathOf(place);
  const names = Object.keys(value);
  const { minProperties, maxProperties } = schema;
  if (minProperties !== undefined && names.length < minProperties) {
    errors.push(invalid(path, names.length, inBody(place, `should have at least ${minProperties} properties`)));
  }
  if (maxProperties !== undefined && names.length > maxProperties) errors.push(tooMany(path, names.length, maxProperties));
  const within = (name: string): Place => ({ ...place, at: place.at === "" ? name : `${place.at}.${name}` });
  for (const name of schema.required ?? []) if (!Object.hasOwn(value, name)) errors.push(required(pathOf(within(name))));
  for (const name of names) {
    const inner = propertySchema(schema, name);
    if (inner !== undefined) judge(inner, value[name] as JsonValue, within(name), errors);
  }
}

function propertySchema(schema: JSONSchemaProps, name: string): JSONSchemaProps | undefined {
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, name)) return schema.properties[name];
  const others = schema.additionalProperties;
  return typeof others === "object" ? others : undefined;
}

function judgeAlternatives(schema: JSONSchemaProps, value: JsonValue, place: Place, errors: FieldError[]): void {
  const path = pathOf(place);
  const holds = (each: JSONSchemaProps): boolean => {
    const inner: FieldError[] = [];
    judge(each, value, place, inner);
    return inner.length === 0;
  };
  const refuse = (rule: string): number => errors.push(invalid(path, "", `${JSON.stringify(place.at)} must validate ${rule}`));
  for (const each of schema.allOf ?? []) judge(each, value, place, errors);
  if (schema.anyOf !== undefined && !schema.anyOf.some(holds)) refuse("at least one schema (anyOf)");
  if (schema.oneOf !== undefined) {
    const valid = schema.oneOf.filter(holds).length;
    if (valid !== 1) refuse(`one and only one schema (oneOf). ${valid === 0 ? "Found none valid" : `Found ${valid} valid alternatives`}`);
  }
  if (schema.not !== undefined && holds(schema.not)) errors.push(invalid(path, "", `${JSON.stringify(place.at)} must not validate the schema (not)`));
}

/** Whether the value has a field of which the schema does not know: storing would drop it. */
export function hasUnknownFields(schema: JSONSchemaProps, value: JsonValue): boolean {
  if (schema["x-kubernetes-preserve-unknown-fields"] === true) return false;
  if (Array.isArray(value)) {
    const items = singleItems(schema.items);
    return items !== undefined && (value as readonly JsonValue[]).some((item) => hasUnknownFields(items, item));
  }
  if (typeof value !== "object" || value === null) return false;
  const own = schema["x-kubernetes-embedded-resource"] === true ? ["apiVersion", "kind", "metadata"] : [];
  return Object.entries(value as Json).some(([name, item]) => {
    if (own.includes(name)) return false;
    const inner = propertySchema(schema, name);
    return inner === undefined ? schema.additionalProperties !== true : hasUnknownFields(inner, item);
  });
}
