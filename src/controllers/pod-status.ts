import type { Instant } from "../base/environment.ts";
import { formatTime, parseTime } from "../base/time.ts";
import type { Pod, PodCondition, PodStatus } from "../api/types/core-v1.ts";

/** What the status of a Pod says: predicates that controllers share, and the way to write a condition into it. */

export function podCondition(pod: Pod, type: string): PodCondition | undefined {
  const conditions = pod.status.conditions;
  if (conditions === undefined) return undefined;
  // A loop: controllers ask for every Pod at every look, where the closure of a find shows.
  for (const condition of conditions) if (condition.type === type) return condition;
  return undefined;
}

export function isPodReady(pod: Pod): boolean {
  return podCondition(pod, "Ready")?.status === "True";
}

/**
 * The instant from which the Pod counts as available (Ready for `minReadySeconds`), or undefined while it is not Ready. May
 * lie ahead of now.
 */
export function availableFrom(pod: Pod, minReadySeconds: number): Instant | undefined {
  const ready = podCondition(pod, "Ready");
  if (ready?.status !== "True") return undefined;
  if (minReadySeconds === 0) return -Infinity;
  const since = ready.lastTransitionTime === undefined ? undefined : parseTime(ready.lastTransitionTime);
  return since === undefined ? undefined : since + minReadySeconds * 1000;
}

export function isPodAvailable(pod: Pod, minReadySeconds: number, now: Instant): boolean {
  const from = availableFrom(pod, minReadySeconds);
  return from !== undefined && from <= now;
}

/** All containers have stopped and none will run again. */
export function isPodTerminal(pod: Pod): boolean {
  return pod.status.phase === "Failed" || pod.status.phase === "Succeeded";
}

/** Neither ended nor being deleted. */
export function isPodActive(pod: Pod): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined;
}

/**
 * The status with this condition in it, others kept in their order; the same object when nothing would change. The transition
 * time moves only when the condition's status does.
 */
export function withPodCondition(status: PodStatus, condition: Omit<PodCondition, "lastTransitionTime">, now: Instant): PodStatus {
  const conditions = status.conditions ?? [];
  const at = conditions.findIndex(({ type }) => type === condition.type);
  const old = conditions[at];
  if (!old) return { ...status, conditions: [...conditions, orderedCondition(condition, formatTime(now))] };
  const next = orderedCondition(condition, old.status === condition.status ? old.lastTransitionTime : formatTime(now));
  if (sameCondition(old, next)) return status;
  return { ...status, conditions: conditions.map((each, index) => (index === at ? next : each)) };
}

/** Fields in the order of the type, empty ones left out. */
function orderedCondition(condition: Omit<PodCondition, "lastTransitionTime">, transition: string | undefined): PodCondition {
  const { type, observedGeneration, status, lastProbeTime, reason, message } = condition;
  return {
    type,
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
    status,
    ...(lastProbeTime === undefined ? {} : { lastProbeTime }),
    ...(transition === undefined ? {} : { lastTransitionTime: transition }),
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
  };
}

function sameCondition(a: PodCondition, b: PodCondition): boolean {
  return (
    a.status === b.status &&
    a.reason === b.reason &&
    a.message === b.message &&
    a.observedGeneration === b.observedGeneration &&
    (a.lastProbeTime ?? undefined) === (b.lastProbeTime ?? undefined) &&
    a.lastTransitionTime === b.lastTransitionTime
  );
}
