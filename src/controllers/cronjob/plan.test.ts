import { describe, expect, it } from "vitest";
import fc from "fast-check";
import type { Instant } from "../../base/environment.ts";
import { formatTime, parseTime } from "../../base/time.ts";
import type { Partially } from "../../base/json.ts";
import type { CronJob, CronJobSpec, CronJobStatus, Job } from "../../api/types/batch-v1.ts";
import { finishedCondition, planCronJob, scheduledKey, withRun, withoutActive } from "./plan.ts";
import type { CronJobPlan } from "./plan.ts";
import { readSchedule } from "./schedule.ts";

const start = Date.UTC(2026, 0, 1);
const at = (text: string): Instant => parseTime(text) as Instant;

function makeCronJob(spec: Partially<CronJobSpec>, status: CronJobStatus = {}): CronJob {
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: "tick", namespace: "default", uid: "cron-uid", creationTimestamp: formatTime(start), resourceVersion: "1" },
    spec: { schedule: "* * * * *", concurrencyPolicy: "Allow", successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1, jobTemplate: { metadata: {}, spec: {} }, ...spec },
    status,
  } as unknown as CronJob;
}

function plan(cronJob: CronJob, now: Instant, jobs: readonly Job[] = [], gone: readonly string[] = []): CronJobPlan {
  return planCronJob({ cronJob, jobs, gone: new Set(gone), read: readSchedule(cronJob), now });
}

function makeJob(name: string, options: { condition?: "Complete" | "Failed"; at?: Instant; scheduled?: boolean } = {}): Job {
  const { condition, scheduled = true } = options;
  const time = formatTime(options.at ?? start);
  const conditions = condition === undefined ? [] : [{ type: condition, status: "True", lastTransitionTime: time }];
  return {
    metadata: { name, namespace: "default", uid: `uid-${name}`, ...(scheduled ? { annotations: { [scheduledKey]: "x" } } : {}) },
    spec: {},
    status: { conditions, startTime: time, ...(condition === "Complete" ? { completionTime: time } : {}) },
  } as unknown as Job;
}

const reference = (name: string) => ({ kind: "Job", name, uid: `uid-${name}` });
const reasons = (made: CronJobPlan) => made.told.map(({ reason, message }) => `${reason} ${message}`);

describe("plan of a CronJob", () => {
  it("starts a run at its minute, and wakes for the next", () => {
    const early = plan(makeCronJob({}), start + 59_000);
    expect(early).toMatchObject({ run: undefined, again: start + 60_000 });
    const due = plan(makeCronJob({}), start + 60_000);
    expect(due).toMatchObject({ run: { name: "tick-29453761", scheduledAt: start + 60_000 }, again: start + 120_000 });
  });

  it("makes up for the last of several missed runs only", () => {
    expect(plan(makeCronJob({}), start + 5 * 60_000 + 30_000).run?.scheduledAt).toBe(start + 5 * 60_000);
    const status = { lastScheduleTime: formatTime(start + 5 * 60_000) };
    expect(plan(makeCronJob({}, status), start + 5 * 60_000 + 30_000).run).toBeUndefined();
  });

  it("warns of more than 100 missed runs and starts the last", () => {
    const made = plan(makeCronJob({}), start + 101 * 60_000);
    expect(reasons(made)).toEqual(["TooManyMissedTimes too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"]);
    expect(made.run?.scheduledAt).toBe(start + 101 * 60_000);
    expect(reasons(plan(makeCronJob({}), start + 100 * 60_000))).toEqual([]);
  });

  it("does not look further back than the starting deadline", () => {
    const strict = makeCronJob({ schedule: "*/10 * * * *", startingDeadlineSeconds: 30 });
    expect(plan(strict, start + 10 * 60_000 + 29_000).run?.scheduledAt).toBe(start + 10 * 60_000);
    expect(plan(strict, start + 10 * 60_000 + 31_000)).toMatchObject({ run: undefined, again: start + 20 * 60_000 });
  });

  it("holds back under Forbid, replaces under Replace, adds under Allow", () => {
    const status = { active: [reference("tick-1")], lastScheduleTime: formatTime(start) };
    const jobs = [makeJob("tick-1")];
    const forbid = plan(makeCronJob({ concurrencyPolicy: "Forbid" }, status), start + 60_000, jobs);
    expect(forbid).toMatchObject({ run: undefined, again: start + 120_000 });
    expect(reasons(forbid)).toEqual(["JobAlreadyActive Not starting job because prior execution is running and concurrency policy is Forbid"]);
    expect(plan(makeCronJob({ concurrencyPolicy: "Replace" }, status), start + 60_000, jobs)).toMatchObject({ replace: [{ name: "tick-1" }], run: { scheduledAt: start + 60_000 } });
    expect(plan(makeCronJob({}, status), start + 60_000, jobs)).toMatchObject({ replace: [], run: { scheduledAt: start + 60_000 } });
  });

  it("holds back under Forbid for a run that the status forgot, not for a Job made by hand", () => {
    const cronJob = makeCronJob({ concurrencyPolicy: "Forbid" });
    expect(plan(cronJob, start + 60_000, [makeJob("tick-1")]).run).toBeUndefined();
    expect(plan(cronJob, start + 60_000, [makeJob("manual", { scheduled: false })]).run).toBeDefined();
  });

  it("notes under Forbid the run that is due, where somebody made its Job and did not live to say so", () => {
    const cronJob = makeCronJob({ concurrencyPolicy: "Forbid" });
    const due = plan(cronJob, start + 60_000).run?.name ?? "";
    expect(plan(cronJob, start + 60_000, [makeJob(due)]).run).toMatchObject({ name: due, scheduledAt: start + 60_000 });
    expect(plan(cronJob, start + 60_000, [makeJob(due), makeJob("tick-1")]).run).toBeUndefined();
  });

  it("notes finished, missing and unexpected Jobs", () => {
    const done = makeJob("tick-1", { condition: "Complete", at: start + 30_000 });
    const made = plan(makeCronJob({ suspend: true }, { active: [reference("tick-1"), reference("tick-2")] }), start + 60_000, [done, makeJob("manual", { scheduled: false })], ["uid-tick-2"]);
    expect(reasons(made)).toEqual([
      "SawCompletedJob Saw completed job: tick-1, condition: Complete",
      "UnexpectedJob Saw a job that the controller did not create or forgot: manual",
      "MissingJob Active job went missing: tick-2",
    ]);
    expect(made.status).toEqual({ lastSuccessfulTime: formatTime(start + 30_000) });
    expect(made.run).toBeUndefined();
  });

  it("clears away the oldest finished Jobs beyond the limits", () => {
    const complete = [5, 3, 4, 1, 2].map((n) => makeJob(`tick-${n}`, { condition: "Complete", at: start + n * 60_000 }));
    const failed = [6, 7].map((n) => makeJob(`tick-${n}`, { condition: "Failed", at: start + n * 60_000 }));
    const made = plan(makeCronJob({ suspend: true }), start, [...complete, ...failed]);
    expect(made.clear.map(({ metadata }) => metadata.name)).toEqual(["tick-1", "tick-2", "tick-6"]);
    expect(plan(makeCronJob({ suspend: true, successfulJobsHistoryLimit: 0 }), start, complete).clear).toHaveLength(5);
  });

  it.each([
    [{ schedule: "0 0 31 2 *" }, "InvalidSchedule invalid schedule: 0 0 31 2 * : time difference between two schedules is less than 1 second"],
    [{ schedule: "nonsense" }, 'UnparseableSchedule unparseable schedule: "nonsense" : expected exactly 5 fields, found 1: [nonsense]'],
    [{ timeZone: "Nowhere/City" }, 'UnknownTimeZone invalid timeZone: "Nowhere/City": unknown time zone Nowhere/City'],
  ])("tells what is wrong with %o", (spec, expected) => {
    const made = plan(makeCronJob(spec), start + 60_000);
    expect(reasons(made)).toEqual([expected]);
    expect(made).toMatchObject({ run: undefined, again: undefined });
  });

  it("follows the time zone", () => {
    expect(plan(makeCronJob({ schedule: "0 6 * * *", timeZone: "Asia/Tokyo" }), start).again).toBe(at("2026-01-01T21:00:00Z"));
  });
});

/** Carries plans out in memory, wakes exactly when asked, and ends Jobs when told. */
class World {
  cronJob: CronJob;
  jobs: Job[] = [];
  now = start;
  readonly runs: string[] = [];

  constructor(spec: Partially<CronJobSpec>) {
    this.cronJob = makeCronJob(spec);
  }

  look(): Instant | undefined {
    const made = plan(this.cronJob, this.now, this.jobs);
    let status = made.status;
    for (const { uid = "" } of made.replace) {
      this.jobs = this.jobs.filter(({ metadata }) => metadata.uid !== uid);
      status = withoutActive(status, uid);
    }
    if (made.run) {
      this.runs.push(made.run.name);
      this.jobs.push(makeJob(made.run.name, { at: this.now }));
      status = withRun(status, reference(made.run.name), made.run.scheduledAt);
    }
    this.jobs = this.jobs.filter((job) => !made.clear.includes(job));
    this.cronJob = { ...this.cronJob, status };
    return made.again;
  }

  unfinished(): readonly Job[] {
    return this.jobs.filter((job) => finishedCondition(job) === undefined);
  }

  finish(number: number, condition: "Complete" | "Failed"): void {
    const job = this.unfinished()[number];
    if (job) this.jobs = this.jobs.map((each) => (each === job ? makeJob(job.metadata.name, { condition, at: this.now }) : each));
  }
}

const story = fc.array(fc.tuple(fc.constantFrom("tick", "tick", "tick", "complete", "fail", "wait"), fc.nat(5)), { maxLength: 60 });

describe("runs of a CronJob", () => {
  it("are one per tick under Allow, at most one unfinished under Forbid and Replace, each name once", () => {
    fc.assert(
      fc.property(story, fc.constantFrom("Allow" as const, "Forbid" as const, "Replace" as const), fc.constantFrom("* * * * *", "*/5 * * * *"), (events, policy, schedule) => {
        const world = new World({ schedule, concurrencyPolicy: policy });
        let again = world.look();
        let ticks = 0;
        for (const [what, number] of events) {
          if (what === "tick" && again !== undefined) {
            world.now = Math.max(world.now, again);
            ticks++;
          } else if (what === "wait") world.now = Math.min(world.now + number * 1000, (again ?? Infinity) - 1);
          else world.finish(number, what === "fail" ? "Failed" : "Complete");
          again = world.look();
          if (policy !== "Allow") expect(world.unfinished().length).toBeLessThanOrEqual(1);
          expect(again).toBeGreaterThan(world.now);
        }
        expect(new Set(world.runs).size).toBe(world.runs.length);
        if (policy === "Allow") expect(world.runs).toHaveLength(ticks);
      }),
      { numRuns: 300 },
    );
  });

  it("leave nothing to do until the next tick", () => {
    const world = new World({});
    world.now = start + 60_000;
    world.look();
    const before = world.cronJob.status;
    world.now += 30_000;
    world.look();
    expect(world.cronJob.status).toEqual(before);
    expect(world.runs).toHaveLength(1);
  });
});
