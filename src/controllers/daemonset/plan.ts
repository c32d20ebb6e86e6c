import type { DaemonSetStatus } from "../../api/types/apps-v1.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { Instant } from "../../base/environment.ts";
import { availableFrom, isPodAvailable, isPodReady, isPodTerminal } from "../pod-status.ts";
import { isUpToDate, revisionHashLabel, targetNode, templateGeneration } from "./daemon-pod.ts";
import { planRollout } from "./rollout.ts";
import type { DaemonView, PodsByNode, Removal } from "./view.ts";
import { surgeOf } from "./strategy.ts";

/**
 * What a DaemonSet has to do, as a pure function of what is wanted, what is seen and now. One Pod on every eligible node, none
 * elsewhere; Pods that ended are removed and replaced; when every node has what it should, the roll-out takes the next step.
 * While a roll-out with maxSurge replaces a node's Pod, the node has two. A view in which nothing is left to do gives no
 * intention.
 */

export interface DaemonPlan {
  /** Nodes that get a Pod, each at most once. */
  readonly create: readonly string[];
  readonly delete: readonly Removal[];
  /** Look again then, even if nothing happens: a Pod becomes available or a back-off ends. */
  readonly again: Instant | undefined;
}

/** The Pods by node, each node's oldest first; Pods that ended and are being deleted are nobody's concern any more. */
function podsByNode(pods: readonly Pod[]): Map<string, Pod[]> {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods) {
    if (pod.metadata.deletionTimestamp !== undefined && isPodTerminal(pod)) continue;
    const node = targetNode(pod);
    if (node === undefined) continue;
    const there = byNode.get(node);
    if (there) there.push(pod);
    else byNode.set(node, [pod]);
  }
  for (const there of byNode.values()) if (there.length > 1) there.sort(bySeniority);
  return byNode;
}

/** Bound Pods before unbound ones, then by age, then by name. */
function bySeniority(a: Pod, b: Pod): number {
  const bound = Number(!a.spec.nodeName) - Number(!b.spec.nodeName);
  if (bound !== 0) return bound;
  if (a.metadata.creationTimestamp !== b.metadata.creationTimestamp) return a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

export function planDaemonSet(view: DaemonView): DaemonPlan {
  const byNode = podsByNode(view.pods);
  const kept = planNodes(view, byNode);
  const settled = kept.create.length === 0 && kept.delete.length === 0;
  const rolling = settled && view.set.spec.updateStrategy.type !== "OnDelete" ? planRollout(view, byNode) : undefined;
  return {
    create: rolling?.create ?? kept.create,
    delete: rolling?.delete ?? kept.delete,
    again: earliest(kept.again, nextAvailability(view)),
  };
}

/** One Pod where there should be one, none where there should not. */
function planNodes(view: DaemonView, byNode: PodsByNode): DaemonPlan {
  const create: string[] = [];
  const remove: Removal[] = [];
  let again: Instant | undefined;
  const surge = surgeOf(view.set, 1) > 0;
  const present = new Set<string>();
  for (const node of view.nodes) {
    const name = node.metadata.name;
    present.add(name);
    const { run, stay } = view.eligibility.of(node);
    const pods = byNode.get(name);
    if (run && !pods) {
      create.push(name);
    } else if (pods && !stay) {
      for (const pod of pods) if (pod.metadata.deletionTimestamp === undefined) remove.push({ pod, node: name, why: "unwanted" });
    } else if (pods) {
      const { running, ended, until } = sortEnded(view, name, pods);
      remove.push(...ended);
      again = earliest(again, until);
      if (surge && running.length === 0 && run && ended.length === 0 && until === undefined) create.push(name);
      const excess = surge ? excessOfSurge(view, running) : running.slice(1);
      for (const pod of excess) remove.push({ pod, node: name, why: "excess" });
    }
  }
  // A Pod that waits for a node that is gone is never bound, so nobody else would remove it.
  for (const [node, pods] of byNode) {
    if (present.has(node)) continue;
    for (const pod of pods) if (!pod.spec.nodeName && pod.metadata.deletionTimestamp === undefined) remove.push({ pod, node, why: "unwanted" });
  }
  return { create, delete: remove, again };
}

/** Of a node's Pods that are not being deleted: those that run, and those that ended and may be removed now. */
function sortEnded(view: DaemonView, node: string, pods: readonly Pod[]): { running: Pod[]; ended: Removal[]; until: Instant | undefined } {
  const running: Pod[] = [];
  const ended: Removal[] = [];
  let until: Instant | undefined;
  let failed = false;
  for (const pod of pods) {
    if (pod.metadata.deletionTimestamp !== undefined) continue;
    if (pod.status.phase === "Succeeded") ended.push({ pod, node, why: "succeeded" });
    else if (pod.status.phase !== "Failed") running.push(pod);
    else if ((until = view.backoffUntil(node)) === undefined && !failed) {
      ended.push({ pod, node, why: "failed" });
      failed = true;
    }
  }
  return { running, ended, until };
}

/** With maxSurge a node may have one Pod of the wanted template beside one of another, until the new one is available. */
function excessOfSurge(view: DaemonView, running: readonly Pod[]): Pod[] {
  if (running.length <= 1) return [];
  let fresh: Pod | undefined;
  let outdated: Pod | undefined;
  const excess: Pod[] = [];
  for (const pod of running) {
    if (pod.metadata.labels?.[revisionHashLabel] === view.hash) {
      if (fresh) excess.push(pod);
      else fresh = pod;
    } else if (outdated) excess.push(pod);
    else outdated = pod;
  }
  if (fresh && outdated && (!isPodReady(outdated) || isPodAvailable(fresh, view.set.spec.minReadySeconds ?? 0, view.now))) excess.push(outdated);
  return excess;
}

/** The next instant at which a Ready Pod becomes available by mere passing of time. */
function nextAvailability(view: DaemonView): Instant | undefined {
  const minReadySeconds = view.set.spec.minReadySeconds ?? 0;
  if (minReadySeconds === 0) return undefined;
  let next: Instant | undefined;
  for (const pod of view.pods) {
    const from = availableFrom(pod, minReadySeconds);
    if (from !== undefined && from > view.now) next = earliest(next, from);
  }
  return next;
}

function earliest(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}

/** The status as the view shows it. Counts nodes, not Pods: a node is judged by its oldest Pod. */
export function daemonStatus(view: Omit<DaemonView, "backoffUntil">): DaemonSetStatus {
  const { set, hash, now } = view;
  const minReadySeconds = set.spec.minReadySeconds ?? 0;
  const generation = templateGeneration(set);
  const byNode = podsByNode(view.pods);
  let desired = 0;
  let current = 0;
  let misscheduled = 0;
  let ready = 0;
  let updated = 0;
  let available = 0;
  for (const node of view.nodes) {
    const pod = byNode.get(node.metadata.name)?.[0];
    if (!view.eligibility.of(node).run) {
      if (pod) misscheduled++;
      continue;
    }
    desired++;
    if (!pod) continue;
    current++;
    if (isPodReady(pod)) ready++;
    if (isPodAvailable(pod, minReadySeconds, now)) available++;
    if (isUpToDate(pod, hash, generation)) updated++;
  }
  const { collisionCount, conditions } = set.status;
  return {
    currentNumberScheduled: current,
    numberMisscheduled: misscheduled,
    desiredNumberScheduled: desired,
    numberReady: ready,
    ...(set.metadata.generation === undefined ? {} : { observedGeneration: set.metadata.generation }),
    ...(updated === 0 ? {} : { updatedNumberScheduled: updated }),
    ...(available === 0 ? {} : { numberAvailable: available }),
    ...(desired === available ? {} : { numberUnavailable: desired - available }),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    ...(conditions === undefined ? {} : { conditions }),
  };
}
