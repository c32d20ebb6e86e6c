import type { Field, Schema, TypeNode } from "../schema/schema.ts";
import { StatusError } from "../../base/status-error.ts";

/** Where in a type a strategic merge stands, and what the type says about merging there. */
export interface MergePlace {
  readonly schema: Schema;
  readonly node: TypeNode | undefined;
  /** For messages. */
  readonly goName: string;
}

export interface MergeMeta {
  readonly strategy: "merge" | "replace" | "";
  readonly mergeKey: string;
  /** Patches name the keys that stay (unions). */
  readonly retainKeys: boolean;
  /** Of a map: its type; of a list: that of its items. */
  readonly place: MergePlace;
}

export function placeOfType(schema: Schema, typeName: string): MergePlace {
  return placeOf(schema, schema.node(typeName));
}

function placeOf(schema: Schema, node: TypeNode | undefined): MergePlace {
  const goName = node?.kind === "struct" ? schema.struct(node.structName as string).goName : (node?.goType.split(".").at(-1) ?? "");
  return { schema, node, goName };
}

/** About the object under `key`. */
export function structMeta(place: MergePlace, key: string): MergeMeta {
  if (place.node?.kind === "map") return { strategy: "", mergeKey: "", retainKeys: false, place: placeOf(place.schema, place.node.item) };
  const field = fieldOf(place, key);
  return { ...metaOf(field), place: placeOf(place.schema, field.node) };
}

/** About the list under `key`. */
export function listMeta(place: MergePlace, key: string): MergeMeta {
  if (place.node?.kind === "map") return { strategy: "", mergeKey: "", retainKeys: false, place: placeOf(place.schema, place.node.item?.item) };
  const field = fieldOf(place, key);
  return { ...metaOf(field), place: placeOf(place.schema, field.node.item) };
}

function metaOf(field: Field): Omit<MergeMeta, "place"> {
  const strategy = field.patchStrategy.find((word) => word !== "retainKeys") ?? "";
  return { strategy: strategy as MergeMeta["strategy"], mergeKey: field.patchMergeKey ?? "", retainKeys: field.patchStrategy.includes("retainKeys") };
}

function fieldOf(place: MergePlace, key: string): Field {
  const field = place.node?.kind === "struct" ? place.schema.struct(place.node.structName as string).byName.get(key) : undefined;
  if (field) return field;
  throw new StatusError({ code: 500, message: `unable to find api field in struct ${place.goName} for the json field ${JSON.stringify(key)}` });
}
