import type { Node, Pod } from "../../api/types/core-v1.ts";
import { isPodAvailable } from "../pod-status.ts";
import { isUpToDate, templateGeneration } from "./daemon-pod.ts";
import type { DaemonView, PodsByNode, Removal } from "./view.ts";
import { surgeOf, unavailableOf } from "./strategy.ts";

/**
 * The next step of a rolling update, given that no node lacks its Pod or has one too many. Without maxSurge old Pods are
 * deleted, as many as keep the unavailable nodes within maxUnavailable, and their nodes get new Pods by the ordinary rule. With
 * maxSurge new Pods are made beside old ones, on at most maxSurge nodes at a time, and an old one goes when its successor is
 * available. Old Pods that are not available are replaced first and without limit: nothing is lost by it.
 */
export interface RolloutStep {
  readonly create: readonly string[];
  readonly delete: readonly Removal[];
}

/** A node's Pods that are not being deleted. Undefined: more than one new or old; the ordinary rule prunes them first. */
interface NodePods {
  readonly fresh: Pod | undefined;
  readonly old: Pod | undefined;
}

export function planRollout(view: DaemonView, byNode: PodsByNode): RolloutStep {
  const wanting = view.nodes.filter((node) => view.eligibility.of(node).run);
  const surge = surgeOf(view.set, wanting.length);
  const unavailable = unavailableOf(view.set, wanting.length);
  if (surge > 0) return surgeStep(view, byNode, { surge, desired: wanting.length });
  // Neither number is set: validation forbids it, and one node at a time is the safe reading.
  return replaceStep(view, byNode, { wanting, unavailableMax: Math.max(unavailable, wanting.length > 0 ? 1 : 0) });
}

function sortPods(view: DaemonView, pods: readonly Pod[]): NodePods | undefined {
  const generation = templateGeneration(view.set);
  let fresh: Pod | undefined;
  let old: Pod | undefined;
  for (const pod of pods) {
    if (pod.metadata.deletionTimestamp !== undefined) continue;
    if (isUpToDate(pod, view.hash, generation)) {
      if (fresh) return undefined;
      fresh = pod;
    } else {
      if (old) return undefined;
      old = pod;
    }
  }
  return { fresh, old };
}

function available(view: DaemonView, pod: Pod): boolean {
  return isPodAvailable(pod, view.set.spec.minReadySeconds ?? 0, view.now);
}

function replaceStep(view: DaemonView, byNode: PodsByNode, options: { wanting: readonly Node[]; unavailableMax: number }): RolloutStep {
  const replaced: Removal[] = [];
  const candidates: Removal[] = [];
  let unavailable = 0;
  const names = new Set([...byNode.keys(), ...options.wanting.map((node) => node.metadata.name)]);
  for (const node of [...names].sort()) {
    const sorted = sortPods(view, byNode.get(node) ?? []);
    if (!sorted || (sorted.fresh === undefined) === (sorted.old === undefined)) {
      unavailable++;
    } else if (sorted.fresh) {
      if (!available(view, sorted.fresh)) unavailable++;
    } else if (sorted.old) {
      const removal: Removal = { pod: sorted.old, node, why: "outdated" };
      if (available(view, sorted.old)) {
        candidates.push(removal);
      } else {
        replaced.push(removal);
        unavailable++;
      }
    }
  }
  return { create: [], delete: [...replaced, ...candidates.slice(0, Math.max(options.unavailableMax - unavailable, 0))] };
}

function surgeStep(view: DaemonView, byNode: PodsByNode, options: { surge: number; desired: number }): RolloutStep {
  const nodes = new Map(view.nodes.map((node) => [node.metadata.name, node]));
  const remove: Removal[] = [];
  /** Available Pods of nodes that no longer want one: they go when enough others are available. */
  const leaving: Removal[] = [];
  const replace: string[] = [];
  const candidates: string[] = [];
  let surging = 0;
  let availableCount = 0;
  for (const [node, pods] of [...byNode].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const sorted = sortPods(view, pods);
    if (!sorted) {
      surging++;
      continue;
    }
    const { fresh, old } = sorted;
    const judged = old ?? fresh;
    if (judged && available(view, judged)) availableCount++;
    if (!old) continue;
    const removal: Removal = { pod: old, node, why: "outdated" };
    if (fresh) {
      if (available(view, fresh)) remove.push(removal);
      else surging++;
      continue;
    }
    const there = nodes.get(node);
    const wanted = there !== undefined && view.eligibility.of(there).run;
    // The Pod of a node that is gone is the Pod garbage collector's.
    if (available(view, old)) {
      if (wanted) candidates.push(node);
      else if (there) leaving.push(removal);
    } else if (wanted) replace.push(node);
    else if (there) remove.push(removal);
  }
  remove.push(...leaving.slice(0, Math.max(availableCount - options.desired, 0)));
  return { create: [...replace, ...candidates.slice(0, Math.max(options.surge - surging, 0))], delete: remove };
}
