import { describe, expect, it } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../test/in-process-server.ts";
import type { Partially } from "../../base/json.ts";
import { formatTime } from "../../base/time.ts";
import { cronJobs, events, jobs } from "../../api/kinds.ts";
import type { CronJob, CronJobSpec, Job } from "../../api/types/batch-v1.ts";
import { startCronJobController } from "./controller.ts";

const minuteMs = 60_000;
/** 2026-01-01T00:00:00Z in minutes since the epoch: what names of Jobs count from. */
const firstMinute = 29453760;

interface World extends InProcessServer {
  create(name: string, spec: Partially<CronJobSpec>): Promise<CronJob>;
  cronJob(name: string): Promise<CronJob>;
  names(): Promise<readonly string[]>;
  finish(name: string): Promise<void>;
  told(): Promise<readonly string[]>;
}

async function startWorld(): Promise<World> {
  const server = await startInProcessServer();
  startCronJobController(server.context);
  await server.settle();
  const template = { metadata: { labels: { app: "x" } }, spec: { template: { metadata: {}, spec: { containers: [{ name: "c", image: "busybox" }], restartPolicy: "Never" } } } };
  return {
    ...server,
    async create(name, spec) {
      const cronJob = { metadata: { name, namespace: "default" }, spec: { schedule: "* * * * *", jobTemplate: template, ...spec } };
      const made = await server.client.create<CronJob>(cronJobs, cronJob as Partially<CronJob>);
      await server.settle();
      return made;
    },
    cronJob: (name) => server.client.get(cronJobs, { namespace: "default", name }),
    async names() {
      return (await server.client.list(jobs)).items.map(({ metadata }) => metadata.name);
    },
    async finish(name) {
      const now = formatTime(server.clock.now());
      const condition = (type: string) => ({ type, status: "True", lastProbeTime: now, lastTransitionTime: now, reason: "CompletionsReached", message: "Reached expected number of succeeded pods" });
      const job = await server.client.get(jobs, { namespace: "default", name });
      const status = { ...job.status, startTime: job.metadata.creationTimestamp, completionTime: now, succeeded: 1, uncountedTerminatedPods: {}, conditions: [condition("SuccessCriteriaMet"), condition("Complete")] };
      await server.client.update<Job>(jobs, { ...job, status } as Job, { subresource: "status" });
      await server.settle();
    },
    async told() {
      return (await server.client.list(events)).items.map(({ type, reason, message, count }) => `${count} ${type} ${reason} ${message}`);
    },
  };
}

describe("CronJob controller", () => {
  it("makes a Job exactly at the minute, with labels, annotation and owner, and notes its end", async () => {
    const world = await startWorld();
    const made = await world.create("tick", {});
    await world.advance(minuteMs - 1);
    expect(await world.names()).toEqual([]);
    await world.advance(1);
    const name = `tick-${firstMinute + 1}`;
    const job = await world.client.get(jobs, { namespace: "default", name });
    expect(job.metadata).toMatchObject({
      creationTimestamp: "2026-01-01T00:01:00Z",
      labels: { app: "x" },
      annotations: { "batch.kubernetes.io/cronjob-scheduled-timestamp": "2026-01-01T00:01:00Z" },
      ownerReferences: [{ apiVersion: "batch/v1", kind: "CronJob", name: "tick", uid: made.metadata.uid, controller: true, blockOwnerDeletion: true }],
    });
    expect((await world.cronJob("tick")).status).toEqual({
      active: [{ kind: "Job", namespace: "default", name, uid: job.metadata.uid, apiVersion: "batch/v1", resourceVersion: job.metadata.resourceVersion }],
      lastScheduleTime: "2026-01-01T00:01:00Z",
    });
    await world.advance(2000);
    await world.finish(name);
    expect((await world.cronJob("tick")).status).toEqual({ lastScheduleTime: "2026-01-01T00:01:00Z", lastSuccessfulTime: "2026-01-01T00:01:02Z" });
    expect(await world.told()).toEqual([`1 Normal SuccessfulCreate Created job ${name}`, `1 Normal SawCompletedJob Saw completed job: ${name}, condition: Complete`]);
  });

  it("runs once a minute for an hour, and keeps three", async () => {
    const world = await startWorld();
    await world.create("tick", {});
    for (let minute = 1; minute <= 60; minute++) {
      await world.advance(minuteMs);
      await world.finish(`tick-${firstMinute + minute}`);
    }
    expect(await world.names()).toEqual([58, 59, 60].map((minute) => `tick-${firstMinute + minute}`));
    expect((await world.cronJob("tick")).status.lastScheduleTime).toBe("2026-01-01T01:00:00Z");
  });

  it("catches a tick up that Forbid held back, in the look that sees the end", async () => {
    const world = await startWorld();
    await world.create("slow", { concurrencyPolicy: "Forbid" });
    const active: number[] = [];
    world.client.watch(cronJobs, { resourceVersion: "0" }, { event: ({ type, object }) => void (type !== "BOOKMARK" && active.push(object.status.active?.length ?? 0)), ended: () => undefined });
    await world.advance(2 * minuteMs + 30_000);
    expect(await world.names()).toEqual([`slow-${firstMinute + 1}`]);
    await world.finish(`slow-${firstMinute + 1}`);
    expect(await world.names()).toEqual([`slow-${firstMinute + 1}`, `slow-${firstMinute + 2}`]);
    expect((await world.told()).filter((line) => line.includes("JobAlreadyActive"))).toEqual([
      "1 Normal JobAlreadyActive Not starting job because prior execution is running and concurrency policy is Forbid",
    ]);
    expect(active).toEqual([0, 1, 1]);
  });

  it("replaces under Replace: the old Job is deleted first", async () => {
    const world = await startWorld();
    await world.create("slow", { concurrencyPolicy: "Replace" });
    await world.advance(2 * minuteMs);
    expect(await world.names()).toEqual([`slow-${firstMinute + 2}`]);
    expect(await world.told()).toEqual([
      `1 Normal SuccessfulCreate Created job slow-${firstMinute + 1}`,
      `1 Normal SuccessfulDelete Deleted job slow-${firstMinute + 1}`,
      `1 Normal SuccessfulCreate Created job slow-${firstMinute + 2}`,
    ]);
  });

  it("suspends, and starts the last missed run when resumed", async () => {
    const world = await startWorld();
    await world.create("tick", { suspend: true });
    await world.advance(5 * minuteMs + 10_000);
    expect(await world.names()).toEqual([]);
    await world.client.patch(cronJobs, { namespace: "default", name: "tick" }, { type: "merge", body: { spec: { suspend: false } } });
    await world.settle();
    expect(await world.names()).toEqual([`tick-${firstMinute + 5}`]);
  });

  it("waits for the next run after a change of the schedule", async () => {
    const world = await startWorld();
    await world.create("tick", { schedule: "0 12 * * *" });
    await world.advance(7 * minuteMs);
    await world.client.patch(cronJobs, { namespace: "default", name: "tick" }, { type: "merge", body: { spec: { schedule: "*/5 * * * *" } } });
    await world.advance(2 * minuteMs);
    expect(await world.names()).toEqual([]);
    await world.advance(minuteMs);
    expect(await world.names()).toEqual([`tick-${firstMinute + 10}`]);
  });

  it("warns of a Job made by hand and does not run beside a stranger's Job of the same name", async () => {
    const world = await startWorld();
    const made = await world.create("tick", { suspend: true });
    const spec = made.spec.jobTemplate.spec;
    const ownerReferences = [{ apiVersion: "batch/v1", kind: "CronJob", name: "tick", uid: made.metadata.uid, controller: true }];
    await world.client.create<Job>(jobs, { metadata: { name: "manual", namespace: "default", ownerReferences }, spec } as Partially<Job>);
    await world.settle();
    expect(await world.told()).toEqual(["1 Warning UnexpectedJob Saw a job that the controller did not create or forgot: manual"]);
    await world.client.create<Job>(jobs, { metadata: { name: `other-${firstMinute + 1}`, namespace: "default" }, spec } as Partially<Job>);
    await world.create("other", {});
    await world.advance(3 * minuteMs);
    expect((await world.cronJob("other")).status).toEqual({});
  });

  it("does not run a minute again whose Job has ended, nor forgets one that nobody noted", async () => {
    const world = await startWorld();
    await world.create("tick", {});
    await world.advance(minuteMs);
    const back = { lastScheduleTime: "2026-01-01T00:00:00Z", active: [] };
    const forget = () => world.client.patch(cronJobs, { namespace: "default", name: "tick" }, { type: "merge", body: { status: back } }, { subresource: "status" });
    await forget();
    await world.settle();
    expect((await world.cronJob("tick")).status).toMatchObject({ lastScheduleTime: "2026-01-01T00:01:00Z", active: [{ name: `tick-${firstMinute + 1}` }] });
    await world.finish(`tick-${firstMinute + 1}`);
    await forget();
    await world.settle();
    expect((await world.cronJob("tick")).status).toMatchObject({ lastScheduleTime: "2026-01-01T00:00:00Z" });
    await world.advance(minuteMs);
    expect(await world.names()).toEqual([`tick-${firstMinute + 1}`, `tick-${firstMinute + 2}`]);
  });

  it("says in the annotation what the time is in the schedule's zone", async () => {
    const world = await startWorld();
    await world.create("tokyo", { schedule: "5 9 * * *", timeZone: "Asia/Tokyo" });
    await world.advance(5 * minuteMs);
    const job = await world.client.get(jobs, { namespace: "default", name: `tokyo-${firstMinute + 5}` });
    expect(job.metadata.annotations?.["batch.kubernetes.io/cronjob-scheduled-timestamp"]).toBe("2026-01-01T09:05:00+09:00");
  });
});
