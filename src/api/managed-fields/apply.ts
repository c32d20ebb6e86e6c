import type { KubeObject } from "../kind-ref.ts";
import { equalJson } from "../schema/json-data.ts";
import type { Schema } from "../schema/schema.ts";
import type { ManagedFieldsEntry } from "../types/meta-v1.ts";
import { compareObjects, strippedSet } from "./compare.ts";
import type { FieldSet } from "./field-set.ts";
import { difference, emptySet, intersection, isEmptySet, pathWords, pathsOf, union, withoutSubtrees } from "./field-set.ts";
import { ownCreate, sortedEntries } from "./managed-fields.ts";
import type { Ownership } from "./managed-fields.ts";
import { fieldSetOf, mergeTyped, removeFields, withNamedFields } from "./typed.ts";

/**
 * Server-side apply: a manager says all that it wants of an object. What it says is laid over the live object; what it said
 * before and says no more goes, unless somebody else owns it; what others own with another value is a conflict, or, with
 * `force`, taken from them. Values are compared as they were sent, before defaults and canonical forms.
 */
export interface Application {
  /** The live object; of a new one, what an empty object of its kind is. */
  readonly live: KubeObject;
  /** As the client sent it. */
  readonly applied: object;
  readonly ownership: Ownership;
  readonly force: boolean;
}

export interface ApplyOutcome {
  /** Not decoded, without defaults. The live object itself when no field changes. */
  readonly object: object;
  readonly owners: readonly ManagedFieldsEntry[];
}

export interface Conflict {
  /** `"m1" with subresource "status" using v1`. */
  readonly manager: string;
  readonly path: readonly string[];
}

/** Others own what the client wants to change. */
export class ApplyConflicts extends Error {
  readonly conflicts: readonly Conflict[];
  /** The path of each conflict as errors spell it. */
  readonly pathTexts: readonly string[];

  constructor(conflicts: readonly Conflict[]) {
    super(conflictsText(conflicts));
    this.conflicts = conflicts;
    this.pathTexts = conflicts.map(({ path }) => pathWords(path));
  }
}

/** Who owns what nobody had written down when an object was first applied to. */
const formerManager = "before-first-apply";

/** Throws ApplyConflicts. */
export function applyFields(schema: Schema, typeName: string, application: Application): ApplyOutcome {
  const { live, applied, ownership } = application;
  const standing = live.metadata.managedFields ?? [];
  const entries = standing.length > 0 ? standing : ownCreate(schema, typeName, live, { ...ownership, manager: formerManager });
  const mine = entries.find((entry) => isApplicationOf(entry, ownership));
  const others = entries.filter((entry) => entry !== mine);
  const said = withoutSubtrees(fieldSetOf(schema, typeName, applied), ownership.reset ?? []);
  const wanted = difference(said, strippedSet);
  const merged = mergeTyped(schema, typeName, live, applied) as object;
  const managed = others.reduce((all, entry) => union(all, setOf(entry)), said);
  const next = mine === undefined ? merged : pruned(schema, typeName, merged, { last: setOf(mine), managed });
  const { changed, removed } = compareObjects(schema, typeName, { old: live, next, ...(ownership.reset ? { reset: ownership.reset } : {}) });
  if (!application.force) refuse(others, changed);
  const left = others
    .map((entry) => ({ ...entry, fieldsV1: difference(difference(setOf(entry), intersection(setOf(entry), changed)), removed) }))
    .filter((entry) => !isEmptySet(entry.fieldsV1));
  // Not only what is owned counts: the order of a list, too, and what this request is not to change.
  const same = equalJson(live, next);
  const own = isEmptySet(wanted) ? [] : [entryOf(ownership, wanted, same ? mine?.time : ownership.time)];
  return { object: same ? live : next, owners: sortedEntries([...left, ...own]) };
}

function setOf(entry: ManagedFieldsEntry): FieldSet {
  return (entry.fieldsV1 ?? emptySet) as FieldSet;
}

function isApplicationOf(entry: ManagedFieldsEntry, ownership: Ownership): boolean {
  return (
    entry.operation === "Apply" &&
    entry.manager === ownership.manager &&
    entry.apiVersion === ownership.apiVersion &&
    (entry.subresource ?? "") === (ownership.subresource ?? "")
  );
}

function entryOf(ownership: Ownership, set: FieldSet, time: string | undefined): ManagedFieldsEntry {
  return {
    manager: ownership.manager,
    operation: "Apply",
    apiVersion: ownership.apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: "FieldsV1",
    fieldsV1: set,
    ...(ownership.subresource ? { subresource: ownership.subresource } : {}),
  };
}

/** Takes out what the manager said last time and nobody says now; items of lists go only when nobody owns anything of them. */
function pruned(schema: Schema, typeName: string, merged: object, owned: { last: FieldSet; managed: FieldSet }): object {
  const named = (set: FieldSet): FieldSet => withNamedFields(schema, typeName, set);
  const namesOf = (value: unknown): FieldSet => named(fieldSetOf(schema, typeName, value));
  const without = (set: FieldSet): object => (removeFields(schema, typeName, merged, set) ?? {}) as object;
  const last = named(owned.last);
  const all = namesOf(merged);
  const bare = without(last);
  const owners = without(difference(all, union(namesOf(bare), named(owned.managed))));
  return without(intersection(difference(all, namesOf(owners)), last));
}

function refuse(others: readonly ManagedFieldsEntry[], changed: FieldSet): void {
  const conflicts = others.flatMap((entry) => pathsOf(intersection(setOf(entry), changed)).map((path) => ({ manager: managerWords(entry), path })));
  if (conflicts.length > 0) throw new ApplyConflicts(conflicts.toSorted((a, b) => (a.manager < b.manager ? -1 : a.manager > b.manager ? 1 : 0)));
}

function managerWords(entry: ManagedFieldsEntry): string {
  const subresource = entry.subresource === undefined ? "" : ` with subresource ${JSON.stringify(entry.subresource)}`;
  return `${JSON.stringify(entry.manager)}${subresource}${entry.operation === "Update" ? ` using ${entry.apiVersion}` : ""}`;
}

function conflictsText(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (conflicts.length === 1 && first !== undefined) return `Apply failed with 1 conflict: conflict with ${first.manager}: ${pathWords(first.path)}`;
  const managers = [...new Set(conflicts.map(({ manager }) => manager))];
  const parts = managers.map((manager) => `conflicts with ${manager}:${conflicts.filter((conflict) => conflict.manager === manager).map(({ path }) => `\n- ${pathWords(path)}`).join("")}`);
  return `Apply failed with ${conflicts.length} conflicts: ${parts.join("\n")}`;
}
