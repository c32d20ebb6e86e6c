import type { JsonObject, JsonValue } from "../../base/json.ts";
import type { Schema } from "../schema/schema.ts";
import type { MergeMeta, MergePlace } from "./merge-place.ts";
import { equalJson } from "../schema/json-data.ts";
import { setMember } from "../schema/json-text.ts";
import { listMeta, placeOfType, structMeta } from "./merge-place.ts";

/**
 * The patch that client-side apply sends. `original` is what was applied last, `modified` what is applied now, `current` what
 * the server has: what modified sets and current has otherwise is set, what original set and modified does not is removed, all
 * else belongs to others and stays. An empty patch means that there is nothing to do.
 */
export interface ThreeWay {
  readonly original: JsonObject | undefined;
  readonly modified: JsonObject;
  readonly current: JsonObject;
}

type Json = { readonly [key: string]: unknown };
type Patch = { [key: string]: unknown };

/** A strategic merge patch, by the type's merge keys. */
export function threeWayStrategic(schema: Schema, typeName: string, objects: ThreeWay): JsonObject {
  const sides = { original: (objects.original ?? {}) as Json, modified: objects.modified as Json, current: objects.current as Json };
  return diffMaps(sides, placeOfType(schema, typeName), false) as JsonObject;
}

/** A JSON merge patch: for kinds whose type is not known, such as custom resources. */
export function threeWayJson(objects: ThreeWay): JsonObject {
  return diffJson({ original: (objects.original ?? {}) as Json, modified: objects.modified as Json, current: objects.current as Json }) as JsonObject;
}

interface Sides<T> {
  readonly original: T;
  readonly modified: T;
  readonly current: T;
}

function diffJson(sides: Sides<Json>): Patch {
  const { original, modified, current } = sides;
  const patch: Patch = {};
  for (const [key, wanted] of Object.entries(modified)) {
    const found = own(current, key);
    if (isMap(wanted) && isMap(found)) {
      const inner = diffJson({ original: asMap(own(original, key)), modified: wanted, current: found });
      if (Object.keys(inner).length > 0) setMember(patch, key, inner);
    } else if (wanted === null ? found !== undefined : !equalJson(found, wanted)) {
      setMember(patch, key, wanted);
    }
  }
  removeMissing(patch, original, modified);
  return patch;
}

function removeMissing(patch: Patch, original: Json, modified: Json): void {
  for (const key of Object.keys(original)) if (!Object.hasOwn(modified, key)) setMember(patch, key, null);
}

function diffMaps(sides: Sides<Json>, place: MergePlace, retainKeys: boolean): Patch {
  const { original, modified, current } = sides;
  const patch: Patch = {};
  for (const [key, wanted] of Object.entries(modified)) {
    const found = own(current, key);
    if (isMap(wanted) && isMap(found)) diffMember(patch, { key, place, sides: { original: asMap(own(original, key)), modified: wanted, current: found } });
    else if (Array.isArray(wanted) && Array.isArray(found)) diffList(patch, { key, place, sides: { original: asList(own(original, key)), modified: wanted, current: found } });
    else if (found === undefined || !equalJson(found, wanted)) setMember(patch, key, wanted);
  }
  removeMissing(patch, original, modified);
  if (retainKeys) {
    const kept = Object.keys(modified).filter((key) => modified[key] !== null);
    const foreign = [...Object.keys(current), ...Object.keys(original)].some((key) => !Object.hasOwn(modified, key) && (current[key] ?? original[key]) !== null);
    if (kept.length > 0 && (foreign || Object.keys(patch).length > 0)) patch["$retainKeys"] = kept.sort();
  }
  return patch;
}

interface Member<T> {
  readonly key: string;
  readonly place: MergePlace;
  readonly sides: Sides<T>;
}

/** What the type says about the place; undefined when both sides are equal, so that it does not matter. */
function metaOf(member: Member<unknown>, lookup: (place: MergePlace, key: string) => MergeMeta): MergeMeta | undefined {
  if (equalJson(member.sides.current, member.sides.modified) && isContained(member.sides.original, member.sides.modified)) return undefined;
  return lookup(member.place, member.key);
}

function diffMember(patch: Patch, member: Member<Json>): void {
  const meta = metaOf(member, structMeta);
  if (meta === undefined) return;
  if (meta.strategy === "replace") {
    if (!equalJson(member.sides.current, member.sides.modified)) setMember(patch, member.key, member.sides.modified);
    return;
  }
  const inner = diffMaps(member.sides, meta.place, meta.retainKeys);
  if (Object.keys(inner).length > 0) setMember(patch, member.key, inner);
}

function diffList(patch: Patch, member: Member<readonly unknown[]>): void {
  const { original, modified, current } = member.sides;
  const meta = metaOf(member, listMeta);
  if (meta === undefined) return;
  if (meta.strategy !== "merge") {
    if (!equalJson(current, modified)) setMember(patch, member.key, modified);
    return;
  }
  const maps = [...original, ...modified, ...current].some(isMap);
  if (maps) diffItems(patch, member, meta);
  else diffScalars(patch, member);
}

function diffScalars(patch: Patch, member: Member<readonly unknown[]>): void {
  const { original, modified, current } = member.sides;
  const added = current.length === 0 ? [...modified] : modified.filter((item) => !current.includes(item));
  const removed = original.filter((item) => !modified.includes(item));
  if (added.length > 0) setMember(patch, member.key, added);
  if (removed.length > 0) patch[`$deleteFromPrimitiveList/${member.key}`] = removed;
  if (modified.length > 0 && (removed.length > 0 || (current.length > 0 && !equalJson(current, modified)))) patch[`$setElementOrder/${member.key}`] = [...modified];
}

function diffItems(patch: Patch, member: Member<readonly unknown[]>, meta: MergeMeta): void {
  const { original, modified, current } = member.sides as Sides<readonly Json[]>;
  const { mergeKey } = meta;
  const find = (list: readonly Json[], item: Json) => list.find((candidate) => candidate[mergeKey] === item[mergeKey]);
  const changes: unknown[] = [];
  for (const item of modified) {
    const found = find(current, item);
    if (found === undefined) {
      changes.push(item);
      continue;
    }
    const inner = diffMaps({ original: asMap(find(original, item)), modified: item, current: found }, meta.place, meta.retainKeys);
    if (Object.keys(inner).length > 0) changes.push({ ...inner, [mergeKey]: item[mergeKey] });
  }
  const removed = original.filter((item) => find(modified, item) === undefined);
  const sameOrder = current.length === modified.length && current.every((item, index) => item[mergeKey] === (modified[index] as Json)[mergeKey]);
  for (const item of removed) changes.push({ $patch: "delete", [mergeKey]: item[mergeKey] });
  if (changes.length > 0) setMember(patch, member.key, changes);
  const reordered = current.length > 0 && (changes.length > 0 || !sameOrder);
  if (modified.length > 0 && (reordered || removed.length > 0)) patch[`$setElementOrder/${member.key}`] = modified.map((item) => ({ [mergeKey]: item[mergeKey] }));
}

/** Whether nothing of `original` would have to be removed. */
function isContained(original: unknown, modified: unknown): boolean {
  if (Array.isArray(original)) return original.length === 0 || equalJson(original, modified);
  if (!isMap(original)) return true;
  return Object.keys(original).length === 0 || equalJson(original, modified);
}

function own(object: Json, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function asMap(value: unknown): Json {
  return isMap(value) ? value : {};
}

function asList(value: unknown): readonly JsonValue[] {
  return Array.isArray(value) ? (value as JsonValue[]) : [];
}

function isMap(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
