import { isNodeReady } from "../../api/core/node-ready.ts";
import type { Node, Pod } from "../../api/types/core-v1.ts";
import { isPodTerminal } from "../pod-status.ts";

/** Which Pods nobody else will remove. */

const outOfServiceTaint = "node.kubernetes.io/out-of-service";

/** Of the Pods that have ended, those beyond `max`: evicted ones first, then by age, then by name. */
export function surplusEnded(ended: readonly Pod[], max: number): readonly Pod[] {
  if (ended.length <= max) return [];
  return [...ended].sort(byEvictionAndAge).slice(0, ended.length - max);
}

function byEvictionAndAge(a: Pod, b: Pod): number {
  const evicted = Number(isEvicted(b)) - Number(isEvicted(a));
  if (evicted !== 0) return evicted;
  if (a.metadata.creationTimestamp !== b.metadata.creationTimestamp) return a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

function isEvicted(pod: Pod): boolean {
  return pod.status.phase === "Failed" && pod.status.reason === "Evicted";
}

/** The Pod is being deleted, and no kubelet will ever finish it: it has no node, or one declared out of service. */
export function isAbandoned(pod: Pod, node: Node | undefined): boolean {
  if (pod.metadata.deletionTimestamp === undefined || isForced(pod)) return false;
  if (!pod.spec.nodeName) return true;
  if (!node || isNodeReady(node)) return false;
  return node.spec.taints?.some((taint) => taint.key === outOfServiceTaint) ?? false;
}

/** Nothing is left to do about the Pod: it has ended and its grace is over; finalizers hold it. */
export function isForced(pod: Pod): boolean {
  return isPodTerminal(pod) && pod.metadata.deletionTimestamp !== undefined && pod.metadata.deletionGracePeriodSeconds === 0;
}
