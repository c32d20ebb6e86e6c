import type { KubeObject } from "../kind-ref.ts";
import type { Schema } from "../schema/schema.ts";
import type { ManagedFieldsEntry } from "../types/meta-v1.ts";
import type { FieldSet } from "./field-set.ts";
import { decodeValue } from "../schema/decode.ts";
import { compareObjects } from "./compare.ts";
import { difference, emptySet, isEmptySet, union } from "./field-set.ts";

/**
 * Who owns which field: the bookkeeping of `metadata.managedFields` for requests that are not applies. A request owns what it
 * adds or changes and takes it from all others; what it removes nobody owns any more. The entries come back in upstream's order,
 * applies first, then by time.
 */
export interface Ownership {
  /** The field manager of the request. */
  readonly manager: string;
  /** Version in which the request spoke. */
  readonly apiVersion: string;
  /** RFC 3339, seconds. */
  readonly time: string;
  readonly subresource?: string | undefined;
  /** Paths that this request cannot change, whatever it says: upstream's reset fields (`["status"]` for the main resource). */
  readonly reset?: readonly (readonly string[])[];
}

type Entries = readonly ManagedFieldsEntry[];

/** Entries of managers that update; above it, the oldest are merged into one. */
const updateEntriesMax = 10;
const ancientManager = "ancient-changes";

/**
 * The entries of an object that is being created: after defaulting, before the server fills in what only it knows. Entries that
 * the client sent with it count as those of others.
 */
export function ownCreate(schema: Schema, typeName: string, object: KubeObject, ownership: Ownership): ManagedFieldsEntry[] {
  const nothing = schema.blank(typeName, () => decodeValue<KubeObject>(schema, typeName, {}).object as KubeObject);
  return own(schema, typeName, { old: nothing, next: object, entries: usable(object.metadata.managedFields) ?? [], ownership });
}

/**
 * The entries after an update from `old` to `next`. `next.metadata.managedFields` may hold what the client sent: a valid list
 * stands for that of the old object, an empty one (or one with an empty entry) takes all owners away. An object without owners
 * stays without. Returns the old array itself when nothing changed.
 */
export function ownUpdate(schema: Schema, typeName: string, old: KubeObject, next: KubeObject, ownership: Ownership): Entries {
  const before = old.metadata.managedFields ?? [];
  const sent = next.metadata.managedFields;
  if (sent !== undefined && isReset(sent)) return [];
  const entries = (sent === undefined || sent === before ? undefined : usable(sent)) ?? before;
  if (entries.length === 0) return [];
  return own(schema, typeName, { old, next, entries, ownership });
}

function isReset(sent: Entries): boolean {
  return sent.length === 0 || (sent.length === 1 && Object.keys(sent[0] as ManagedFieldsEntry).length === 0);
}

/** The client's entries, or undefined when there is none or one cannot be read. */
function usable(sent: Entries | undefined): Entries | undefined {
  if (sent === undefined || sent.length === 0) return undefined;
  const readable = sent.every((entry) => {
    const operation = entry.operation === "Apply" || entry.operation === "Update";
    return operation && entry.fieldsType === "FieldsV1" && (entry.apiVersion ?? "") !== "" && isFieldSet(entry.fieldsV1 ?? {});
  });
  return readable ? sent : undefined;
}

function isFieldSet(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(([element, child]) => (element === "." || /^[fkvi]:/.test(element)) && isFieldSet(child));
}

interface Change {
  readonly old: KubeObject;
  readonly next: KubeObject;
  readonly entries: Entries;
  readonly ownership: Ownership;
}

function own(schema: Schema, typeName: string, change: Change): ManagedFieldsEntry[] {
  const { entries, ownership } = change;
  const { changed, removed, hasNamelessItem } = compareObjects(schema, typeName, { old: change.old, next: change.next, ...(ownership.reset ? { reset: ownership.reset } : {}) });
  if (isEmptySet(changed) && isEmptySet(removed)) return entries as ManagedFieldsEntry[];
  // Upstream cannot write down who owns an item without its key, and gives up all it knows.
  if (hasNamelessItem) return [];
  const kept: ManagedFieldsEntry[] = [];
  let mine: FieldSet = emptySet;
  let merged = false;
  for (const entry of entries) {
    const set = (entry.fieldsV1 ?? {}) as FieldSet;
    if (!isEmptySet(changed) && isSame(entry, ownership)) {
      mine = union(difference(set, removed), changed);
      merged = true;
      continue;
    }
    const left = difference(difference(set, changed), removed);
    if (isEmptySet(left)) continue;
    kept.push(left === set ? entry : { ...entry, fieldsV1: left });
  }
  if (!isEmptySet(changed)) kept.push(entryOf(ownership, merged ? mine : changed));
  return sortedEntries(capped(kept));
}

function isSame(entry: ManagedFieldsEntry, ownership: Ownership): boolean {
  return (
    entry.manager === ownership.manager &&
    entry.operation === "Update" &&
    entry.apiVersion === ownership.apiVersion &&
    (entry.subresource ?? "") === (ownership.subresource ?? "")
  );
}

function entryOf(ownership: Ownership, set: FieldSet): ManagedFieldsEntry {
  return {
    manager: ownership.manager,
    operation: "Update",
    apiVersion: ownership.apiVersion,
    time: ownership.time,
    fieldsType: "FieldsV1",
    fieldsV1: set,
    ...(ownership.subresource ? { subresource: ownership.subresource } : {}),
  };
}

/** Merges the oldest updates, version by version, until there are few enough. */
function capped(entries: ManagedFieldsEntry[]): ManagedFieldsEntry[] {
  if (entries.length <= updateEntriesMax) return entries;
  const updates = entries.filter((entry) => entry.operation === "Update");
  if (updates.length <= updateEntriesMax) return entries;
  updates.sort((a, b) => compareText(a.time ?? "", b.time ?? "") || compareText(a.manager ?? "", b.manager ?? ""));
  let count = updates.length;
  const first = new Map<string, ManagedFieldsEntry>();
  const buckets = new Map<string, ManagedFieldsEntry>();
  const gone = new Set<ManagedFieldsEntry>();
  for (const entry of updates) {
    if (count <= updateEntriesMax) break;
    const version = entry.apiVersion ?? "";
    const bucket = buckets.get(version) ?? first.get(version);
    if (bucket === undefined) {
      first.set(version, entry);
      continue;
    }
    gone.add(entry).add(first.get(version) as ManagedFieldsEntry);
    buckets.set(version, {
      manager: ancientManager,
      operation: "Update",
      apiVersion: version,
      ...(entry.time === undefined ? {} : { time: entry.time }),
      fieldsType: "FieldsV1",
      fieldsV1: union((bucket.fieldsV1 ?? {}) as FieldSet, (entry.fieldsV1 ?? {}) as FieldSet),
    });
    count--;
  }
  return [...entries.filter((entry) => !gone.has(entry)), ...buckets.values()];
}

/** In upstream's order: applies first, then by time, those without one first. */
export function sortedEntries(entries: ManagedFieldsEntry[]): ManagedFieldsEntry[] {
  if (entries.length < 2) return entries;
  return entries.sort(
    (a, b) =>
      compareText(a.operation ?? "", b.operation ?? "") ||
      compareText(a.time ?? "", b.time ?? "") ||
      compareText(a.manager ?? "", b.manager ?? "") ||
      compareText(a.apiVersion ?? "", b.apiVersion ?? "") ||
      compareText(a.subresource ?? "", b.subresource ?? ""),
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
