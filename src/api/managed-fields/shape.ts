import type { Field, Schema, TypeNode } from "../schema/schema.ts";

/** How the places of a type are owned: as one, field by field, key by key. */
export type Shape = "leaf" | "struct" | "map" | "listMap" | "listSet";

export function shapeOf(schema: Schema, node: TypeNode, field: Field | undefined): Shape {
  switch (node.kind) {
    case "struct": {
      const own = field?.structType ?? field?.mapType;
      if (own !== undefined) return own === "atomic" ? "leaf" : "struct";
      return schema.struct(node.structName as string).mapType === "atomic" ? "leaf" : "struct";
    }
    case "map":
      return field?.mapType === "atomic" ? "leaf" : "map";
    case "list":
      return field?.listType === "map" ? "listMap" : field?.listType === "set" ? "listSet" : "leaf";
    default:
      return "leaf";
  }
}

/** `k:{"containerPort":80,"protocol":"TCP"}`: keys that an item lacks have their default, or are null. */
export function keyElement(schema: Schema, item: TypeNode, field: Field, value: unknown): string {
  const object = (value ?? {}) as { readonly [key: string]: unknown };
  const keys = field.listMapKeys as readonly string[];
  if (keys.length === 1 && typeof object[keys[0] as string] === "string") return `k:{${JSON.stringify(keys[0])}:${JSON.stringify(object[keys[0] as string])}}`;
  const type = item.structName === undefined ? undefined : schema.struct(item.structName);
  const parts = [...keys].sort().map((key) => `${JSON.stringify(key)}:${JSON.stringify(object[key] ?? type?.byName.get(key)?.default ?? null)}`);
  return `k:{${parts.join(",")}}`;
}

/** The path element of an item of a list that is owned item by item. */
export function itemElement(schema: Schema, list: { readonly item: TypeNode; readonly field: Field; readonly shape: Shape }, value: unknown): string {
  return list.shape === "listSet" ? `v:${JSON.stringify(value)}` : keyElement(schema, list.item, list.field, value);
}
