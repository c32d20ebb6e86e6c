import type { Deployment, ReplicaSet } from "../../api/types/apps-v1.ts";
import { isRolling, maxSurge, maxUnavailable, wantedReplicas } from "./limits.ts";
import { availableOf as toldAvailable, isActive, sizeOf, total } from "./replica-sets.ts";
import type { Scaling } from "./scaling.ts";
import { scaling } from "./scaling.ts";

/**
 * The next step of an exchange of templates: never more than maxSurge Pods above the wanted number, never more than
 * maxUnavailable below it, given that the sets' statuses are not ahead of the truth. The new set grows first; in a step in
 * which it grows the old ones stay. Of the old ones those go first that are not available: nothing is lost by them.
 */
export function rollingStep(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): readonly Scaling[] {
  const grown = scaling(current, newSetSize(deployment, sizeOf(current), [...old, current]));
  return grown.length > 0 ? grown : shrinkOld(deployment, current, old);
}

/** The size of the set in use (which has `size` now) in the next step; `all` are the sets, itself among them. */
export function newSetSize(deployment: Deployment, size: number, all: readonly ReplicaSet[]): number {
  const wanted = wantedReplicas(deployment);
  if (size >= wanted || !isRolling(deployment)) return wanted;
  const room = wanted + maxSurge(deployment) - total(all, sizeOf);
  return size + Math.max(Math.min(room, wanted - size), 0);
}

/** A status may lag behind the size: of the Pods that it tells no more than the size stay. */
function availableOf(set: ReplicaSet): number {
  return Math.min(toldAvailable(set), sizeOf(set));
}

function shrinkOld(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): readonly Scaling[] {
  const active = old.filter(isActive);
  if (active.length === 0) return [];
  const minAvailable = wantedReplicas(deployment) - maxUnavailable(deployment);
  const newUnavailable = sizeOf(current) - availableOf(current);
  const removable = total(active, sizeOf) + sizeOf(current) - minAvailable - newUnavailable;
  if (removable <= 0) return [];
  const sizes = new Map(active.map((set) => [set, sizeOf(set)]));
  const unhealthy = takeFrom(active, sizes, { count: removable, atMost: (set) => sizeOf(set) - availableOf(set) });
  const spare = total([...active, current], availableOf) - minAvailable;
  return [...unhealthy, ...takeFrom(active, sizes, { count: spare, atMost: (set) => sizes.get(set) as number })];
}

/** Takes up to `count` from the sets, oldest first. */
function takeFrom(sets: readonly ReplicaSet[], sizes: Map<ReplicaSet, number>, options: { count: number; atMost: (set: ReplicaSet) => number }): readonly Scaling[] {
  const scalings: Scaling[] = [];
  let left = options.count;
  for (const set of sets) {
    const taken = Math.min(left, options.atMost(set));
    if (taken <= 0) continue;
    const replicas = (sizes.get(set) as number) - taken;
    sizes.set(set, replicas);
    scalings.push({ set, replicas });
    left -= taken;
  }
  return scalings;
}
