import type { FieldError } from "../../base/field-error.ts";
import { sameData } from "../equality.ts";
import type { JSONSchemaProps } from "../types/apiextensions-v1.ts";
import { forbidden, invalid, required } from "../validation/errors.ts";
import type { FieldPath } from "../validation/path.ts";
import { patternProblem } from "./pattern.ts";
import { singleItems } from "./schema-value.ts";

/**
 * Whether a schema is structural: that the kind of every value is said outside of allOf, anyOf, oneOf and not, which only judge
 * further what is already known. Only such schemas can be pruned and defaulted by.
 */
type Level = "root" | "item" | "field";

const nowhere = { root: "at the root", item: "for specified array items", field: "for specified object fields" } as const;

/** What keeps upstream from reading a schema as a structural one at all; the texts of these problems. */
export function unreadable(schema: JSONSchemaProps): string | undefined {
  const refused: readonly [boolean, string][] = [
    [(schema.id ?? "") !== "", "OpenAPIV3Schema 'id' is not supported"],
    [(schema.$schema ?? "") !== "", "OpenAPIV3Schema 'schema' is not supported"],
    [(schema.$ref ?? "") !== "", "OpenAPIV3Schema '$ref' is not supported"],
    [schema.patternProperties !== undefined, "OpenAPIV3Schema 'patternProperties' is not supported"],
    [schema.dependencies !== undefined, "OpenAPIV3Schema 'dependencies' is not supported"],
    [schema.additionalItems !== undefined, "OpenAPIV3Schema 'additionalItems' is not supported"],
    [schema.definitions !== undefined, "OpenAPIV3Schema 'definitions' is not supported"],
    [schema["x-kubernetes-preserve-unknown-fields"] === false, "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined"],
    [Array.isArray(schema.items), "OpenAPIV3Schema 'items' must be a schema, but is an array"],
  ];
  const own = refused.find(([is]) => is);
  if (own !== undefined) return own[1];
  for (const inner of innerSchemas(schema)) {
    const problem = unreadable(inner);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Every schema directly within this one. */
export function innerSchemas(schema: JSONSchemaProps): JSONSchemaProps[] {
  const { items, additionalProperties: others, additionalItems: more } = schema;
  const lists = [schema.allOf, schema.anyOf, schema.oneOf, Array.isArray(items) ? (items as readonly JSONSchemaProps[]) : undefined];
  const maps = [schema.properties, schema.patternProperties, schema.definitions, schema.dependencies];
  const single = singleItems(items);
  return [
    ...(single === undefined ? [] : [single]),
    ...lists.flatMap((list) => list ?? []),
    ...(schema.not === undefined ? [] : [schema.not]),
    ...maps.flatMap((map) => Object.values(map ?? {}).filter((each): each is JSONSchemaProps => !Array.isArray(each))),
    ...(typeof others === "object" ? [others] : []),
    ...(typeof more === "object" ? [more] : []),
  ];
}

export function checkStructural(schema: JSONSchemaProps, path: FieldPath, errors: FieldError[]): void {
  checkInvariants(schema, "root", path, errors);
  checkComplete(schema, schema, path, path, errors);
}

function checkInvariants(schema: JSONSchemaProps, level: Level, path: FieldPath, errors: FieldError[]): void {
  const items = singleItems(schema.items);
  if (schema.type === "array" && items === undefined) errors.push(required(path.child("items"), "must be specified"));
  if (items !== undefined) checkInvariants(items, "item", path.child("items"), errors);
  for (const [name, inner] of Object.entries(schema.properties ?? {})) checkInvariants(inner, "field", path.child("properties").key(name), errors);
  const others = schema.additionalProperties;
  if (others !== undefined && level === "root") errors.push(forbidden(path.child("additionalProperties"), "must not be used at the root"));
  if (typeof others === "object") checkInvariants(others, "field", path.child("additionalProperties"), errors);
  checkExtensions(schema, path, errors);
  const firstAllOf = schema.allOf?.[0]?.anyOf;
  checkJunctors(schema, { skipAnyOf: isIntOrString(schema.anyOf), skipAllOfAnyOf: isIntOrString(firstAllOf) }, path, errors);
  checkType(schema, level, path, errors);
  checkMetadata(schema, level, path, errors);
}

function checkExtensions(schema: JSONSchemaProps, path: FieldPath, errors: FieldError[]): void {
  if (schema["x-kubernetes-int-or-string"] !== true) return;
  for (const field of ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"] as const) {
    if (schema[field] === true) errors.push(invalid(path.child(field), true, "must be false if x-kubernetes-int-or-string is true"));
  }
}

function checkType(schema: JSONSchemaProps, level: Level, path: FieldPath, errors: FieldError[]): void {
  const { type = "" } = schema;
  const embedded = schema["x-kubernetes-embedded-resource"] === true;
  const free = schema["x-kubernetes-int-or-string"] === true || schema["x-kubernetes-preserve-unknown-fields"] === true;
  const place = path.child("type");
  if (embedded && type !== "object") {
    const why = "must be object if x-kubernetes-embedded-resource is true";
    errors.push(type === "" ? required(place, why) : invalid(place, type, why));
  } else if (type === "" && !free) errors.push(required(place, `must not be empty ${nowhere[level]}`));
  if (embedded && schema.additionalProperties !== undefined) {
    errors.push(forbidden(path.child("additionalProperties"), "must not be used if x-kubernetes-embedded-resource is set"));
  }
  if (level === "root" && type !== "" && type !== "object") errors.push(invalid(place, type, "must be object at the root"));
  if (embedded && schema["x-kubernetes-preserve-unknown-fields"] !== true && schema.properties === undefined) {
    const why = "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
    errors.push(required(path.child("properties"), why));
  }
}

/** The fields that every object has may not be told otherwise. */
function checkMetadata(schema: JSONSchemaProps, level: Level, path: FieldPath, errors: FieldError[]): void {
  const isObject = level === "root" || schema["x-kubernetes-embedded-resource"] === true;
  const own = (name: string): JSONSchemaProps | undefined => (Object.hasOwn(schema.properties ?? {}, name) ? schema.properties?.[name] : undefined);
  const properties = path.child("properties");
  for (const name of ["kind", "apiVersion"]) {
    const given = own(name);
    if (isObject && given !== undefined && given.type !== "string") errors.push(invalid(properties.key(name).child("type"), given.type ?? "", "must be string"));
  }
  const metadata = own("metadata");
  if (metadata === undefined) return;
  const place = properties.key("metadata");
  if (isObject && metadata.type !== "object") errors.push(invalid(place.child("type"), metadata.type ?? "", "must be object"));
  if (level !== "root") return;
  const { type: _, default: __, properties: names, ...rest } = metadata;
  const restricted = Object.keys(names ?? {}).every((name) => name === "name" || name === "generateName");
  if (!restricted || !sameData(rest, {})) {
    errors.push(forbidden(place, "must not specify anything other than name and generateName, but metadata is implicitly specified"));
  }
}

function isIntOrString(anyOf: readonly JSONSchemaProps[] | undefined): boolean {
  return sameData(anyOf, [{ type: "integer" }, { type: "string" }]);
}

interface Skipped {
  readonly skipAnyOf: boolean;
  readonly skipAllOfAnyOf: boolean;
}

const nothingSkipped: Skipped = { skipAnyOf: false, skipAllOfAnyOf: false };

function checkJunctors(schema: JSONSchemaProps, skipped: Skipped, path: FieldPath, errors: FieldError[]): void {
  if (!skipped.skipAnyOf) schema.anyOf?.forEach((each, i) => checkNested(each, nothingSkipped, path.child("anyOf").index(i), errors));
  schema.allOf?.forEach((each, i) => checkNested(each, { ...nothingSkipped, skipAnyOf: skipped.skipAllOfAnyOf && i === 0 }, path.child("allOf").index(i), errors));
  schema.oneOf?.forEach((each, i) => checkNested(each, nothingSkipped, path.child("oneOf").index(i), errors));
  if (schema.not !== undefined) checkNested(schema.not, nothingSkipped, path.child("not"), errors);
  const { pattern = "" } = schema;
  const problem = patternProblem(pattern);
  if (problem !== undefined) errors.push(invalid(path.child("pattern"), pattern, `must be a valid regular expression, but isn't: error parsing regexp: ${problem}`));
}

/** What must not stand within allOf, anyOf, oneOf and not: each field with how upstream wants it there. */
const outsideOnly: readonly (readonly [field: keyof JSONSchemaProps, must: string])[] = [
  ["type", "be empty"],
  ["additionalProperties", "be undefined"],
  ["default", "be undefined"],
  ["title", "be empty"],
  ["description", "be empty"],
  ["nullable", "be false"],
  ["x-kubernetes-preserve-unknown-fields", "be false"],
  ["x-kubernetes-embedded-resource", "be false"],
  ["x-kubernetes-int-or-string", "be false"],
  ["x-kubernetes-list-map-keys", "be empty"],
  ["x-kubernetes-list-type", "be undefined"],
  ["x-kubernetes-map-type", "be undefined"],
  ["x-kubernetes-validations", "be empty"],
];

function checkNested(schema: JSONSchemaProps, skipped: Skipped, path: FieldPath, errors: FieldError[]): void {
  checkJunctors(schema, skipped, path, errors);
  const items = singleItems(schema.items);
  if (items !== undefined) checkNested(items, nothingSkipped, path.child("items"), errors);
  const properties = Object.entries(schema.properties ?? {});
  for (const [name, inner] of properties) checkNested(inner, nothingSkipped, path.child("properties").key(name), errors);
  for (const [field, must] of outsideOnly) {
    const value = schema[field];
    // That nothing more is allowed says nothing.
    if (value === undefined || value === "" || value === false) continue;
    errors.push(forbidden(path.child(field), `must ${must} to be structural`));
  }
  if (properties.some(([name]) => name === "metadata")) {
    errors.push(forbidden(path.child("properties").key("metadata"), "must not be specified in a nested context"));
  }
}

/** Every field that a junctor judges is known outside of it. `known`: what is said there; undefined: nothing. */
function checkComplete(judged: JSONSchemaProps, known: JSONSchemaProps, path: FieldPath, judgedPath: FieldPath, errors: FieldError[]): void {
  if (judged.not !== undefined) checkKnown(judged.not, known, path, judgedPath.child("not"), errors);
  for (const junctor of ["allOf", "anyOf", "oneOf"] as const) {
    judged[junctor]?.forEach((each, i) => checkKnown(each, known, path, judgedPath.child(junctor).index(i), errors));
  }
}

function checkKnown(judged: JSONSchemaProps, known: JSONSchemaProps | undefined, path: FieldPath, judgedPath: FieldPath, errors: FieldError[]): void {
  if (known === undefined) {
    errors.push(required(path, `because it is defined in ${judgedPath.toString()}`));
    return;
  }
  checkComplete(judged, known, path, judgedPath, errors);
  const items = singleItems(judged.items);
  if (items !== undefined) checkKnown(items, singleItems(known.items), path.child("items"), judgedPath.child("items"), errors);
  for (const [name, inner] of Object.entries(judged.properties ?? {})) {
    const outside = Object.hasOwn(known.properties ?? {}, name) ? known.properties?.[name] : undefined;
    checkKnown(inner, outside, path.child("properties").key(name), judgedPath.child("properties").key(name), errors);
  }
}
