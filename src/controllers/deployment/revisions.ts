import { lastAppliedAnnotation } from "../../api/meta-fields.ts";
import type { Deployment, ReplicaSet } from "../../api/types/apps-v1.ts";
import { maxSurge, wantedReplicas } from "./limits.ts";

/** The annotations by which a Deployment keeps its history on its ReplicaSets: pure. */

export type Annotations = { readonly [key: string]: string };

export const revisionKey = "deployment.kubernetes.io/revision";
const historyKey = "deployment.kubernetes.io/revision-history";
const desiredKey = "deployment.kubernetes.io/desired-replicas";
const maxKey = "deployment.kubernetes.io/max-replicas";

/** Annotations of a Deployment that its ReplicaSets do not get: those with a meaning of their own there. */
const ownKeys: ReadonlySet<string> = new Set([
  lastAppliedAnnotation, revisionKey, historyKey, desiredKey, maxKey, "deprecated.deployment.rollback.to",
]);

/** Characters of the list of past revisions (upstream's limit): the oldest fall off. */
const historyCharactersMax = 2000;

function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}

/** A revision counts in 64 bits: a set that is adopted may bring any of them. */
function revisionIn(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^[+-]?\d+$/.test(text)) return undefined;
  const revision = BigInt(text.replace(/^\+/, ""));
  return BigInt.asIntN(64, revision) === revision ? revision : undefined;
}

export function revisionOf(set: ReplicaSet): bigint {
  return revisionIn(set.metadata.annotations?.[revisionKey]) ?? 0n;
}

/** The number that a template in use now must have: above those of all others. */
export function nextRevision(others: readonly ReplicaSet[]): bigint {
  return others.map(revisionOf).reduce((highest, revision) => (revision > highest ? revision : highest), 0n) + 1n;
}

/** The size of the Deployment when the set was scaled last; undefined when the set does not say. */
export function desiredBefore(set: ReplicaSet): number | undefined {
  return integer(set.metadata.annotations?.[desiredKey]);
}

/** The most Pods that there might be when the set was scaled last. */
export function maxBefore(set: ReplicaSet): number | undefined {
  return integer(set.metadata.annotations?.[maxKey]);
}

/** The annotations with the Deployment's size in them. */
export function withSize(annotations: Annotations | undefined, deployment: Deployment): Annotations {
  const wanted = wantedReplicas(deployment);
  return { ...annotations, [desiredKey]: String(wanted), [maxKey]: String(wanted + maxSurge(deployment)) };
}

/** The annotations of the set in use: the Deployment's, its revision, and the revisions that it had before. */
export function withRevision(annotations: Annotations | undefined, deployment: Deployment, revision: bigint): Annotations {
  const next: { [key: string]: string } = { ...annotations };
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) if (!ownKeys.has(key)) next[key] = value;
  const text = annotations?.[revisionKey];
  const before = revisionIn(text);
  // A revision that is no number is somebody else's, and stays.
  if ((text !== undefined && text !== "" && before === undefined) || (before ?? 0n) >= revision) return next;
  next[revisionKey] = String(revision);
  if (text !== undefined) next[historyKey] = lengthened(next[historyKey] ?? "", text);
  return next;
}

function lengthened(history: string, revision: string): string {
  if (history === "") return revision;
  const kept = [...history.split(","), revision];
  while (kept.length > 1 && kept.join(",").length > historyCharactersMax) kept.shift();
  return kept.join(",");
}
