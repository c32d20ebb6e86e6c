import { sameData } from "../../api/equality.ts";
import type { Deployment, ReplicaSet } from "../../api/types/apps-v1.ts";
import { isRolling, maxSurge, wantedReplicas } from "./limits.ts";
import type { SetsInOrder } from "./replica-sets.ts";
import { availableOf, byCreation, isActive, sizeOf, total } from "./replica-sets.ts";
import { desiredBefore, maxBefore, withSize } from "./revisions.ts";

/** A set that gets another size, or only the annotations that tell the Deployment's size. */
export interface Scaling {
  readonly set: ReplicaSet;
  readonly replicas: number;
}

/** Nothing, when the set has that size already. */
export function scaling(set: ReplicaSet, replicas: number): readonly Scaling[] {
  return sizeOf(set) === replicas ? [] : [{ set, replicas }];
}

/** The same, also when only the annotations are out of date. */
function scalingWithSize(deployment: Deployment, set: ReplicaSet, replicas: number): readonly Scaling[] {
  const { annotations } = set.metadata;
  return sizeOf(set) === replicas && sameData(withSize(annotations, deployment), annotations ?? {}) ? [] : [{ set, replicas }];
}

/** Whether the Deployment was given another size since its sets were scaled last. */
export function isScalingEvent(deployment: Deployment, sets: SetsInOrder): boolean {
  return [...sets.old, ...(sets.current ? [sets.current] : [])].some((set) => {
    const before = isActive(set) ? desiredBefore(set) : undefined;
    return before !== undefined && before !== wantedReplicas(deployment);
  });
}

/**
 * Brings the sets to the Deployment's new size without going on with its roll-out: the only set with Pods takes all; when the
 * new set is complete the old ones go; else every set grows or shrinks by its share of the whole.
 */
export function planScaling(deployment: Deployment, sets: SetsInOrder): readonly Scaling[] {
  const wanted = wantedReplicas(deployment);
  const only = onlyActiveOrLatest(sets);
  if (only) return scalingWithSize(deployment, only, wanted);
  if (isSaturated(deployment, sets.current)) return sets.old.filter(isActive).flatMap((set) => scaling(set, 0));
  return isRolling(deployment) ? proportional(deployment, sets) : [];
}

function onlyActiveOrLatest({ current, old }: SetsInOrder): ReplicaSet | undefined {
  const active = [...old, ...(current ? [current] : [])].filter(isActive);
  if (active.length > 1) return undefined;
  return active[0] ?? current ?? old.at(-1);
}

function isSaturated(deployment: Deployment, set: ReplicaSet | undefined): boolean {
  const wanted = wantedReplicas(deployment);
  return set !== undefined && sizeOf(set) === wanted && desiredBefore(set) === wanted && availableOf(set) === wanted;
}

function proportional(deployment: Deployment, { current, old }: SetsInOrder): readonly Scaling[] {
  const sets = [...old, ...(current ? [current] : [])].filter(isActive);
  const wanted = wantedReplicas(deployment);
  const allowed = wanted > 0 ? wanted + maxSurge(deployment) : 0;
  const toAdd = allowed - total(sets, sizeOf);
  if (toAdd === 0) return sets.flatMap((set) => scalingWithSize(deployment, set, sizeOf(set)));
  // Of equally large sets a newer one grows first, an older one shrinks first.
  sets.sort((a, b) => sizeOf(b) - sizeOf(a) || (toAdd > 0 ? byCreation(b, a) : byCreation(a, b)));
  let added = 0;
  const sizes = sets.map((set) => {
    const share = shareOf(deployment, set);
    const part = toAdd > 0 ? Math.min(share, toAdd - added) : Math.max(share, toAdd - added);
    added += part;
    return sizeOf(set) + part;
  });
  // What rounding leaves over goes to the largest.
  return sets.flatMap((set, index) => scalingWithSize(deployment, set, index === 0 ? Math.max((sizes[0] as number) + toAdd - added, 0) : (sizes[index] as number)));
}

/** By how much a set would grow if all did so alike. */
function shareOf(deployment: Deployment, set: ReplicaSet): number {
  if (wantedReplicas(deployment) === 0) return -sizeOf(set);
  const before = maxBefore(set) || deployment.status.replicas || 0;
  if (before === 0) return 0;
  const size = (sizeOf(set) * (wantedReplicas(deployment) + maxSurge(deployment))) / before;
  return Math.trunc(size + 0.5) - sizeOf(set);
}
