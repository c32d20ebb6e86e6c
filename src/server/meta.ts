import type { Draft } from "../base/json.ts";
import type { KubeObject } from "../api/kind-ref.ts";
import { metaFields } from "../api/meta-fields.ts";
import type { ObjectMeta } from "../api/types/meta-v1.ts";

/** A new ObjectMeta with its fields in order; fields that are undefined or empty lists are left out. */
export function orderedMeta(meta: ObjectMeta): Draft<ObjectMeta> {
  const out: { [key: string]: unknown } = {};
  for (const field of metaFields) {
    const value = meta[field];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    out[field] = value;
  }
  return out as Draft<ObjectMeta>;
}

/** The object with these fields of its metadata changed, in upstream's order; undefined takes a field out. */
export function withMeta<T extends KubeObject>(object: T, changes: { [Field in keyof ObjectMeta]?: ObjectMeta[Field] | undefined }): T {
  return { ...object, metadata: orderedMeta({ ...object.metadata, ...changes } as ObjectMeta) };
}
