import { parseTime } from "../../base/time.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import { isPodReady, podCondition } from "../pod-status.ts";

const phaseRank: { readonly [phase: string]: number } = { Pending: 0, Unknown: 1, Running: 2 };

function restarts(pod: Pod): number {
  return Math.max(0, ...(pod.status.containerStatuses ?? []).map(({ restartCount }) => restartCount));
}

function instant(text: string | undefined): number {
  return text === undefined ? 0 : (parseTime(text) ?? 0);
}

/** The criteria in order; the lower value goes first. */
const criteria: readonly ((pod: Pod) => number)[] = [
  (pod) => (pod.spec.nodeName ? 1 : 0),
  (pod) => phaseRank[pod.status.phase ?? "Unknown"] ?? 1,
  (pod) => (isPodReady(pod) ? 1 : 0),
  (pod) => (isPodReady(pod) ? -instant(podCondition(pod, "Ready")?.lastTransitionTime) : 0),
  (pod) => -restarts(pod),
  (pod) => -instant(pod.metadata.creationTimestamp),
];

/**
 * Active Pods in the order in which a controller that has too many gives them up (upstream's ActivePods): unscheduled, Pending,
 * not ready, ready for less time, restarted more often, younger; among equals the order given.
 */
export function inRemovalOrder(pods: readonly Pod[]): readonly Pod[] {
  return [...pods].sort((a, b) => {
    for (const criterion of criteria) {
      const difference = criterion(a) - criterion(b);
      if (difference !== 0) return difference;
    }
    return 0;
  });
}
