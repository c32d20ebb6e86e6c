import { setMember } from "./json-text.ts";
import type { Schema, StructType, TypeNode } from "./schema.ts";

/**
 * The value with the fields of every struct in the order in which Go prints them, and the keys of maps sorted. What is in order
 * already comes back as it is, so that this costs one walk for objects that have just been decoded.
 */
export function inGoOrder<T extends object>(schema: Schema, typeName: string, object: T): T {
  return orderedStruct(schema, schema.struct(typeName), object as Fields) as T;
}

type Fields = { readonly [key: string]: unknown };

function ordered(schema: Schema, node: TypeNode, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  switch (node.kind) {
    case "struct":
      return orderedStruct(schema, schema.struct(node.structName as string), value as Fields);
    case "list":
      return isFlat(node) ? value : orderedList(schema, node.item as TypeNode, value as readonly unknown[]);
    case "map":
      return orderedMap(schema, node.item as TypeNode, value as Fields);
    default:
      return value;
  }
}

/** Nothing inside has an order. */
function isFlat({ item }: TypeNode): boolean {
  return item === undefined || (item.kind !== "struct" && item.kind !== "list" && item.kind !== "map");
}

function orderedStruct(schema: Schema, type: StructType, value: Fields): Fields {
  let last = -1;
  let inOrder = true;
  let changed: { [key: string]: unknown } | undefined;
  for (const key in value) {
    const field = type.byName.get(key);
    if (field === undefined) continue;
    if (field.index < last) inOrder = false;
    last = field.index;
    const child = value[key];
    if (typeof child !== "object" || child === null) continue;
    const next = ordered(schema, field.node, child);
    if (next !== child) setMember((changed ??= {}), key, next);
  }
  if (inOrder && changed === undefined) return value;
  const whole = changed === undefined ? value : { ...value, ...changed };
  return inOrder ? whole : sortedFields(type, whole);
}

/** Fields that the type lacks come last. */
function sortedFields(type: StructType, value: Fields): Fields {
  const out: { [key: string]: unknown } = {};
  const indexOf = (key: string): number => type.byName.get(key)?.index ?? Number.MAX_SAFE_INTEGER;
  for (const key of Object.keys(value).sort((a, b) => indexOf(a) - indexOf(b))) setMember(out, key, value[key]);
  return out;
}

function orderedList(schema: Schema, item: TypeNode, values: readonly unknown[]): readonly unknown[] {
  let changed: unknown[] | undefined;
  for (let i = 0; i < values.length; i++) {
    const next = ordered(schema, item, values[i]);
    if (next === values[i]) continue;
    changed ??= [...values];
    changed[i] = next;
  }
  return changed ?? values;
}

function orderedMap(schema: Schema, item: TypeNode, value: Fields): Fields {
  let last = "";
  let inOrder = true;
  let changed: { [key: string]: unknown } | undefined;
  for (const key in value) {
    if (key < last) inOrder = false;
    last = key;
    const next = ordered(schema, item, value[key]);
    if (next !== value[key]) setMember((changed ??= {}), key, next);
  }
  if (inOrder && changed === undefined) return value;
  const whole = changed === undefined ? value : { ...value, ...changed };
  if (inOrder) return whole;
  const out: { [key: string]: unknown } = {};
  for (const key of Object.keys(whole).sort()) setMember(out, key, (whole as Fields)[key]);
  return out;
}
