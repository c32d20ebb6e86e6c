import type { Instant } from "../../base/environment.ts";
import { formatTime } from "../../base/time.ts";
import type { Job, JobCondition, JobStatus } from "../../api/types/batch-v1.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import { judgeFailure } from "./failure-policy.ts";
import { hasLimitPerIndex, indexOf, isFailed, isIndexed, isSuspended, isTracked } from "./job-pods.ts";
import type { JobPlan, JobView } from "./plan.ts";
import { newCondition, podsPerLookMax, readyAmong } from "./plan.ts";

/**
 * Counts ended Pods so that each counts once, whatever fails in between. First the status names the Pods that are about to be
 * counted (`uncountedTerminatedPods`) and how the Job is going to end; then the Pods lose their tracking finalizer; then the
 * numbers move from the list to the counters, and only when nothing is left uncounted or terminating the Job is finished.
 * Indexes need no list: a completed index is completed however often it is written down.
 */
export interface Done {
  /** Pods whose deletion was accepted. */
  readonly removed: readonly Pod[];
  readonly made: number;
}

export interface Tracking {
  /** The status before the finalizers go. */
  readonly status: JobStatus;
  /** Pods to take the finalizer off. */
  readonly untrack: readonly Pod[];
  /** The condition under which the Job is to be finished, when it can be. */
  readonly final: JobCondition | undefined;
  readonly terminating: number;
  readonly suspendEvent: "Suspended" | "Resumed" | undefined;
}

export function trackJob(view: JobView, plan: JobPlan, done: Done): Tracking {
  const { job, now } = view;
  const allRemoved = done.removed.length === plan.remove.length;
  const ending = allRemoved ? plan.ending : undefined;
  const terminating = plan.terminating + done.removed.length;
  const counted = countWithoutFinalizer(job.status, new Set(view.pods.filter(isTracked).map(({ metadata }) => metadata.uid)));
  const found = findCountable(view, plan, counted, ending);
  const suspension = plan.managed && ending === undefined ? judgeSuspension(job, now) : undefined;
  const conditions = [...(suspension?.conditions ?? job.status.conditions ?? [])];
  if (ending && ending.type !== "Failed" && !conditions.some(({ type, status }) => type === ending.type && status === "True")) conditions.push(ending);
  const started = isSuspended(job) ? job.status.startTime : (job.status.startTime ?? formatTime(now));
  const status = buildStatus({
    ...counted,
    conditions,
    startTime: suspension ? suspension.startTime : started,
    active: plan.active.length - done.removed.length + done.made,
    ready: readyAmong(plan.active) - readyAmong(done.removed),
    terminating,
    uncountedTerminatedPods: found.uncounted,
    ...(isIndexed(job) ? { succeeded: found.succeededIndexes.total, completedIndexes: found.succeededIndexes.toString() } : {}),
    ...(plan.failedIndexes ? { failedIndexes: plan.failedIndexes.toString() } : {}),
  });
  const final = ending && !found.full ? finalOf(ending, now) : undefined;
  return { status, untrack: found.untrack, final, terminating, suspendEvent: suspension?.event };
}

/** The status after the finalizers of `untracked` are gone. */
export function settleJob(tracking: Tracking, status: JobStatus, stillTracked: ReadonlySet<string>, now: Instant): { status: JobStatus; finished: boolean } {
  const counted = countWithoutFinalizer(status, stillTracked);
  const { succeeded = [], failed = [] } = counted.uncountedTerminatedPods ?? {};
  if (!tracking.final || succeeded.length + failed.length > 0 || tracking.terminating > 0) return { status: buildStatus(counted), finished: false };
  const final = { ...tracking.final, lastProbeTime: formatTime(now), lastTransitionTime: formatTime(now) };
  const completionTime = final.type === "Complete" ? formatTime(now) : counted.completionTime;
  return { status: buildStatus({ ...counted, conditions: [...(counted.conditions ?? []), final], completionTime }), finished: true };
}

function finalOf(ending: JobCondition, now: Instant): JobCondition {
  const type = ending.type === "SuccessCriteriaMet" ? "Complete" : "Failed";
  return newCondition(type, ending.reason ?? "", ending.message ?? "", now);
}

/** Pods named in the list that carry no finalizer any more move to the counters. */
function countWithoutFinalizer(status: JobStatus, tracked: ReadonlySet<string>): JobStatus {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const stay = (uids: readonly string[]) => uids.filter((uid) => tracked.has(uid));
  return {
    ...status,
    succeeded: (status.succeeded ?? 0) + succeeded.length - stay(succeeded).length,
    failed: (status.failed ?? 0) + failed.length - stay(failed).length,
    uncountedTerminatedPods: { succeeded: stay(succeeded), failed: stay(failed) },
  };
}

/** Walks the Pods that can lose their finalizer and notes those that count; up to a number that keeps the status small. */
function findCountable(view: JobView, plan: JobPlan, status: JobStatus, ending: JobCondition | undefined) {
  const { job } = view;
  const known = { succeeded: new Set(job.status.uncountedTerminatedPods?.succeeded), failed: new Set(job.status.uncountedTerminatedPods?.failed) };
  const succeeded = [...(status.uncountedTerminatedPods?.succeeded ?? [])];
  const failed = [...(status.uncountedTerminatedPods?.failed ?? [])];
  const newIndexes: number[] = [];
  const untrack: Pod[] = [];
  const removed = new Set(plan.untrack ? plan.remove : []);
  const endsFailing = ending !== undefined && ending.type !== "SuccessCriteriaMet";
  let full = false;
  for (const pod of isIndexed(job) ? byIndex(view.pods, job) : view.pods) {
    const { uid } = pod.metadata;
    if (!isTracked(pod) || removed.has(pod) || !mayUntrack(job, plan, pod, ending)) continue;
    untrack.push(pod);
    const index = indexOf(pod, job);
    if (pod.status.phase === "Succeeded" && !known.failed.has(uid)) {
      if (!isIndexed(job)) {
        if (!known.succeeded.has(uid)) succeeded.push(uid);
      } else if (index !== undefined && !plan.previousIndexes.has(index)) newIndexes.push(index);
    } else if ((isFailed(pod, job) || endsFailing) && !known.failed.has(uid) && (!isIndexed(job) || index !== undefined)) {
      if (judgeFailure(job.spec.podFailurePolicy, pod).action !== "Ignore") failed.push(uid);
    }
    full = newIndexes.length + succeeded.length + failed.length >= podsPerLookMax;
    if (full) break;
  }
  return { untrack, full, uncounted: { succeeded, failed }, succeededIndexes: plan.previousIndexes.with(newIndexes) };
}

function byIndex(pods: readonly Pod[], job: Job): readonly Pod[] {
  return [...pods].sort((a, b) => (indexOf(a, job) ?? -1) - (indexOf(b, job) ?? -1));
}

/** Ended Pods, unless a replacement has yet to learn of this failure; all Pods of a Job that ends or is being deleted. */
function mayUntrack(job: Job, plan: JobPlan, pod: Pod, ending: JobCondition | undefined): boolean {
  if (job.metadata.deletionTimestamp !== undefined || ending !== undefined || pod.status.phase === "Succeeded") return true;
  if (!isFailed(pod, job)) return false;
  if (!hasLimitPerIndex(job)) return true;
  const index = indexOf(pod, job);
  return index === undefined || plan.held.get(index)?.metadata.uid !== pod.metadata.uid;
}

interface Suspension {
  readonly conditions: readonly JobCondition[];
  readonly startTime: string | undefined;
  readonly event: "Suspended" | "Resumed";
}

/** Suspending takes the start time away, resuming sets it anew, so that the deadline counts only time in which the Job could run. */
function judgeSuspension(job: Job, now: Instant): Suspension | undefined {
  const conditions = job.status.conditions ?? [];
  const at = conditions.findIndex(({ type }) => type === "Suspended");
  const old = conditions[at];
  if (isSuspended(job)) {
    if (old?.status === "True") return undefined;
    const condition = newCondition("Suspended", "JobSuspended", "Job suspended", now);
    return { conditions: old ? conditions.with(at, condition) : [...conditions, condition], startTime: undefined, event: "Suspended" };
  }
  if (old?.status !== "True") return undefined;
  const condition = newCondition("Suspended", "JobResumed", "Job resumed", now, "False");
  return { conditions: conditions.with(at, condition), startTime: formatTime(now), event: "Resumed" };
}

type StatusParts = { readonly [Key in keyof JobStatus]: JobStatus[Key] | undefined };

/** Fields in the order of the type; counters of zero and empty texts left out where the API leaves them out. */
function buildStatus(parts: StatusParts): JobStatus {
  const { succeeded = [], failed = [] } = parts.uncountedTerminatedPods ?? {};
  return {
    ...(parts.conditions?.length ? { conditions: parts.conditions } : {}),
    ...(parts.startTime === undefined ? {} : { startTime: parts.startTime }),
    ...(parts.completionTime === undefined ? {} : { completionTime: parts.completionTime }),
    ...(parts.active ? { active: parts.active } : {}),
    ...(parts.succeeded ? { succeeded: parts.succeeded } : {}),
    ...(parts.failed ? { failed: parts.failed } : {}),
    ...(parts.terminating === undefined ? {} : { terminating: parts.terminating }),
    ...(parts.completedIndexes ? { completedIndexes: parts.completedIndexes } : {}),
    ...(parts.failedIndexes === undefined ? {} : { failedIndexes: parts.failedIndexes }),
    uncountedTerminatedPods: { ...(succeeded.length === 0 ? {} : { succeeded }), ...(failed.length === 0 ? {} : { failed }) },
    ...(parts.ready === undefined ? {} : { ready: parts.ready }),
  };
}
