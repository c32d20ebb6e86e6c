import type { Instant } from "../../base/environment.ts";
import { formatTime, parseTime } from "../../base/time.ts";
import type { Job, JobCondition, JobStatus, SuccessPolicy } from "../../api/types/batch-v1.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import { isPodActive, isPodReady, isPodTerminal } from "../pod-status.ts";
import type { Backoff } from "./backoff.ts";
import { backoffEnds, backoffMs, finishedAt, nextBackoff } from "./backoff.ts";
import { CompletionIndexes } from "./completion-indexes.ts";
import { judgeFailure } from "./failure-policy.ts";
import type { NewPod } from "./job-pods.ts";
import { failuresBefore, freeName, hasLimitPerIndex, indexOf, isFailed, isIndexed, isSuspended, isTracked, waitsForEnd } from "./job-pods.ts";
import { inRemovalOrder } from "./removal-order.ts";

/**
 * What a Job needs now, decided from one view: which Pods to delete, which to make, whether it has come to its end. Counting is
 * the second half of the decision (`tracking.ts`), after the controller has carried this out. Never wants more Pods than
 * parallelism or than are missing, and wants nothing when the Job stands as it should.
 */
export interface JobView {
  readonly job: Job;
  /** All that the Job controls, in a fixed order; with every write of this controller already in it. */
  readonly pods: readonly Pod[];
  readonly now: Instant;
  readonly backoff: Backoff;
  /** Whether a Pod of this Job has, or ever had, this name. */
  readonly isUsed: (name: string) => boolean;
  /** Below this ordinal all names of a Job without indexes are used (saves looking again). */
  readonly firstOrdinal?: number;
}

export interface JobPlan {
  /** Of the view. */
  readonly active: readonly Pod[];
  readonly terminating: number;
  readonly backoff: Backoff;
  /** Active Pods to delete. `untrack`: take the tracking finalizer off first, they shall not be counted. */
  readonly remove: readonly Pod[];
  readonly untrack: boolean;
  readonly make: readonly NewPod[];
  readonly firstOrdinal: number;
  /** The Job ends: by this condition, interim (SuccessCriteriaMet, FailureTarget) or final (Failed after FailureTarget). */
  readonly ending: JobCondition | undefined;
  /** The Pod count was judged: the Suspended condition may follow. */
  readonly managed: boolean;
  readonly succeeded: number;
  readonly previousIndexes: CompletionIndexes;
  readonly succeededIndexes: CompletionIndexes;
  readonly failedIndexes: CompletionIndexes | undefined;
  /** Failed Pods, by index, that keep their finalizer until a replacement carries their failure count on. */
  readonly held: ReadonlyMap<number, Pod>;
  readonly again: Instant | undefined;
}

/** Pods made or deleted per look, and Pods waiting to be counted in the status: upstream's 500 both. */
export const podsPerLookMax = 500;

export function newCondition(type: string, reason: string, message: string, now: Instant, status = "True"): JobCondition {
  return { type, status, lastProbeTime: formatTime(now), lastTransitionTime: formatTime(now), reason, message };
}

export function hasCondition(status: JobStatus, type: string): boolean {
  return status.conditions?.some((condition) => condition.type === type && condition.status === "True") === true;
}

export function isFinished(job: Job): boolean {
  return hasCondition(job.status, "Complete") || hasCondition(job.status, "Failed");
}

export function planJob(view: JobView): JobPlan {
  const { job, pods } = view;
  const counts = countPods(view);
  const active = pods.filter(isPodActive);
  const terminating = pods.filter((pod) => pod.metadata.deletionTimestamp !== undefined && !isPodTerminal(pod)).length;
  const indexes = judgeIndexes(view, active, counts.succeeded);
  const plan: JobPlan = {
    active,
    terminating,
    backoff: nextBackoff(view.backoff, counts.newSucceeded, counts.newFailed),
    remove: [],
    untrack: false,
    make: [],
    firstOrdinal: view.firstOrdinal ?? 0,
    ending: undefined,
    managed: false,
    ...indexes,
    again: undefined,
  };
  const ending = judgeEnd(view, counts.failed, indexes);
  if (ending) return { ...plan, remove: active, ending };
  const deadline = deadlineOf(job);
  const next = { ...plan, again: deadline };
  if (job.metadata.deletionTimestamp !== undefined) return { ...next, ending: completion(next, active.length, view) };
  const managed = isSuspended(job) ? { ...next, remove: removable(job, active, active.length), untrack: true } : manage(view, next);
  const left = active.length - managed.remove.length + managed.make.length;
  return { ...managed, managed: true, ending: completion(managed, left, view) };
}

interface Counts {
  readonly newSucceeded: readonly Pod[];
  readonly newFailed: readonly Pod[];
  readonly succeeded: number;
  readonly failed: number;
}

/** What has ended, counted in the status, waiting there to be counted, or newly seen. */
function countPods({ job, pods }: JobView): Counts {
  const uncounted = job.status.uncountedTerminatedPods ?? {};
  const newly = (known: readonly string[] = [], ended: (pod: Pod) => boolean) =>
    pods.filter((pod) => isTracked(pod) && !known.includes(pod.metadata.uid) && (!isIndexed(job) || indexOf(pod, job) !== undefined) && ended(pod));
  const newSucceeded = newly(uncounted.succeeded, (pod) => pod.status.phase === "Succeeded");
  const newFailed = newly(uncounted.failed, (pod) => isFailed(pod, job));
  const counting = newFailed.filter((pod) => judgeFailure(job.spec.podFailurePolicy, pod).action !== "Ignore").length;
  return {
    newSucceeded,
    newFailed,
    succeeded: (job.status.succeeded ?? 0) + newSucceeded.length + (uncounted.succeeded?.length ?? 0),
    failed: (job.status.failed ?? 0) + counting + (uncounted.failed?.length ?? 0),
  };
}

type Indexes = Pick<JobPlan, "succeeded" | "previousIndexes" | "succeededIndexes" | "failedIndexes" | "held">;

function judgeIndexes({ job, pods }: JobView, active: readonly Pod[], succeeded: number): Indexes {
  const none = CompletionIndexes.none;
  if (!isIndexed(job)) return { succeeded, previousIndexes: none, succeededIndexes: none, failedIndexes: undefined, held: new Map() };
  const completions = job.spec.completions ?? 0;
  const indexesOf = (chosen: (pod: Pod) => boolean) => pods.flatMap((pod) => (isTracked(pod) && chosen(pod) ? (indexOf(pod, job) ?? []) : []));
  const previousIndexes = CompletionIndexes.parse(job.status.completedIndexes, completions);
  const succeededIndexes = previousIndexes.with(indexesOf((pod) => pod.status.phase === "Succeeded"));
  if (!hasLimitPerIndex(job)) return { succeeded: succeededIndexes.total, previousIndexes, succeededIndexes, failedIndexes: undefined, held: new Map() };
  const failedIndexes = CompletionIndexes.parse(job.status.failedIndexes, completions).with(indexesOf((pod) => failsIndex(job, pod)));
  const held = heldPods(job, pods, active, succeededIndexes.and(failedIndexes));
  return { succeeded: succeededIndexes.total, previousIndexes, succeededIndexes, failedIndexes, held };
}

function failsIndex(job: Job, pod: Pod): boolean {
  if (!isFailed(pod, job)) return false;
  const { action } = judgeFailure(job.spec.podFailurePolicy, pod);
  return action === "FailIndex" || (action !== "Ignore" && failuresBefore(pod).counted >= (job.spec.backoffLimitPerIndex ?? 0));
}

function heldPods(job: Job, pods: readonly Pod[], active: readonly Pod[], settled: CompletionIndexes): ReadonlyMap<number, Pod> {
  const running = new Set(active.map((pod) => indexOf(pod, job)));
  const failures = (pod: Pod) => failuresBefore(pod).counted + failuresBefore(pod).ignored;
  const held = new Map<number, Pod>();
  for (const pod of pods) {
    const index = indexOf(pod, job);
    if (index === undefined || !isTracked(pod) || !isFailed(pod, job) || running.has(index) || settled.has(index)) continue;
    const other = held.get(index);
    if (!other || (failures(other) <= failures(pod) && finishedAt(pod) >= finishedAt(other))) held.set(index, pod);
  }
  return held;
}

/** Whether the Job ends for a reason other than having enough successes. What was decided once stays decided. */
function judgeEnd(view: JobView, failed: number, indexes: Indexes): JobCondition | undefined {
  const { job, pods, now } = view;
  const { conditions = [] } = job.status;
  const decided = conditions.find(({ type, status }) => type === "SuccessCriteriaMet" && status === "True");
  if (decided) return decided;
  const target = conditions.find(({ type, status }) => type === "FailureTarget" && status === "True");
  if (target) return newCondition("Failed", target.reason ?? "", target.message ?? "", now);
  const fail = (reason: string, message: string) => newCondition("FailureTarget", reason, message, now);
  for (const pod of pods) {
    if (!job.spec.podFailurePolicy || !isFailed(pod, job)) continue;
    const { message } = judgeFailure(job.spec.podFailurePolicy, pod);
    if (message !== undefined) return fail("PodFailurePolicy", message);
  }
  if (failed > (job.spec.backoffLimit ?? 6) || tooManyRestarts(job, pods)) return fail("BackoffLimitExceeded", "Job has reached the specified backoff limit");
  const deadline = deadlineOf(job);
  if (deadline !== undefined && deadline <= now) return fail("DeadlineExceeded", "Job was active longer than specified deadline");
  const { failedIndexes, succeededIndexes } = indexes;
  if (failedIndexes) {
    if (job.spec.maxFailedIndexes !== undefined && failedIndexes.total > job.spec.maxFailedIndexes) {
      return fail("MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes");
    }
    if (failedIndexes.total > 0 && failedIndexes.total + succeededIndexes.total >= (job.spec.completions ?? 0)) return fail("FailedIndexes", "Job has failed indexes");
  }
  const rule = isIndexed(job) ? matchedSuccessRule(job.spec.successPolicy, job.spec.completions ?? 0, succeededIndexes) : undefined;
  return rule === undefined ? undefined : newCondition("SuccessCriteriaMet", "SuccessPolicy", `Matched rules at index ${rule}`, now);
}

/** With restartPolicy OnFailure the kubelet restarts containers, and those restarts count against the limit. */
function tooManyRestarts(job: Job, pods: readonly Pod[]): boolean {
  if (job.spec.template.spec.restartPolicy !== "OnFailure") return false;
  let restarts = 0;
  for (const { status } of pods) {
    if (status.phase !== "Running" && status.phase !== "Pending") continue;
    for (const { restartCount } of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) restarts += restartCount;
  }
  const limit = job.spec.backoffLimit ?? 6;
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

/** The instant at which a running Job has been active for too long. */
function deadlineOf(job: Job): Instant | undefined {
  const { activeDeadlineSeconds } = job.spec;
  if (activeDeadlineSeconds === undefined || isSuspended(job) || job.status.startTime === undefined) return undefined;
  const start = parseTime(job.status.startTime);
  return start === undefined ? undefined : start + activeDeadlineSeconds * 1000;
}

function matchedSuccessRule(policy: SuccessPolicy | undefined, completions: number, succeeded: CompletionIndexes): number | undefined {
  if (!policy || succeeded.total === 0) return undefined;
  const rule = policy.rules.findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined) return succeededCount !== undefined && succeeded.total >= succeededCount;
    const wanted = CompletionIndexes.parse(succeededIndexes, completions);
    return wanted.total > 0 && wanted.countIn(succeeded) >= (succeededCount ?? wanted.total);
  });
  return rule < 0 ? undefined : rule;
}

/** SuccessCriteriaMet when there are enough successes and no Pod is left active. */
function completion(plan: JobPlan, active: number, { job, now }: JobView): JobCondition | undefined {
  const enough = job.spec.completions === undefined ? plan.succeeded > 0 : plan.succeeded >= job.spec.completions;
  return enough && active === 0 ? newCondition("SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods", now) : undefined;
}

/** Brings the number of Pods to what it should be: deletes or makes, never both in one look. */
function manage(view: JobView, plan: JobPlan): JobPlan {
  const { job, now } = view;
  const parallelism = job.spec.parallelism ?? 1;
  const active = plan.active.length;
  const wanted =
    job.spec.completions === undefined ? (plan.succeeded > 0 ? active : parallelism) : Math.max(0, Math.min(job.spec.completions - plan.succeeded, parallelism));
  const remove = removable(job, plan.active, Math.max(0, active - wanted)).slice(0, podsPerLookMax);
  if (remove.length > 0) return { ...plan, remove, untrack: true };
  const missing = wanted - active - (waitsForEnd(job) ? plan.terminating : 0);
  if (missing <= 0) return plan;
  if (!hasLimitPerIndex(job) && backoffEnds(plan.backoff) > now) return { ...plan, again: earlier(plan.again, backoffEnds(plan.backoff)) };
  const count = Math.min(missing, podsPerLookMax);
  const made = isIndexed(job) ? makeIndexed(view, plan, count) : makePlain(view, plan, count);
  return missing > count ? { ...made, again: now } : made;
}

function makePlain(view: JobView, plan: JobPlan, count: number): JobPlan {
  const names = new Set<string>();
  const make: NewPod[] = [];
  let firstOrdinal = plan.firstOrdinal;
  for (let from = firstOrdinal; make.length < count; ) {
    const { name, ordinal } = freeName(view.job, undefined, (candidate) => names.has(candidate) || view.isUsed(candidate), from);
    if (make.length === 0) firstOrdinal = ordinal;
    names.add(name);
    make.push({ name, index: undefined, failures: undefined });
    from = ordinal + 1;
  }
  return { ...plan, make, firstOrdinal };
}

function makeIndexed(view: JobView, plan: JobPlan, count: number): JobPlan {
  const { job, now } = view;
  const busyPods = waitsForEnd(job) ? view.pods.filter((pod) => !isPodTerminal(pod)) : plan.active;
  const busy = busyPods.flatMap((pod) => indexOf(pod, job) ?? []);
  const settled = plan.failedIndexes ? plan.succeededIndexes.and(plan.failedIndexes) : plan.succeededIndexes;
  const pending = settled.with(busy).missing(count, job.spec.completions ?? 0);
  const ready = pending.filter((index) => startsAt(plan, index) <= now);
  if (ready.length === 0 && pending.length > 0) return { ...plan, again: earlier(plan.again, Math.min(...pending.map((index) => startsAt(plan, index)))) };
  const make = ready.map((index) => ({
    name: freeName(job, index, view.isUsed).name,
    index,
    failures: hasLimitPerIndex(job) ? failuresAfter(job, plan.held.get(index)) : undefined,
  }));
  return { ...plan, make };
}

/** When an index that failed may be tried again. */
function startsAt(plan: JobPlan, index: number): Instant {
  const replaced = plan.held.get(index);
  if (!replaced) return -Infinity;
  const { counted, ignored } = failuresBefore(replaced);
  return finishedAt(replaced) + backoffMs(counted + ignored + 1);
}

function failuresAfter(job: Job, replaced: Pod | undefined): { counted: number; ignored: number } {
  if (!replaced) return { counted: 0, ignored: 0 };
  const { counted, ignored } = failuresBefore(replaced);
  const isIgnored = judgeFailure(job.spec.podFailurePolicy, replaced).action === "Ignore";
  return isIgnored ? { counted, ignored: ignored + 1 } : { counted: counted + 1, ignored };
}

/** At least `count` Pods to give up, and of an Indexed Job all whose index is not asked for or has another Pod already. */
function removable(job: Job, active: readonly Pod[], count: number): readonly Pod[] {
  if (!isIndexed(job)) return count === 0 ? [] : inRemovalOrder(active).slice(0, count);
  const byIndex = Map.groupBy(active, (pod) => indexOf(pod, job));
  const surplus = [...byIndex].flatMap(([index, pods]) => (index === undefined ? pods : inRemovalOrder(pods).slice(0, -1)));
  if (surplus.length >= count) return surplus;
  const left = active.filter((pod) => !surplus.includes(pod));
  return [...surplus, ...inRemovalOrder(left).slice(0, count - surplus.length)];
}

function earlier(a: Instant | undefined, b: Instant): Instant {
  return a === undefined ? b : Math.min(a, b);
}

/** Of these Pods, how many are Ready. */
export function readyAmong(pods: readonly Pod[]): number {
  return pods.filter(isPodReady).length;
}
