import { setMember } from "../schema/json-text.ts";
import type { Field, Schema, TypeNode } from "../schema/schema.ts";
import type { FieldSet } from "./field-set.ts";
import { below, emptySet, isEmptySet, orderedSet } from "./field-set.ts";
import { itemElement, shapeOf } from "./shape.ts";
import type { Shape } from "./shape.ts";

/**
 * What server-side apply does with values of a type: which fields a value names, one value laid over another, fields taken out
 * of a value. Values are JSON data as clients send them; nothing is changed in place, parts are shared.
 */
type Json = { readonly [key: string]: unknown };

interface Place {
  readonly node: TypeNode;
  readonly field: Field | undefined;
}

function isVoid(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== "object") return false;
  return Object.keys(value).length === 0;
}

/** What stands below a key of a struct or map; undefined for a field that the type lacks. */
function placeOf(schema: Schema, node: TypeNode, shape: Shape, key: string): Place | undefined {
  if (shape === "map") return { node: node.item as TypeNode, field: undefined };
  const field = schema.struct(node.structName as string).byName.get(key);
  return field === undefined ? undefined : { node: field.node, field };
}

/** The paths that a value names: its leaves, and the items of keyed lists and maps themselves. */
export function fieldSetOf(schema: Schema, typeName: string, value: unknown): FieldSet {
  return setOf(schema, { node: schema.node(typeName), field: undefined }, value) ?? emptySet;
}

/** The set below a place; undefined when the place itself is a leaf. */
function setOf(schema: Schema, { node, field }: Place, value: unknown): FieldSet | undefined {
  const shape = shapeOf(schema, node, field);
  if (shape === "leaf" || isVoid(value) || typeof value !== "object") return undefined;
  const children: { [element: string]: FieldSet } = {};
  if (shape === "struct" || shape === "map") {
    for (const key of Object.keys(value as Json)) {
      const place = placeOf(schema, node, shape, key);
      if (place === undefined) continue;
      const inner = setOf(schema, place, (value as Json)[key]);
      if (inner === undefined && isEmptyList(schema, place, (value as Json)[key])) continue;
      // Nor what holds nothing but such lists; the value of a map is owned by its key.
      if (shape === "struct" && inner !== undefined && isEmptySet(inner)) continue;
      children[`f:${key}`] = inner === undefined ? emptySet : shape === "map" ? orderedSet(withoutSelf(inner), true) : inner;
    }
  } else {
    const list = { item: node.item as TypeNode, field: field as Field, shape };
    for (const item of value as readonly unknown[]) {
      const inner = setOf(schema, { node: list.item, field: undefined }, item);
      children[itemElement(schema, list, item)] = inner === undefined ? emptySet : orderedSet(withoutSelf(inner), true);
    }
  }
  return orderedSet(children, false);
}

/** Nobody owns an empty list of owned items. */
function isEmptyList(schema: Schema, { node, field }: Place, value: unknown): boolean {
  return Array.isArray(value) && value.length === 0 && shapeOf(schema, node, field) !== "leaf";
}

function withoutSelf(set: FieldSet): { [element: string]: FieldSet } {
  const { ".": _self, ...children } = set;
  return children;
}

/** Adds to a set the fields of structs below which it has paths. */
export function withNamedFields(schema: Schema, typeName: string, set: FieldSet): FieldSet {
  return named(schema, { node: schema.node(typeName), field: undefined }, set);
}

function named(schema: Schema, { node, field }: Place, set: FieldSet): FieldSet {
  const shape = shapeOf(schema, node, field);
  if (shape === "leaf" || isEmptySet(set)) return set;
  const out: { [element: string]: FieldSet } = {};
  for (const element of Object.keys(set)) {
    const child = set[element] as FieldSet;
    const place = element.startsWith("f:") && (shape === "struct" || shape === "map") ? placeOf(schema, node, shape, element.slice(2)) : shape === "listMap" ? { node: node.item as TypeNode, field: undefined } : undefined;
    const inner = place === undefined ? child : named(schema, place, child);
    const marked = shape === "struct" && place !== undefined && !isEmptySet(inner) ? { ".": emptySet, ...inner } : inner;
    out[element] = marked;
  }
  return out;
}

/** `next` laid over `live`: what it names counts, everything else stays. */
export function mergeTyped(schema: Schema, typeName: string, live: unknown, next: unknown): unknown {
  return merge(schema, { node: schema.node(typeName), field: undefined }, live, next);
}

function merge(schema: Schema, { node, field }: Place, live: unknown, next: unknown): unknown {
  if (next === undefined) return live;
  if (live === undefined) return next;
  const shape = shapeOf(schema, node, field);
  if (shape === "leaf" || (isVoid(live) && isVoid(next))) return next;
  if (shape === "struct" || shape === "map") {
    const [left, right] = [(live ?? {}) as Json, (next ?? {}) as Json];
    const out: { [key: string]: unknown } = { ...left };
    for (const key of Object.keys(right)) {
      const place = placeOf(schema, node, shape, key);
      setMember(out, key, place === undefined ? right[key] : merge(schema, place, Object.hasOwn(left, key) ? left[key] : undefined, right[key]));
    }
    return out;
  }
  return mergeList(schema, { item: node.item as TypeNode, field: field as Field, shape }, (live ?? []) as readonly unknown[], (next ?? []) as readonly unknown[]);
}

/**
 * The applied items in the applied order; those that only the live list has keep their place before the item that follows them
 * there, as far as the applied order allows.
 */
function mergeList(schema: Schema, list: { item: TypeNode; field: Field; shape: Shape }, live: readonly unknown[], next: readonly unknown[]): unknown[] {
  const liveElements = live.map((item) => itemElement(schema, list, item));
  const nextElements = next.map((item) => itemElement(schema, list, item));
  const standing = new Map<string, unknown>();
  // Of items that share a key none counts as the one to merge with.
  liveElements.forEach((element, i) => standing.set(element, standing.has(element) ? undefined : live[i]));
  const applied = new Set(nextElements);
  const shared = nextElements.filter((element) => standing.has(element));
  const placed = new Set<string>();
  const out: unknown[] = [];
  let [l, r, s] = [0, 0, 0];
  while (l < live.length || r < next.length) {
    const mine = liveElements[l];
    const theirs = nextElements[r];
    if (mine !== undefined && !applied.has(mine)) {
      out.push(live[l++]);
    } else if (mine !== undefined && mine !== theirs && (placed.has(mine) || (theirs !== undefined && shared[s] !== undefined && shared[s] !== mine))) {
      // Moved: it stands, or will stand, where the applied order puts it.
      l++;
    } else {
      const element = theirs as string;
      out.push(merge(schema, { node: list.item, field: undefined }, standing.get(element), next[r++]));
      placed.add(element);
      if (element === mine) l++;
      if (shared[s] === element) s++;
    }
  }
  return out;
}

/** The value without the places in `set`; null when nothing is left of it. */
export function removeFields(schema: Schema, typeName: string, value: unknown, set: FieldSet): unknown {
  return removed(schema, { node: schema.node(typeName), field: undefined }, value, set);
}

function removed(schema: Schema, { node, field }: Place, value: unknown, set: FieldSet): unknown {
  const shape = shapeOf(schema, node, field);
  if (shape === "leaf" || isVoid(value) || typeof value !== "object") return value;
  if (shape === "struct" || shape === "map") {
    const out: { [key: string]: unknown } = {};
    for (const key of Object.keys(value as Json)) {
      const { member, rest } = below(set, `f:${key}`);
      if (member) continue;
      const place = placeOf(schema, node, shape, key);
      const inner = (value as Json)[key];
      setMember(out, key, rest === undefined || place === undefined ? inner : removed(schema, place, inner, rest));
    }
    return Object.keys(out).length === 0 ? null : out;
  }
  const list = { item: node.item as TypeNode, field: field as Field, shape };
  const out: unknown[] = [];
  for (const item of value as readonly unknown[]) {
    const { member, rest } = below(set, itemElement(schema, list, item));
    if (!member) out.push(rest === undefined ? item : removed(schema, { node: list.item, field: undefined }, item, rest));
  }
  return out.length === 0 ? null : out;
}
