import type { JsonObject, JsonValue } from "../base/json.ts";
import type { ControllerRevision } from "../api/types/apps-v1.ts";
import type { PodTemplateSpec } from "../api/types/core-v1.ts";

/**
 * ControllerRevision bookkeeping, pure: what of a workload a revision keeps, which revision is the current one, what number it
 * should have, which ones are superfluous. A revision's data is a strategic merge patch that puts the template back; clients
 * (kubectl rollout undo) apply it as it stands, so its form is part of the API: keys in order, `$patch: replace`.
 */

/** What a revision of this template keeps. */
export function revisionData(template: PodTemplateSpec): JsonObject {
  return { spec: { template: { $patch: "replace", ...(sortKeys(template as unknown as JsonObject) as JsonObject) } } };
}

function sortKeys(value: JsonValue): JsonValue {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sortKeys);
  const object = value as JsonObject;
  const sorted: { [key: string]: JsonValue } = {};
  for (const key of Object.keys(object).sort()) if (object[key] !== undefined) sorted[key] = sortKeys(object[key] as JsonValue);
  return sorted;
}

/** Equal as JSON, whatever the order of keys. Empty and missing differ: they do in a template too (`emptyDir: {}`). */
export function sameRevisionData(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = a as JsonObject;
  const right = b as JsonObject;
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => key in right && sameRevisionData(left[key], right[key]));
}

export interface HistoryPlan {
  /** The revision that holds the wanted template; undefined: it has to be created. */
  readonly current: ControllerRevision | undefined;
  /** The number that the current revision has to have: above all others. */
  readonly revision: number;
  /** Other revisions that hold the wanted template too: to be removed. */
  readonly duplicates: readonly ControllerRevision[];
  /** Revisions of other templates, by rising number. */
  readonly old: readonly ControllerRevision[];
}

/** Sorts the revisions of one owner by what they hold, seen against the wanted data. */
export function planHistory(revisions: readonly ControllerRevision[], wanted: JsonObject): HistoryPlan {
  const same: ControllerRevision[] = [];
  const old: ControllerRevision[] = [];
  for (const each of [...revisions].sort(byRevision)) (sameRevisionData(each.data, wanted) ? same : old).push(each);
  const current = same.at(-1);
  const above = (old.at(-1)?.revision ?? 0) + 1;
  return { current, revision: Math.max(above, current?.revision ?? 0), duplicates: same.slice(0, -1), old };
}

/** The oldest revisions beyond `limit` that are not `live`: those that clean-up removes. Live ones count but stay. */
export function superfluous(
  old: readonly ControllerRevision[],
  options: { readonly limit: number; readonly live: (revision: ControllerRevision) => boolean },
): readonly ControllerRevision[] {
  const excess = old.length - options.limit;
  if (excess <= 0) return [];
  return old.filter((each) => !options.live(each)).slice(0, excess);
}

function byRevision(a: ControllerRevision, b: ControllerRevision): number {
  if (a.revision !== b.revision) return a.revision - b.revision;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
