import type { FieldError } from "../../base/field-error.ts";
import { expressionProblem } from "../cel/check.ts";
import { loadSchema } from "../schema/schema.ts";
import type { JSONSchemaProps, ValidationRule } from "../types/apiextensions-v1.ts";
import { forbidden, invalid, notSupported, required } from "../validation/errors.ts";
import { goValue } from "../validation/go-value.ts";
import type { FieldPath } from "../validation/path.ts";
import { checkDefaults } from "./default-validation.ts";
import { schemaAt } from "./schema-path.ts";
import { singleItems } from "./schema-value.ts";
import { checkStructural, unreadable } from "./structural.ts";

/** Validation of the schema of a custom kind: what OpenAPI allows, less what the API server does not take. Of rules in CEL the grammar and the names are judged, not the types. */
interface Context {
  readonly root: boolean;
  /** Within the fields that every object has. */
  readonly insideMeta: boolean;
  /** Why no defaults may be given here. */
  readonly noDefaults?: string;
}

const types = ["array", "boolean", "integer", "number", "object", "string"];
const listTypes = ["atomic", "set", "map"];
const mapTypes = ["atomic", "granular"];
const metaFields: readonly string[] = ["metadata", "kind", "apiVersion"];
const ruleReasons = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];
/** As long as it is named here, a field may stand at the root of a schema whose status is written apart. */
const rootFields: readonly (keyof JSONSchemaProps)[] = [
  "description",
  "type",
  "format",
  "title",
  "maximum",
  "exclusiveMaximum",
  "minimum",
  "exclusiveMinimum",
  "maxLength",
  "minLength",
  "pattern",
  "maxItems",
  "minItems",
  "uniqueItems",
  "multipleOf",
  "required",
  "items",
  "properties",
  "externalDocs",
  "example",
  "x-kubernetes-preserve-unknown-fields",
  "x-kubernetes-validations",
];

export function checkRootSchema(schema: JSONSchemaProps, hasStatus: boolean, path: FieldPath, errors: FieldError[]): void {
  const before = errors.length;
  if (hasStatus) checkRootFields(schema, path, errors);
  if (schema.nullable === true) errors.push(forbidden(path.child("nullable"), "nullable cannot be true at the root"));
  const problem = unreadable(schema);
  if (problem === undefined) {
    const structural: FieldError[] = [];
    checkStructural(schema, path, structural);
    if (structural.length === 0) checkDefaults(schema, path, structural);
    errors.push(...structural);
  }
  checkSchema(schema, { root: true, insideMeta: false }, path, errors);
  if (problem !== undefined && errors.length === before) errors.push(invalid(path, "", problem));
  // Upstream compiles rules only where the schema is good.
  if (errors.length === before) checkRules(withMeta(schema), path, errors);
}

/** What every object has is known to its rules, whatever the schema says. */
function withMeta(schema: JSONSchemaProps): JSONSchemaProps {
  return { ...schema, properties: { apiVersion: {}, kind: {}, metadata: {}, ...schema.properties } };
}

function checkRules(schema: JSONSchemaProps, path: FieldPath, errors: FieldError[]): void {
  schema["x-kubernetes-validations"]?.forEach((rule, i) => {
    const place = path.child("x-kubernetes-validations").index(i);
    const printed = goValue(loadSchema(), "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ValidationRule", rule);
    for (const field of ["rule", "messageExpression"] as const) {
      const problem = (rule[field] ?? "") === "" ? undefined : expressionProblem(rule[field] ?? "", { declared: ["self", "oldSelf"], self: schema });
      if (problem !== undefined) errors.push(invalid(place.child(field), printed, problem));
    }
  });
  for (const [name, property] of Object.entries(schema.properties ?? {})) checkRules(property, path.child("properties").key(name), errors);
  if (typeof schema.additionalProperties === "object") checkRules(schema.additionalProperties, path.child("additionalProperties"), errors);
  const items = singleItems(schema.items);
  if (items !== undefined) checkRules(items, path.child("items"), errors);
}

function checkRootFields(schema: JSONSchemaProps, path: FieldPath, errors: FieldError[]): void {
  const { type = "" } = schema;
  if (type !== "" && type !== "object") {
    const why = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
    errors.push(invalid(path.child("type"), type, why));
    return;
  }
  if (!Object.keys(schema).some((field) => !(rootFields as readonly string[]).includes(field))) return;
  const goNames = rootFields.map((field) => (field.startsWith("x-kubernetes") ? (field.endsWith("fields") ? "XPreserveUnknownFields" : "XValidations") : field.charAt(0).toUpperCase() + field.slice(1)));
  const printed = goValue(loadSchema(), "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps", schema);
  errors.push(invalid(path, printed, `only [${goNames.join(" ")}] fields are allowed at the root of the schema if the status subresource is enabled`));
}

/** Fields that are not taken at all, with what upstream says of them. */
const refusedFields: readonly (keyof JSONSchemaProps)[] = ["id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref"];

function checkSchema(schema: JSONSchemaProps, context: Context, path: FieldPath, errors: FieldError[]): void {
  checkOwnFields(schema, context, path, errors);
  const others = schema.additionalProperties;
  const properties = Object.entries(schema.properties ?? {});
  if (others !== undefined && others !== true && properties.length > 0) {
    errors.push(forbidden(path.child("additionalProperties"), "additionalProperties and properties are mutual exclusive"));
  }
  const inner: Context = { ...context, root: false };
  if (typeof others === "object") {
    const noDefaults = context.insideMeta ? { noDefaults: "inside additionalProperties applying to object metadata" } : {};
    checkSchema(others, { ...inner, ...noDefaults }, path.child("additionalProperties"), errors);
  }
  for (const [name, property] of properties) {
    const meta = metaFields.includes(name) && (context.root || schema["x-kubernetes-embedded-resource"] === true);
    const noDefaults = meta && context.root ? { noDefaults: `in top-level ${name}` } : {};
    checkSchema(property, { ...inner, ...(meta ? { insideMeta: true } : {}), ...noDefaults }, path.child("properties").key(name), errors);
  }
  if (schema.not !== undefined) checkSchema(schema.not, inner, path.child("not"), errors);
  for (const junctor of ["allOf", "oneOf", "anyOf"] as const) {
    schema[junctor]?.forEach((each, i) => checkSchema(each, inner, path.child(junctor).index(i), errors));
  }
  for (const [name, each] of Object.entries(schema.definitions ?? {})) checkSchema(each, inner, path.child("definitions").key(name), errors);
  const items = singleItems(schema.items);
  if (items !== undefined) checkSchema(items, inner, path.child("items"), errors);
  else (schema.items as readonly JSONSchemaProps[] | undefined)?.forEach((each, i) => checkSchema(each, inner, path.child("items").index(i), errors));
  checkListsAndMaps(schema, path, errors);
  schema["x-kubernetes-validations"]?.forEach((rule, i) => checkRule(schema, rule, path.child("x-kubernetes-validations").index(i), errors));
}

function checkOwnFields(schema: JSONSchemaProps, context: Context, path: FieldPath, errors: FieldError[]): void {
  const { type = "" } = schema;
  if (type !== "" && !types.includes(type)) errors.push(notSupported(path.child("type"), type, types));
  if (schema.default !== undefined && context.noDefaults !== undefined) errors.push(forbidden(path.child("default"), `must not be set ${context.noDefaults}`));
  for (const field of refusedFields) if (schema[field] !== undefined && schema[field] !== "") errors.push(forbidden(path.child(field), `${field} is not supported`));
  if (type === "null") errors.push(forbidden(path.child("type"), "type cannot be set to null, use nullable as an alternative"));
  if (Array.isArray(schema.items) && schema.items.length > 0) errors.push(forbidden(path.child("items"), "items must be a schema object and not an array"));
  if (context.insideMeta && schema["x-kubernetes-embedded-resource"] === true) {
    errors.push(forbidden(path.child("x-kubernetes-embedded-resource"), "must not be used inside of resource meta"));
  }
  if (schema.uniqueItems === true) {
    errors.push(forbidden(path.child("uniqueItems"), "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"));
  }
  if (schema["x-kubernetes-preserve-unknown-fields"] === false) {
    errors.push(invalid(path.child("x-kubernetes-preserve-unknown-fields"), false, "must be true or undefined"));
  }
}

/** How lists and maps are merged: that the type fits, and that the items of a list can be told apart. */
function checkListsAndMaps(schema: JSONSchemaProps, path: FieldPath, errors: FieldError[]): void {
  const listType = schema["x-kubernetes-list-type"];
  const mapType = schema["x-kubernetes-map-type"];
  if (mapType !== undefined) checkTypeIs("object", "x-kubernetes-map-type", schema, path, errors);
  if (mapType !== undefined && !mapTypes.includes(mapType)) errors.push(notSupported(path.child("x-kubernetes-map-type"), mapType, mapTypes));
  if (listType !== undefined && schema.type !== "array") checkTypeIs("array", "x-kubernetes-list-type", schema, path, errors);
  else if (listType === "set") checkSetItems(singleItems(schema.items), path.child("items"), errors);
  if (listType !== undefined && !listTypes.includes(listType)) errors.push(notSupported(path.child("x-kubernetes-list-type"), listType, listTypes));
  if ((schema["x-kubernetes-list-map-keys"] ?? []).length > 0 && listType !== "map") {
    const place = path.child("x-kubernetes-list-type");
    const why = "must be map if x-kubernetes-list-map-keys is non-empty";
    errors.push(listType === undefined ? required(place, why) : invalid(place, listType, why));
  }
  if (listType === "map") checkMapList(schema, path, errors);
  if (listType === "map" || listType === "set") checkKeys(schema, listType, path.child("items"), errors);
}

function checkTypeIs(wanted: string, field: string, schema: JSONSchemaProps, path: FieldPath, errors: FieldError[]): void {
  const { type = "" } = schema;
  if (type === wanted) return;
  const why = `must be ${wanted} if ${field} is specified`;
  errors.push(type === "" ? required(path.child("type"), why) : invalid(path.child("type"), type, why));
}

function checkSetItems(items: JSONSchemaProps | undefined, path: FieldPath, errors: FieldError[]): void {
  const why = "must be atomic as item of a list with x-kubernetes-list-type=set";
  const listType = items?.["x-kubernetes-list-type"];
  if (items?.type === "array" && listType !== undefined && listType !== "atomic") errors.push(invalid(path.child("x-kubernetes-list-type"), listType, why));
  // Upstream shows the type of the list here too.
  if (items?.type === "object" && items["x-kubernetes-map-type"] !== "atomic") errors.push(invalid(path.child("x-kubernetes-map-type"), listType, why));
}

function checkMapList(schema: JSONSchemaProps, path: FieldPath, errors: FieldError[]): void {
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const keysPath = path.child("x-kubernetes-list-map-keys");
  if (keys.length === 0) errors.push(required(keysPath, "must not be empty if x-kubernetes-list-type is map"));
  if (schema.items === undefined) {
    errors.push(required(path.child("items"), "must have a schema if x-kubernetes-list-type is map"));
    return;
  }
  const items = singleItems(schema.items);
  if (items === undefined) {
    errors.push(invalid(path.child("items"), { Schema: null, JSONSchemas: schema.items }, "must only have a single schema if x-kubernetes-list-type is map"));
    return;
  }
  if (items.type !== "object") {
    errors.push(invalid(path.child("items").child("type"), items.type ?? "", "must be object if parent array's x-kubernetes-list-type is map"));
    return;
  }
  keys.forEach((key, i) => {
    const property = Object.hasOwn(items.properties ?? {}, key) ? items.properties?.[key] : undefined;
    if (property === undefined) errors.push(invalid(keysPath, keys, "entries must all be names of item properties"));
    else if (property.type === "array" || property.type === "object") {
      const why = "must be a scalar type if parent array's x-kubernetes-list-type is map";
      errors.push(invalid(path.child("items").child("properties").key(key).child("type"), items.type, why));
    }
    if (keys.indexOf(key) < i) errors.push(invalid(keysPath, keys, "must not contain duplicate entries"));
  });
}

/** By its keys each item can be found again, so none may be missing. */
function checkKeys(schema: JSONSchemaProps, listType: string, path: FieldPath, errors: FieldError[]): void {
  const items = singleItems(schema.items);
  if (items === undefined) return;
  if (items.nullable === true) errors.push(forbidden(path.child("nullable"), `cannot be nullable when x-kubernetes-list-type is ${listType}`));
  if (listType !== "map") return;
  for (const key of schema["x-kubernetes-list-map-keys"] ?? []) {
    const property = Object.hasOwn(items.properties ?? {}, key) ? items.properties?.[key] : undefined;
    if (property === undefined) continue;
    const place = path.child("properties").key(key);
    if (items.required?.includes(key) !== true && property.default === undefined) {
      const why = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
      errors.push(required(place.child("default"), why));
    }
    if (property.nullable === true) errors.push(forbidden(place.child("nullable"), "this property is in x-kubernetes-list-map-keys, so it cannot be nullable"));
  }
}

const lineBreak = /[\n\r]/;

function checkRule(schema: JSONSchemaProps, rule: ValidationRule, path: FieldPath, errors: FieldError[]): void {
  const { message = "", messageExpression = "", fieldPath = "", reason } = rule;
  const text = rule.rule.trim();
  const shown = message.trim();
  if (text === "") errors.push(required(path.child("rule"), "rule is not specified"));
  else if (message !== "" && shown === "") errors.push(invalid(path.child("message"), message, "must be non-empty if specified"));
  else if (lineBreak.test(shown)) errors.push(invalid(path.child("message"), message, "must not contain line breaks"));
  else if (lineBreak.test(text) && shown === "") errors.push(required(path.child("message"), "message must be specified if rule contains line breaks"));
  if (messageExpression !== "" && messageExpression.trim() === "") {
    errors.push(required(path.child("messageExpression"), "messageExpression must be non-empty if specified"));
  }
  if (reason !== undefined && !ruleReasons.includes(reason)) errors.push(notSupported(path.child("reason"), reason, ruleReasons));
  if (fieldPath === "") return;
  const place = path.child("fieldPath");
  if (fieldPath.trim() === "") errors.push(invalid(place, fieldPath, "must be non-empty if specified"));
  if (lineBreak.test(fieldPath)) errors.push(invalid(place, fieldPath, "must not contain line breaks"));
  if ("problem" in schemaAt(schema, fieldPath, { arrayNotation: true })) errors.push(invalid(place, fieldPath, "must be a valid path"));
}
