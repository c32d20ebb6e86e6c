import { sameData } from "../api/equality.ts";
import type { Pod } from "../api/types/core-v1.ts";
import { isOver } from "./pod-status.ts";

/** What a new state of a Pod's object means to the node that runs it. */

/** An answer may be newer than what the watch tells next. */
export function isOlder(pod: Pod, than: Pod): boolean {
  return Number(pod.metadata.resourceVersion) < Number(than.metadata.resourceVersion);
}

/** Whether files that describe the Pod have to follow. */
export function isDescribedAnew({ metadata: now, spec }: Pod, { metadata: before }: Pod): boolean {
  if (sameData(before.labels, now.labels) && sameData(before.annotations, now.annotations)) return false;
  return spec.volumes?.some(({ downwardAPI, projected }) => downwardAPI ?? projected) === true;
}

/** Whether a change of the object asks anything of the worker: its own status writes come back too, and do not. */
export function concerns(before: Pod, now: Pod): boolean {
  const [a, b] = [before.metadata, now.metadata];
  if (a.generation !== b.generation || a.deletionTimestamp !== b.deletionTimestamp || a.deletionGracePeriodSeconds !== b.deletionGracePeriodSeconds) return true;
  if (isOver(now) && !isOver(before)) return true;
  if (!sameData(a.annotations, b.annotations) || !sameData(a.labels, b.labels)) return true;
  return now.spec.readinessGates !== undefined && !sameData(before.status.conditions, now.status.conditions);
}
