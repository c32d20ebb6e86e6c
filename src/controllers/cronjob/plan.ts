import type { Instant } from "../../base/environment.ts";
import { civilFromInstant, formatTime, parseTime } from "../../base/time.ts";
import type { CronJob, CronJobStatus, Job } from "../../api/types/batch-v1.ts";
import type { ObjectReference } from "../../api/types/core-v1.ts";
import type { Schedule } from "../../base/cron.ts";
import type { ReadSchedule } from "./schedule.ts";

/**
 * What a CronJob needs now: what to note about its Jobs, which to replace, whether a run is due, which to clear away, when to
 * look again. Of several missed runs only the last is made up for. A run's Job is named after the CronJob and the minute, so a
 * minute never gets two; under Forbid no run is due while a Job of a run is unfinished.
 */
export interface CronJobView {
  readonly cronJob: CronJob;
  /** The Jobs it controls, in a fixed order. */
  readonly jobs: readonly Job[];
  /** Uids of active Jobs that exist no more. */
  readonly gone: ReadonlySet<string>;
  readonly read: ReadSchedule;
  readonly now: Instant;
}

export interface Told {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

export interface Run {
  readonly name: string;
  readonly scheduledAt: Instant;
}

export interface CronJobPlan {
  readonly told: readonly Told[];
  /** Before the run: what was seen of Jobs. */
  readonly status: CronJobStatus;
  /** Active Jobs to delete before the run. */
  readonly replace: readonly ObjectReference[];
  readonly run: Run | undefined;
  readonly clear: readonly Job[];
  readonly again: Instant | undefined;
}

/** Marks the Jobs that a schedule called for, with the time it named. */
export const scheduledKey = "batch.kubernetes.io/cronjob-scheduled-timestamp";
const missedMax = 100;

export function planCronJob(view: CronJobView): CronJobPlan {
  const { cronJob, jobs, read } = view;
  const told: Told[] = [];
  const status = seenStatus(view, told);
  const plan: CronJobPlan = { told, status, replace: [], run: undefined, clear: surplus(cronJob, jobs), again: undefined };
  if (cronJob.metadata.deletionTimestamp !== undefined) return plan;
  if (read.zoneProblem) told.push({ type: "Warning", ...read.zoneProblem });
  if (read.zoneProblem || cronJob.spec.suspend === true) return plan;
  if (read.problem) told.push({ type: "Warning", ...read.problem });
  return read.schedule ? { ...plan, ...judgeRun(view, read.schedule, status, told) } : plan;
}

export function finishedCondition(job: Job): "Complete" | "Failed" | undefined {
  const found = job.status.conditions?.find(({ type, status }) => (type === "Complete" || type === "Failed") && status === "True");
  return found?.type as "Complete" | "Failed" | undefined;
}

/** The status after a run has been started. */
export function withRun(status: CronJobStatus, reference: ObjectReference, scheduledAt: Instant): CronJobStatus {
  return orderStatus({ ...status, active: [...(status.active ?? []), reference], lastScheduleTime: formatTime(scheduledAt) });
}

export function withoutActive(status: CronJobStatus, uid: string): CronJobStatus {
  return orderStatus({ ...status, active: (status.active ?? []).filter((reference) => reference.uid !== uid) });
}

function orderStatus({ active, lastScheduleTime, lastSuccessfulTime }: CronJobStatus): CronJobStatus {
  return {
    ...(active?.length ? { active } : {}),
    ...(lastScheduleTime === undefined ? {} : { lastScheduleTime }),
    ...(lastSuccessfulTime === undefined ? {} : { lastSuccessfulTime }),
  };
}

/** Finished Jobs leave the active ones, the last success is noted; what is unexpected is told. */
function seenStatus({ cronJob, jobs, gone }: CronJobView, told: Told[]): CronJobStatus {
  let status = cronJob.status;
  for (const job of jobs) {
    const isActive = (status.active ?? []).some(({ uid }) => uid === job.metadata.uid);
    const condition = finishedCondition(job);
    if (!isActive && condition === undefined) {
      told.push({ type: "Warning", reason: "UnexpectedJob", message: `Saw a job that the controller did not create or forgot: ${job.metadata.name}` });
    } else if (isActive && condition !== undefined) {
      status = withoutActive(status, job.metadata.uid);
      told.push({ type: "Normal", reason: "SawCompletedJob", message: `Saw completed job: ${job.metadata.name}, condition: ${condition}` });
    }
    const { completionTime } = job.status;
    if (condition === "Complete" && completionTime !== undefined && isLater(completionTime, status.lastSuccessfulTime)) {
      status = orderStatus({ ...status, lastSuccessfulTime: completionTime });
    }
  }
  for (const { uid = "", name } of status.active ?? []) {
    if (!gone.has(uid)) continue;
    told.push({ type: "Normal", reason: "MissingJob", message: `Active job went missing: ${name}` });
    status = withoutActive(status, uid);
  }
  return status;
}

function isLater(time: string, than: string | undefined): boolean {
  return than === undefined || (parseTime(time) ?? 0) > (parseTime(than) ?? 0);
}

function judgeRun(view: CronJobView, schedule: Schedule, status: CronJobStatus, told: Told[]): Pick<CronJobPlan, "replace" | "run" | "again"> {
  const { cronJob, now } = view;
  const { startingDeadlineSeconds, concurrencyPolicy } = cronJob.spec;
  const since = parseTime(cronJob.status.lastScheduleTime ?? cronJob.metadata.creationTimestamp ?? "") ?? now;
  const earliest = startingDeadlineSeconds === undefined ? since : Math.max(since, now - startingDeadlineSeconds * 1000);
  const first = schedule.next(earliest);
  if (first === undefined) {
    told.push({ type: "Warning", reason: "InvalidSchedule", message: `invalid schedule: ${cronJob.spec.schedule} : time difference between two schedules is less than 1 second` });
    return { replace: [], run: undefined, again: undefined };
  }
  const again = schedule.next(schedule.latest(since, now) ?? since);
  const none = { replace: [], run: undefined, again };
  const scheduledAt = first > now ? undefined : schedule.latest(earliest, now);
  if (scheduledAt === undefined) return none;
  if (missed(schedule, first, now) > missedMax) {
    const message = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
    told.push({ type: "Warning", reason: "TooManyMissedTimes", message });
  }
  if (startingDeadlineSeconds !== undefined && scheduledAt + startingDeadlineSeconds * 1000 < now) {
    told.push({ type: "Warning", reason: "MissSchedule", message: `Missed scheduled time to start a job: ${formatMailTime(scheduledAt)}` });
    return none;
  }
  const name = runName(cronJob, scheduledAt);
  const active = status.active ?? [];
  if (active.some((reference) => reference.name === name)) return none;
  // This run's own Job, made by somebody who did not live to note it, is no other.
  const isOther = (job: Job): boolean => job.metadata.name !== name && isUnfinishedRun(job, view.gone);
  if (concurrencyPolicy === "Forbid" && (active.length > 0 || view.jobs.some(isOther))) {
    told.push({ type: "Normal", reason: "JobAlreadyActive", message: "Not starting job because prior execution is running and concurrency policy is Forbid" });
    return none;
  }
  return { replace: concurrencyPolicy === "Replace" ? active : [], run: { name, scheduledAt }, again };
}

/** A Job that a schedule called for, in the active list or (forgotten there) not. */
function isUnfinishedRun(job: Job, gone: ReadonlySet<string>): boolean {
  return job.metadata.annotations?.[scheduledKey] !== undefined && finishedCondition(job) === undefined && !gone.has(job.metadata.uid);
}

function runName(cronJob: CronJob, scheduledAt: Instant): string {
  return `${cronJob.metadata.name}-${Math.floor(scheduledAt / 60_000)}`;
}

/** How many runs the first interval says were missed (upstream's estimate; counting them all could take long). */
function missed(schedule: Schedule, first: Instant, now: Instant): number {
  const second = schedule.next(first);
  return second === undefined || now < second ? 1 : Math.floor((now - first) / (second - first)) + 1;
}

/** Finished Jobs beyond the history limits, the oldest first. Those that are being deleted already count as gone. */
function surplus(cronJob: CronJob, jobs: readonly Job[]): readonly Job[] {
  const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = cronJob.spec;
  const beyond = (condition: string, limit: number | undefined): readonly Job[] => {
    const found = jobs.filter((job) => finishedCondition(job) === condition && job.metadata.deletionTimestamp === undefined);
    return limit === undefined || found.length <= limit ? [] : [...found].sort(byStart).slice(0, found.length - limit);
  };
  return [...beyond("Complete", successfulJobsHistoryLimit), ...beyond("Failed", failedJobsHistoryLimit)];
}

/** By start time, Jobs that never started last; those of one second by name. */
function byStart(a: Job, b: Job): number {
  const start = ({ status }: Job): number => (status.startTime === undefined ? Infinity : (parseTime(status.startTime) ?? Infinity));
  if (start(a) !== start(b)) return start(a) - start(b);
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** RFC 1123 with a numeric zone: `Sat, 21 Nov 2026 09:38:00 +0000`. */
function formatMailTime(instant: Instant): string {
  const { weekday, day, month, year } = civilFromInstant(instant);
  return `${weekdays[weekday]}, ${String(day).padStart(2, "0")} ${months[month - 1]} ${year} ${formatTime(instant).slice(11, 19)} +0000`;
}
