import type { Field, Schema, StructType, TypeNode } from "../schema/schema.ts";
import type { Union } from "../schema/schema-facts.ts";
import { reference } from "./dialect.ts";
import type { Dialect, DocumentPart, GroupVersionKind } from "./dialect.ts";
import { specialDefinition, specialTypeNames } from "./special-types.ts";
import type { Texts } from "./texts.ts";

/**
 * From a type of the schema to its definition: properties with types, formats, enums, defaults and texts, required fields, and the
 * `x-kubernetes-` extensions by which clients merge (patch strategy and key, list type and keys, map type, unions).
 */
export interface DefinitionSource {
  readonly schema: Schema;
  readonly texts: Texts;
  /** The kinds that a type is the body of. */
  readonly kindsOf: (typeName: string) => readonly GroupVersionKind[];
}

/** Definitions of the given types and of everything that they refer to, by name and in the order of names. */
export function definitionsFrom(source: DefinitionSource, dialect: Dialect, typeNames: Iterable<string>): { [typeName: string]: DocumentPart } {
  const found = new Map<string, DocumentPart>();
  const waiting = [...typeNames];
  for (let typeName = waiting.pop(); typeName !== undefined; typeName = waiting.pop()) {
    if (found.has(typeName)) continue;
    found.set(typeName, definition(source, dialect, typeName, waiting));
  }
  return Object.fromEntries([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Names of types that it refers to are put into `uses`. */
function definition(source: DefinitionSource, dialect: Dialect, typeName: string, uses: string[]): DocumentPart {
  const text = source.texts.ofType(typeName);
  const described = text === undefined ? {} : { description: text };
  const made = specialDefinition(dialect, typeName) ?? structDefinition(source, dialect, source.schema.struct(typeName), uses);
  const kinds = source.kindsOf(typeName);
  return { ...described, ...made, ...(kinds.length === 0 ? {} : { "x-kubernetes-group-version-kind": kinds }) };
}

function structDefinition(source: DefinitionSource, dialect: Dialect, struct: StructType, uses: string[]): DocumentPart {
  const made: DocumentPart = { type: "object" };
  const required = struct.fields.filter((field) => field.required).map((field) => field.name);
  if (required.length > 0) made["required"] = required;
  const properties = struct.fields.map((field) => [field.name, property(source, dialect, struct.name, field, uses)] as const);
  if (properties.length > 0) made["properties"] = Object.fromEntries(properties);
  if (struct.mapType !== undefined) made["x-kubernetes-map-type"] = struct.mapType;
  const unions = struct.unions.filter((union) => union.by === "union");
  if (unions.length > 0) made["x-kubernetes-unions"] = unions.map((union) => unionExtension(union));
  return made;
}

/** In Go the members of a union go by their field names: `localhostProfile` is told by `LocalhostProfile`. */
function unionExtension({ discriminator, members }: Union): DocumentPart {
  const fields = Object.fromEntries(members.map((name) => [name, name.charAt(0).toUpperCase() + name.slice(1)]));
  return { ...(discriminator === undefined ? {} : { discriminator }), "fields-to-discriminateBy": fields };
}

function property(source: DefinitionSource, dialect: Dialect, structName: string, field: Field, uses: string[]): DocumentPart {
  const text = source.texts.ofField(structName, field.name);
  const made = withSiblings(dialect, nodeSchema(dialect, field.node, uses), {
    ...(text === undefined ? {} : { description: text }),
    ...defaultOf(dialect, field),
    ...extensionsOf(field),
  });
  if (field.enum !== undefined) innermost(made)["enum"] = field.enum.toSorted();
  return made;
}

/** In v3 nothing may stand beside a reference, so the reference moves into a list of one. */
function withSiblings(dialect: Dialect, schema: DocumentPart, siblings: DocumentPart): DocumentPart {
  if (dialect === "v2" || !("$ref" in schema) || Object.keys(siblings).length === 0) return { ...schema, ...siblings };
  return { allOf: [schema], ...siblings };
}

/** Where the scalar of a property is described: a list of an enumerated type tells the values at its items. */
function innermost(schema: DocumentPart): DocumentPart {
  const inner = schema["items"] ?? schema["additionalProperties"];
  return inner === undefined ? schema : innermost(inner as DocumentPart);
}

function extensionsOf(field: Field): DocumentPart {
  const made: DocumentPart = {};
  if (field.listMapKeys !== undefined) made["x-kubernetes-list-map-keys"] = field.listMapKeys;
  if (field.listType !== undefined) made["x-kubernetes-list-type"] = field.listType;
  const mapType = field.mapType ?? field.structType;
  if (mapType !== undefined) made["x-kubernetes-map-type"] = mapType;
  if (field.patchMergeKey !== undefined) made["x-kubernetes-patch-merge-key"] = field.patchMergeKey;
  if (field.patchStrategy.length > 0) made["x-kubernetes-patch-strategy"] = field.patchStrategy.join(",");
  return made;
}

const zeros: { readonly [kind: string]: unknown } = { string: "", boolean: false, int32: 0, int64: 0, double: 0, struct: {} };

/** Only v3 tells defaults, and with them the zero that a value has when it is always written. */
function defaultOf(dialect: Dialect, field: Field): DocumentPart {
  if (dialect === "v2") return {};
  if (field.default !== undefined) return { default: field.default };
  if (field.pointer || (field.omitEmpty && field.node.kind !== "struct")) return {};
  const zero = zeros[field.node.kind];
  return zero === undefined ? {} : { default: zero };
}

const scalars: { readonly [kind: string]: DocumentPart } = {
  string: { type: "string" },
  boolean: { type: "boolean" },
  int32: { type: "integer", format: "int32" },
  int64: { type: "integer", format: "int64" },
  double: { type: "number", format: "double" },
  bytes: { type: "string", format: "byte" },
  any: { type: "object" },
};

function nodeSchema(dialect: Dialect, node: TypeNode, uses: string[]): DocumentPart {
  if (node.kind === "list") return { type: "array", items: itemSchema(dialect, node.item as TypeNode, uses) };
  if (node.kind === "map") return { type: "object", additionalProperties: itemSchema(dialect, node.item as TypeNode, uses) };
  const typeName = node.structName ?? specialTypeNames[node.kind];
  if (typeName === undefined) return { ...scalars[node.kind] };
  uses.push(typeName);
  return reference(dialect, typeName);
}

function itemSchema(dialect: Dialect, node: TypeNode, uses: string[]): DocumentPart {
  const zero = dialect === "v3" ? zeros[node.kind] : undefined;
  return withSiblings(dialect, nodeSchema(dialect, node, uses), zero === undefined ? {} : { default: zero });
}
