import type { Field, Schema, StructType, TypeNode } from "../schema/schema.ts";
import type { FieldSet } from "./field-set.ts";
import { equalJson } from "../schema/json-data.ts";
import { emptySet, orderedSet } from "./field-set.ts";
import { keyElement, shapeOf } from "./shape.ts";

/**
 * What changed between two objects, as sets of field paths: leaves are scalars and everything that the type owns as a whole;
 * lists of kind map are compared by their keys, sets by value. Something that is null is there; something absent is not.
 */
export interface Comparison {
  /** Added or changed. */
  readonly changed: FieldSet;
  readonly removed: FieldSet;
  /** Something was added or changed in an item of a list that has none of the list's keys. */
  readonly hasNamelessItem: boolean;
}

type Json = { readonly [key: string]: unknown };

/** Fields of metadata that nobody owns, with kind and apiVersion. */
const strippedMetadata: ReadonlySet<string> = new Set(["name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields", "resourceVersion"]);

/** The same fields as a set of paths. */
export const strippedSet: FieldSet = Object.freeze({
  "f:apiVersion": emptySet,
  "f:kind": emptySet,
  "f:metadata": Object.freeze({ ".": emptySet, ...Object.fromEntries([...strippedMetadata].map((field) => [`f:${field}`, emptySet])) }),
});

/** `reset`: paths below which the request changes nothing, whatever it says (`["status"]`). */
export function compareObjects(schema: Schema, typeName: string, objects: { old: object; next: object; reset?: readonly (readonly string[])[] }): Comparison {
  const walk = new Walk(schema);
  const type = schema.struct(typeName);
  for (const path of objects.reset ?? []) walk.resets.add(path.join("."));
  walk.object(type, objects.old as Json, objects.next as Json);
  return { changed: walk.changed ?? emptySet, removed: walk.removed ?? emptySet, hasNamelessItem: walk.hasNamelessItem };
}

/** One comparison. `changed` and `removed` are the results of the place that was compared last; undefined when empty. */
class Walk {
  changed: FieldSet | undefined;
  removed: FieldSet | undefined;
  hasNamelessItem = false;
  readonly resets = new Set<string>();
  private readonly schema: Schema;

  constructor(schema: Schema) {
    this.schema = schema;
  }

  object(type: StructType, old: Json, next: Json): void {
    const collected = new Children();
    for (const field of type.fields) {
      const name = field.name;
      if (name === "apiVersion" || name === "kind" || this.resets.has(name)) continue;
      if (name === "metadata") this.metadata(field, (old[name] ?? {}) as Json, (next[name] ?? {}) as Json);
      else if (this.resetsBelow(name)) this.fieldsOf(this.schema.struct(field.node.structName as string), (old[name] ?? {}) as Json, { next: (next[name] ?? {}) as Json, at: name });
      else this.place(field.node, field, old[name], next[name]);
      collected.take(field.element, this);
    }
    collected.give(this);
  }

  private resetsBelow(name: string): boolean {
    for (const reset of this.resets) if (reset.startsWith(`${name}.`)) return true;
    return false;
  }

  private fieldsOf(type: StructType, old: Json, where: { next: Json; at: string }): void {
    const collected = new Children();
    for (const field of type.fields) {
      if (this.resets.has(`${where.at}.${field.name}`)) continue;
      this.place(field.node, field, old[field.name], where.next[field.name]);
      collected.take(field.element, this);
    }
    collected.give(this);
  }

  private metadata(field: Field, old: Json, next: Json): void {
    const type = this.schema.struct(field.node.structName as string);
    const collected = new Children();
    for (const inner of type.fields) {
      if (old[inner.name] === next[inner.name] || strippedMetadata.has(inner.name) || this.resets.has(`metadata.${inner.name}`)) continue;
      this.place(inner.node, inner, old[inner.name], next[inner.name]);
      collected.take(inner.element, this);
    }
    collected.give(this);
  }

  private place(node: TypeNode, field: Field | undefined, old: unknown, next: unknown): void {
    this.changed = undefined;
    this.removed = undefined;
    if (old === next) return;
    if (old === undefined) {
      this.changed = this.whole(node, field, next, "added");
      return;
    }
    if (next === undefined) {
      this.removed = this.whole(node, field, old, "removed");
      return;
    }
    const shape = shapeOf(this.schema, node, field);
    if (shape === "leaf" || (isVoid(old) && isVoid(next))) return this.leaf(old, next);
    const children = new Children();
    switch (shape) {
      case "struct":
        this.struct(this.schema.struct(node.structName as string), children, (old ?? {}) as Json, (next ?? {}) as Json);
        break;
      case "map":
        this.map(node.item as TypeNode, children, (old ?? {}) as Json, (next ?? {}) as Json);
        break;
      default:
        this.list(node.item as TypeNode, children, { field: field as Field, set: shape === "listSet", old: (old ?? []) as unknown[], next: (next ?? []) as unknown[] });
    }
    children.give(this);
  }

  /** The paths of a value that stands on one side only: its own and all below it. */
  private whole(node: TypeNode, field: Field | undefined, value: unknown, side: "added" | "removed"): FieldSet {
    const shape = shapeOf(this.schema, node, field);
    if (shape === "leaf" || isVoid(value)) return emptySet;
    switch (shape) {
      case "struct":
        return this.wholeStruct(this.schema.struct(node.structName as string), value as Json, side);
      case "map": {
        const out: { [element: string]: FieldSet } = {};
        for (const key of Object.keys(value as Json)) {
          const member = (value as Json)[key];
          if (member !== undefined) out[`f:${key}`] = this.whole(node.item as TypeNode, undefined, member, side);
        }
        return orderedSet(out, true);
      }
      default:
        return this.wholeList(node.item as TypeNode, { field: field as Field, set: shape === "listSet", items: value as readonly unknown[] }, side);
    }
  }

  private wholeStruct(type: StructType, value: Json, side: "added" | "removed"): FieldSet {
    const there: Field[] = [];
    for (const name in value) {
      const field = type.byName.get(name);
      if (field === undefined || value[name] === undefined) continue;
      let at = there.length;
      for (; at > 0 && (there[at - 1] as Field).rank > field.rank; at--) there[at] = there[at - 1] as Field;
      there[at] = field;
    }
    if (there.length === 0) return emptySet;
    const out: { [element: string]: FieldSet } = { ".": emptySet };
    for (const field of there) out[field.element] = this.whole(field.node, field, value[field.name], side);
    return out;
  }

  private wholeList(item: TypeNode, { field, set, items }: { field: Field; set: boolean; items: readonly unknown[] }, side: "added" | "removed"): FieldSet {
    const out: { [element: string]: FieldSet } = {};
    const seen = new Set<string>();
    for (const value of items) {
      const element = set ? `v:${JSON.stringify(value)}` : keyElement(this.schema, item, field, value);
      if (!seen.has(element)) out[element] = this.whole(item, undefined, value, side);
      // New items that share a key are owned as one whole.
      else if (side === "added") out[element] = emptySet;
      seen.add(element);
      if (side === "added" && isNameless(element)) this.hasNamelessItem = true;
    }
    return orderedSet(out, true);
  }

  private leaf(old: unknown, next: unknown): void {
    if (!equalJson(old, next)) this.changed = emptySet;
  }

  private struct(type: StructType, children: Children, old: Json, next: Json): void {
    const byName = type.byName;
    for (const name in next) {
      const field = byName.get(name);
      if (field === undefined) continue;
      this.place(field.node, field, old[name], next[name]);
      children.take(field.element, this);
    }
    for (const name in old) {
      if (next[name] !== undefined) continue;
      const field = byName.get(name);
      if (field === undefined) continue;
      this.place(field.node, field, old[name], undefined);
      children.take(field.element, this);
    }
  }

  private map(item: TypeNode, children: Children, old: Json, next: Json): void {
    for (const key of Object.keys(next)) {
      this.place(item, undefined, Object.hasOwn(old, key) ? old[key] : undefined, next[key]);
      children.take(`f:${key}`, this);
    }
    for (const key of Object.keys(old)) {
      if (Object.hasOwn(next, key)) continue;
      this.place(item, undefined, old[key], undefined);
      children.take(`f:${key}`, this);
    }
  }

  private list(item: TypeNode, children: Children, lists: { field: Field; set: boolean; old: readonly unknown[]; next: readonly unknown[] }): void {
    const elementOf = (value: unknown) => (lists.set ? `v:${JSON.stringify(value)}` : keyElement(this.schema, item, lists.field, value));
    const before = grouped(lists.old, elementOf);
    const after = grouped(lists.next, elementOf);
    for (const [element, items] of after) {
      const old = before.get(element);
      if (items.length === 1 && (old === undefined || old.length === 1)) this.place(item, undefined, old?.[0], items[0]);
      else this.repeated(item, old ?? [], items);
      if (this.changed !== undefined && isNameless(element)) this.hasNamelessItem = true;
      children.take(element, this);
    }
    for (const [element, items] of before) {
      if (after.has(element)) continue;
      this.place(item, undefined, items[0], undefined);
      children.take(element, this);
    }
  }

  /** Items that share a key are owned as one whole. */
  private repeated(item: TypeNode, old: readonly unknown[], next: readonly unknown[]): void {
    this.changed = undefined;
    this.removed = undefined;
    if (equalJson(old, next)) return;
    if (old.length > 0) this.place(item, undefined, old[0], undefined);
    this.changed = emptySet;
  }
}

const namelessItem = /^k:\{("[^"]*":null,?)+\}$/;

function isNameless(element: string): boolean {
  return element.endsWith(":null}") && namelessItem.test(element);
}

function grouped(items: readonly unknown[], elementOf: (item: unknown) => string): Map<string, unknown[]> {
  const groups = new Map<string, unknown[]>();
  for (const item of items) {
    const element = elementOf(item);
    const group = groups.get(element);
    if (group === undefined) groups.set(element, [item]);
    else group.push(item);
  }
  return groups;
}

function isVoid(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== "object") return false;
  for (const _key in value) return false;
  return true;
}

/** Gathers the results of the places below one. */
class Children {
  private changed: { [element: string]: FieldSet } | undefined;
  private removed: { [element: string]: FieldSet } | undefined;

  take(element: string, from: Walk): void {
    if (from.changed !== undefined) (this.changed ??= {})[element] = from.changed;
    if (from.removed !== undefined) (this.removed ??= {})[element] = from.removed;
  }

  give(to: Walk): void {
    to.changed = this.changed && orderedSet(this.changed, false);
    to.removed = this.removed && orderedSet(this.removed, false);
  }
}
