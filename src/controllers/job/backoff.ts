import type { Instant } from "../../base/environment.ts";
import { parseTime } from "../../base/time.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import { podCondition } from "../pod-status.ts";

/**
 * How long a Job waits before it makes a Pod after failures: 10 s after one, doubling up to 10 min, counted from the end of the
 * last failed Pod. Every failed Pod counts, so two that fail together wait 20 s at once; a success starts anew.
 */
export interface Backoff {
  readonly failures: number;
  readonly lastFailure: Instant | undefined;
}

export const noBackoff: Backoff = { failures: 0, lastFailure: undefined };

/** Upstream's DefaultJobPodFailureBackOff and MaxJobPodFailureBackOff. */
const backoffMsMin = 10_000;
const backoffMsMax = 600_000;

/** The record after Pods that have ended since it was written. */
export function nextBackoff(record: Backoff, succeeded: readonly Pod[], failed: readonly Pod[]): Backoff {
  if (succeeded.length === 0 && failed.length === 0) return record;
  const lastSuccess = succeeded.length === 0 ? undefined : Math.max(...succeeded.map(finishedAt));
  const ends = failed.map(finishedAt).filter((end) => lastSuccess === undefined || end > lastSuccess);
  const before = lastSuccess === undefined ? record : noBackoff;
  if (ends.length === 0) return before;
  return { failures: before.failures + ends.length, lastFailure: Math.max(before.lastFailure ?? -Infinity, ...ends) };
}

/** The instant from which the next Pod may be made. */
export function backoffEnds(record: Backoff): Instant {
  return record.failures === 0 || record.lastFailure === undefined ? -Infinity : record.lastFailure + backoffMs(record.failures);
}

export function backoffMs(failures: number): number {
  return failures <= 0 ? 0 : Math.min(backoffMsMin * 2 ** (failures - 1), backoffMsMax);
}

/** When a Pod ended: its last container's end, else when it stopped being ready, else when its deletion was asked for. */
export function finishedAt(pod: Pod): Instant {
  const statuses = pod.status.containerStatuses ?? [];
  const ends = statuses.map(({ state }) => (state.terminated?.finishedAt === undefined ? undefined : parseTime(state.terminated.finishedAt)));
  if (ends.length > 0 && ends.every((end) => end !== undefined)) return Math.max(...(ends as Instant[]));
  const ready = podCondition(pod, "Ready");
  if (ready?.status === "False" && ready.lastTransitionTime) return parseTime(ready.lastTransitionTime) ?? 0;
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp } = pod.metadata;
  if (deletionTimestamp !== undefined) return (parseTime(deletionTimestamp) ?? 0) - deletionGracePeriodSeconds * 1000;
  return creationTimestamp === undefined ? 0 : (parseTime(creationTimestamp) ?? 0);
}
