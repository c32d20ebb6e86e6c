import type { JsonObject, JsonValue } from "../../base/json.ts";
import type { KubeObject } from "../kind-ref.ts";
import type { Decoded } from "../schema/decode.ts";
import type { JsonDocument } from "../schema/json-text.ts";
import type { Schema } from "../schema/schema.ts";
import type { ListOrder } from "./list-order.ts";
import type { MergePlace } from "./merge-place.ts";
import type { Patched, PatchTarget } from "./patched.ts";
import { StatusError, badRequest } from "../../base/status-error.ts";
import { decodeValue } from "../schema/decode.ts";
import { DecodeError } from "../schema/decoder.ts";
import { cloneDraft } from "../schema/json-data.ts";
import { jsonWord } from "../schema/go-words.ts";
import { JsonSyntaxError, NumberLiteral, decodeJsonText, pathText, setMember } from "../schema/json-text.ts";
import { orderByLists } from "./list-order.ts";
import { listMeta, placeOfType, structMeta } from "./merge-place.ts";
import { goPrint, invalidPatch } from "./patched.ts";

/**
 * Strategic merge patch: a JSON merge patch in which some lists merge item by item, by the patch strategy and merge key that the
 * type gives them, and in which directives (`$patch`, `$retainKeys`, `$setElementOrder/…`, `$deleteFromPrimitiveList/…`) say
 * what a merge cannot. New items stand before those of the server unless the order is given. Errors of the merge carry no
 * reason, as upstream's do not.
 */
type Json = { [key: string]: unknown };

const patchDirective = "$patch";
const retainKeysDirective = "$retainKeys";
const orderPrefix = "$setElementOrder/";
const deletePrefix = "$deleteFromPrimitiveList/";

/** The merged document; neither input is changed. Throws a StatusError. */
export function applyStrategicMergePatch(schema: Schema, typeName: string, document: JsonObject, patch: JsonObject): JsonObject {
  return mergeMap(cloneDraft(document) as Json, cloneDraft(patch) as Json, placeOfType(schema, typeName)) as JsonObject;
}

/** Patches an object with the body of a `application/strategic-merge-patch+json` request. */
export function strategicPatchObject(target: PatchTarget, current: KubeObject, body: Uint8Array | string | JsonObject): Patched {
  const parsed = readPatch(body);
  const patch = parsed.value as unknown as Json;
  const merged = mergeMap(current as unknown as Json, patch, placeOfType(target.schema, target.typeName));
  const { fixed } = target;
  const standing = fixed && merged[fixed] === (current as unknown as Json)[fixed] ? { [fixed]: merged[fixed] } : undefined;
  let decoded: Decoded;
  try {
    const changed = fixed && standing ? { ...merged, [fixed]: undefined } : merged;
    decoded = decodeValue(target.schema, target.typeName, changed as JsonValue, { from: "maps" });
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw invalidPatch(goPrint(patch), error.message);
  }
  const duplicates = [...new Set(parsed.duplicates.map((path) => `duplicate field "${pathText(path)}"`))];
  const warnings = [...duplicates, ...decoded.warnings.sort()];
  if (target.mode === "strict" && warnings.length > 0) throw invalidPatch(goPrint(patch), `strict decoding error: ${warnings.join(", ")}`);
  // The kind is that of the target, whatever the patch says.
  const object = { ...decoded.object, kind: current.kind, apiVersion: current.apiVersion };
  return { object, standing, warnings: target.mode === "ignore" ? [] : warnings, empties: decoded.empties };
}

function readPatch(body: Uint8Array | string | JsonObject): JsonDocument {
  if (typeof body !== "string" && !(body instanceof Uint8Array)) return { value: cloneDraft(body) as JsonValue, duplicates: [], hasLiterals: false };
  try {
    const parsed = decodeJsonText(body);
    if (parsed.value === null) return { ...parsed, value: {} };
    if (isMap(parsed.value)) return parsed;
    throw badRequest(`json: cannot unmarshal ${jsonWord(parsed.value)} into Go value of type map[string]interface {}`);
  } catch (error) {
    throw error instanceof JsonSyntaxError ? badRequest(error.message) : error;
  }
}

function failed(message: string): StatusError {
  return new StatusError({ code: 500, message });
}

function noMergeKey(item: unknown, mergeKey: string): StatusError {
  return failed(`map: ${goPrint(item)} does not contain declared merge key: ${mergeKey}`);
}

/** The merged map; shares with `standing` what it does not change. The patch is changed. */
function mergeMap(standing: Json, patch: Json, place: MergePlace): Json {
  if (Object.hasOwn(patch, patchDirective)) return mapDirective(patch);
  const original = { ...standing };
  retainKeys(original, patch);
  mergeOrderedLists(original, patch, place);
  for (const [patchKey, value] of Object.entries(patch)) {
    const isDeletion = patchKey.startsWith(deletePrefix);
    const key = isDeletion ? patchKey.slice(deletePrefix.length) : patchKey;
    if (value === null) {
      delete original[key];
      continue;
    }
    const present = Object.hasOwn(original, key);
    if (!present || typeWord(original[key]) !== typeWord(value)) {
      if (!isDeletion) put(original, key, withoutNulls(value));
    } else if (isMap(value)) {
      const meta = structMeta(place, key);
      setMember(original, key, meta.strategy === "replace" ? value : mergeMap(original[key] as Json, value, meta.place));
    } else if (Array.isArray(value)) {
      const meta = listMeta(place, key);
      const merges = meta.strategy === "merge" || isDeletion;
      setMember(original, key, merges ? mergeList(original[key] as unknown[], value, { ...meta, isDeletion }) : value);
    } else {
      put(original, key, value);
    }
  }
  return original;
}

function put(original: Json, key: string, value: unknown): void {
  const kept = withoutDirectives(value);
  if (kept === undefined) delete original[key];
  else setMember(original, key, kept);
}

function mapDirective(patch: Json): Json {
  const directive = patch[patchDirective];
  if (directive === "delete") return {};
  if (directive === "replace") {
    delete patch[patchDirective];
    return patch;
  }
  throw unknownDirective(directive, patch);
}

function unknownDirective(directive: unknown, item: unknown): StatusError {
  // Go formats with %s, which complains about what is no string.
  const shown = typeof directive === "string" ? directive : directive === null ? "%!s(<nil>)" : goBadString(directive);
  return failed(`unknown patch type: ${shown} in map: ${goPrint(item)}`);
}

function goBadString(value: unknown): string {
  if (isMap(value)) return `map[${Object.keys(value).sort().map((key) => `${key}:${typeof value[key] === "string" ? (value[key] as string) : goBadString(value[key])}`).join(" ")}]`;
  if (Array.isArray(value)) return `[${value.map((item) => (typeof item === "string" ? item : goBadString(item))).join(" ")}]`;
  return value === null ? "%!s(<nil>)" : `%!s(${goWord(value)}=${goPrint(value)})`;
}

/** Leaves of the original only what `$retainKeys` names. */
function retainKeys(original: Json, patch: Json): void {
  if (!Object.hasOwn(patch, retainKeysDirective)) return;
  const kept = patch[retainKeysDirective];
  delete patch[retainKeysDirective];
  const bad = badRequest("invalid patch format of retainKeys");
  if (!Array.isArray(kept)) throw bad;
  const names = new Set<unknown>(kept);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || key.startsWith(deletePrefix) || key.startsWith(orderPrefix)) continue;
    if (!names.has(key)) throw bad;
  }
  for (const key of Object.keys(original)) if (!names.has(key)) delete original[key];
}

/** Merges the lists whose order the patch gives, and takes them out of the patch. */
function mergeOrderedLists(original: Json, patch: Json, place: MergePlace): void {
  for (const [directive, order] of Object.entries(patch)) {
    if (!directive.startsWith(orderPrefix)) continue;
    delete patch[directive];
    const key = directive.slice(orderPrefix.length);
    const given = asList(order);
    const before = Object.hasOwn(original, key) ? asList(original[key]) : undefined;
    const changes = Object.hasOwn(patch, key) ? asList(patch[key]) : undefined;
    const meta = listMeta(place, key);
    checkOrder(changes ?? [], given, meta.mergeKey);
    if (before === undefined && changes === undefined) return;
    let merged = before ?? (changes as unknown[]);
    if (before !== undefined && changes !== undefined) {
      merged = meta.strategy === "merge" ? mergeList(before, changes, { ...meta, isDeletion: false }) : changes;
    }
    const [named, others] = partition(merged, given, meta.mergeKey);
    const maps = elementType([before ?? [], changes ?? []]) === "map";
    setMember(original, key, ordered({ named, others, namedOrder: given, othersOrder: before ?? [], mergeKey: meta.mergeKey, maps }));
    delete patch[key];
  }
}

function asList(value: unknown): unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  throw failed(`expected a []interface {}, but received a ${value === null ? "%!s(<nil>)" : goWord(value)}`);
}

/** The items of the patch must stand in the given order, and be named in it. */
function checkOrder(changes: unknown[], order: readonly unknown[], mergeKey: string): void {
  if (order.length === 0 || changes.length === 0) return;
  const items = mergeKey === "" ? changes : changes.filter((item) => !(isMap(item) && item[patchDirective] === "delete"));
  let at = 0;
  let orderAt = 0;
  while (at < items.length && orderAt < order.length) {
    const item = items[at];
    if (isMap(item) && Object.hasOwn(item, patchDirective)) {
      at++;
      continue;
    }
    if (sameKey(item, order[orderAt], mergeKey)) at++;
    orderAt++;
  }
  if (at < items.length && orderAt >= order.length) {
    throw failed(`The order in patch list:\n${goPrint(changes)}\n doesn't match $setElementOrder list:\n${goPrint(order)}\n`);
  }
}

function sameKey(left: unknown, right: unknown, mergeKey: string): boolean {
  if (mergeKey === "") return left === right;
  return keyOf(left, mergeKey) === keyOf(right, mergeKey);
}

function keyOf(item: unknown, mergeKey: string): unknown {
  if (!isMap(item)) throw failed(`expected a map[string]interface {}, but received a ${goWord(item)}`);
  if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey);
  return item[mergeKey];
}

interface ListMerge {
  readonly place: MergePlace;
  readonly mergeKey: string;
  readonly isDeletion: boolean;
}

function mergeList(original: unknown[], patch: unknown[], how: ListMerge): unknown[] {
  if (original.length === 0 && patch.length === 0) return original;
  const maps = elementType([original, patch]) === "map";
  const { mergeKey } = how;
  if (!maps) {
    if (how.isDeletion) {
      const deleted = new Set(patch);
      return original.filter((item) => !deleted.has(item));
    }
    const merged = [...new Set([...original, ...patch])];
    const [named, others] = partition(merged, patch, mergeKey);
    return ordered({ named, others, namedOrder: patch, othersOrder: original, mergeKey, maps });
  }
  if (mergeKey === "") throw failed(`cannot merge lists without merge key for ${how.place.goName}`);
  const { kept, changes } = listDirectives(original, patch as Json[], mergeKey);
  const merged = mergeItems(kept, changes, how);
  const [named, others] = partition(merged, changes, mergeKey);
  return ordered({ named, others, namedOrder: changes, othersOrder: kept, mergeKey, maps });
}

function ordered(order: ListOrder): unknown[] {
  if (order.maps) for (const item of [...order.named, ...order.namedOrder, ...order.others, ...order.othersOrder]) keyOf(item, order.mergeKey);
  return orderByLists(order);
}

/** Carries out the directives that stand as items. */
function listDirectives(original: unknown[], patch: readonly Json[], mergeKey: string): { kept: unknown[]; changes: Json[] } {
  let replaced = false;
  const changes: Json[] = [];
  const deleted = new Set<unknown>();
  for (const item of patch) {
    if (!Object.hasOwn(item, patchDirective)) {
      changes.push(item);
      continue;
    }
    const directive = item[patchDirective];
    if (directive === "replace") replaced = true;
    else if (directive === "merge") throw failed("merging lists cannot yet be specified in the patch");
    else if (directive !== "delete") throw unknownDirective(directive, item);
    else {
      if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey);
      deleted.add(item[mergeKey]);
    }
  }
  if (replaced) return { kept: changes, changes: [] };
  return { kept: deleted.size === 0 ? original : original.filter((candidate) => !deleted.has(asItem(candidate, original)[mergeKey])), changes };
}

function asItem(item: unknown, list: readonly unknown[]): Json {
  if (!isMap(item)) throw failed(`value for key ${list.indexOf(item)} is not a map`);
  return item;
}

function mergeItems(original: readonly unknown[], patch: readonly Json[], how: ListMerge): unknown[] {
  const merged = [...original];
  const places = new Map<unknown, number>();
  const place = (candidate: unknown, at: number): void => {
    const item = asItem(candidate, merged);
    if (Object.hasOwn(item, how.mergeKey) && !places.has(item[how.mergeKey])) places.set(item[how.mergeKey], at);
  };
  merged.forEach(place);
  for (const item of patch) {
    const at = places.get(keyOf(item, how.mergeKey));
    if (at === undefined) place(item, merged.push(item) - 1);
    else merged[at] = mergeMap(merged[at] as Json, item, how.place);
  }
  return merged;
}

/** The items that `by` names, and the others. */
function partition(items: readonly unknown[], by: readonly unknown[], mergeKey: string): [named: unknown[], others: unknown[]] {
  const named: unknown[] = [];
  const others: unknown[] = [];
  const maps = mergeKey === "" && by.some(isMap);
  const known = new Set<unknown>();
  let read = 0;
  const isNamed = (key: unknown): boolean => {
    while (!known.has(key) && read < by.length) known.add(mergeKey === "" ? by[read++] : asItem(by[read++], by)[mergeKey]);
    return known.has(key);
  };
  for (const item of items) {
    if (mergeKey === "" && (isMap(item) || maps)) throw failed("runtime error: hash of unhashable type map[string]interface {}");
    (isNamed(mergeKey === "" ? item : keyOf(item, mergeKey)) ? named : others).push(item);
  }
  return [named, others];
}

/** The one type of all items. */
function elementType(lists: readonly (readonly unknown[])[]): string {
  let word: string | undefined;
  for (const item of lists.flat()) {
    const next = typeWord(item);
    if (word === undefined && next === "list") throw new StatusError({ code: 500, message: "lists of lists are not supported" });
    if (word !== undefined && word !== next) throw failed(`list element types are not identical: ${goPrint(lists)}`);
    word = next;
  }
  if (word === undefined) throw failed("no elements in any of the given slices");
  return word;
}

/** What comes new from a patch: members that are null are dropped. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) for (const item of value) withoutNulls(item);
  else if (isMap(value)) {
    for (const key of Object.keys(value)) {
      if (value[key] === null) delete value[key];
      else withoutNulls(value[key]);
    }
  }
  return value;
}

/** Maps with a directive are dropped (undefined); they mean nothing where there is nothing to merge into. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isMap(value)) return value;
  if (Object.hasOwn(value, patchDirective)) return undefined;
  for (const key of Object.keys(value)) {
    const kept = withoutDirectives(value[key]);
    if (kept === undefined) delete value[key];
    else setMember(value, key, kept);
  }
  return value;
}

function isMap(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof NumberLiteral);
}

function typeWord(value: unknown): string {
  if (Array.isArray(value)) return "list";
  return isMap(value) ? "map" : goWord(value);
}

function goWord(value: unknown): string {
  if (Array.isArray(value)) return "[]interface {}";
  if (isMap(value)) return "map[string]interface {}";
  if (value === null) return "<nil>";
  if (value instanceof NumberLiteral) return /^-?\d+$/.test(value.text) ? "int64" : "float64";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  return typeof value === "boolean" ? "bool" : typeof value;
}
