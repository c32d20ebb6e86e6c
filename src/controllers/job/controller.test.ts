import { describe, expect, it } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../test/in-process-server.ts";
import { PlayedNodes } from "../../../test/played-nodes.ts";
import { events, jobs, pods } from "../../api/kinds.ts";
import type { Job, JobSpec, JobStatus } from "../../api/types/batch-v1.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { Partially } from "../../base/json.ts";
import { startJobController } from "./controller.ts";

interface World extends InProcessServer {
  readonly nodes: PlayedNodes;
  /** The Job's statuses in order, as the watch showed them, uids shortened to their Pod's phase. */
  readonly statuses: JobStatus[];
  create(name: string, spec: Partially<JobSpec>): Promise<Job>;
  job(name: string): Promise<Job>;
  own(name: string): Promise<readonly Pod[]>;
  told(): Promise<readonly string[]>;
}

async function startWorld(): Promise<World> {
  const server = await startInProcessServer();
  const played = new PlayedNodes(server);
  await played.join("node-1");
  startJobController(server.context);
  await server.settle();
  const statuses: JobStatus[] = [];
  server.client.watch(jobs, { resourceVersion: "0" }, { event: ({ type, object }) => void (type === "MODIFIED" && statuses.push(object.status)), ended: () => undefined });
  return {
    ...server,
    nodes: played,
    statuses,
    async create(name, spec) {
      const template = { metadata: {}, spec: { containers: [{ name: "c", image: "busybox" }], restartPolicy: "Never" }, ...spec.template };
      const job = await server.client.create<Job>(jobs, { metadata: { name, namespace: "default" }, spec: { ...spec, template } } as Partially<Job>);
      await server.settle();
      return job;
    },
    job: (name) => server.client.get(jobs, { namespace: "default", name }),
    async own(name) {
      return (await server.client.list(pods, { labelSelector: `batch.kubernetes.io/job-name=${name}` })).items;
    },
    async told() {
      return (await server.client.list(events)).items.filter(({ involvedObject }) => involvedObject.kind === "Job").map(({ type, reason, message, count }) => `${count} ${type} ${reason} ${message}`);
    },
  };
}

/** Ends a Pod as a kubelet does. */
async function end(world: World, pod: Pod, phase: "Succeeded" | "Failed", exitCode = phase === "Failed" ? 1 : 0): Promise<void> {
  const finishedAt = new Date(world.clock.now()).toISOString().replace(".000", "");
  const containerStatuses = [{ name: "c", image: "busybox", imageID: "", ready: false, restartCount: 0, lastState: {}, state: { terminated: { exitCode, finishedAt } } }];
  await world.client.patch(pods, pod.metadata, { type: "strategic", body: { status: { phase, containerStatuses, conditions: [{ type: "Ready", status: "False" }] } } }, { subresource: "status" });
  await world.settle();
}

async function running(world: World, name: string): Promise<readonly Pod[]> {
  await world.nodes.rounds();
  return (await world.own(name)).filter(({ status, metadata }) => status.phase === "Running" && metadata.deletionTimestamp === undefined);
}

function types(job: Job): readonly string[] {
  return job.status.conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`) ?? [];
}

describe("Job controller", () => {
  it("takes a Job to its end by the status writes that upstream makes", async () => {
    const world = await startWorld();
    await world.create("hello", {});
    const [pod] = await running(world, "hello");
    expect(pod?.metadata).toMatchObject({ generateName: "hello-", finalizers: ["batch.kubernetes.io/job-tracking"], labels: { "job-name": "hello" } });
    await world.advance(1000);
    await end(world, pod as Pod, "Succeeded");
    await world.advance(1000);
    const start = "2026-01-01T00:00:00Z";
    const at = "2026-01-01T00:00:02Z";
    const met = { type: "SuccessCriteriaMet", status: "True", lastProbeTime: at, lastTransitionTime: at, reason: "CompletionsReached", message: "Reached expected number of succeeded pods" };
    expect(world.statuses).toEqual([
      { startTime: start, active: 1, terminating: 0, uncountedTerminatedPods: {}, ready: 0 },
      { startTime: start, active: 1, terminating: 0, uncountedTerminatedPods: {}, ready: 1 },
      { conditions: [met], startTime: start, terminating: 0, uncountedTerminatedPods: { succeeded: [pod?.metadata.uid] }, ready: 0 },
      { conditions: [met, { ...met, type: "Complete" }], startTime: start, completionTime: at, succeeded: 1, terminating: 0, uncountedTerminatedPods: {}, ready: 0 },
    ]);
    expect((await world.own("hello"))[0]?.metadata.finalizers).toBeUndefined();
    expect(await world.told()).toEqual([`1 Normal SuccessfulCreate Created pod: ${pod?.metadata.name}`, "1 Normal Completed Job completed"]);
  });

  it("writes nothing when settled", async () => {
    const world = await startWorld();
    await world.create("quiet", { parallelism: 2, completions: 4 });
    await running(world, "quiet");
    await world.advance(5000);
    const writes = world.statuses.length;
    await world.advance(3_600_000);
    expect(world.statuses).toHaveLength(writes);
  });

  it("waits 10, 20, 40 s after failures and gives up after the limit", async () => {
    const world = await startWorld();
    await world.create("fails", { backoffLimit: 3 });
    const gaps: number[] = [];
    for (let i = 0; i < 4; i++) {
      const from = world.clock.now();
      while ((await running(world, "fails")).length === 0) await world.advance(1000);
      gaps.push((world.clock.now() - from) / 1000);
      for (const pod of await running(world, "fails")) await end(world, pod, "Failed");
    }
    await world.advance(2000);
    expect(gaps).toEqual([0, 10, 20, 40]);
    const job = await world.job("fails");
    expect(job.status.failed).toBe(4);
    expect(types(job)).toEqual(["FailureTarget=True BackoffLimitExceeded", "Failed=True BackoffLimitExceeded"]);
    expect(job.status.completionTime).toBeUndefined();
    expect((await world.told()).at(-1)).toBe("1 Warning BackoffLimitExceeded Job has reached the specified backoff limit");
  });

  it("counts two Pods that fail together as two", async () => {
    const world = await startWorld();
    await world.create("pair", { parallelism: 2, completions: 4, backoffLimit: 3 });
    for (const pod of await running(world, "pair")) await end(world, pod, "Failed");
    await world.advance(19_000);
    expect(await running(world, "pair")).toHaveLength(0);
    await world.advance(1000);
    expect(await running(world, "pair")).toHaveLength(2);
  });

  it("makes Indexed Pods with name, hostname, label, annotation and variable, one per index", async () => {
    const world = await startWorld();
    await world.create("ix", { completionMode: "Indexed", completions: 6, parallelism: 3 });
    const first = await running(world, "ix");
    expect(first.map(({ metadata }) => metadata.generateName)).toEqual(["ix-0-", "ix-1-", "ix-2-"]);
    expect(first[1]).toMatchObject({
      metadata: { annotations: { "batch.kubernetes.io/job-completion-index": "1" }, labels: { "batch.kubernetes.io/job-completion-index": "1" } },
      spec: { hostname: "ix-1", containers: [{ env: [{ name: "JOB_COMPLETION_INDEX", valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-completion-index']" } } }] }] },
    });
    await end(world, first[1] as Pod, "Succeeded");
    await world.advance(1000);
    expect((await world.job("ix")).status).toMatchObject({ active: 3, succeeded: 1, completedIndexes: "1" });
    for (let i = 0; i < 6; i++) {
      for (const pod of await running(world, "ix")) await end(world, pod, "Succeeded");
      await world.advance(1000);
    }
    expect((await world.job("ix")).status).toMatchObject({ succeeded: 6, completedIndexes: "0-5" });
    expect(await world.own("ix")).toHaveLength(6);
  });

  it("tries a failed index again by itself, with its own count, and ends with FailedIndexes", async () => {
    const world = await startWorld();
    await world.create("per", { completionMode: "Indexed", completions: 2, parallelism: 2, backoffLimitPerIndex: 1 });
    const [zero, one] = await running(world, "per");
    await end(world, zero as Pod, "Succeeded");
    await end(world, one as Pod, "Failed");
    await world.advance(1000);
    expect((await world.job("per")).status).toMatchObject({ succeeded: 1, completedIndexes: "0", failedIndexes: "", uncountedTerminatedPods: {} });
    await world.advance(9000);
    const [again] = await running(world, "per");
    expect(again?.metadata.annotations).toMatchObject({ "batch.kubernetes.io/job-index-failure-count": "1" });
    await world.advance(1000);
    expect((await world.job("per")).status.failed).toBe(1);
    await end(world, again as Pod, "Failed");
    await world.advance(2000);
    const job = await world.job("per");
    expect(job.status).toMatchObject({ failedIndexes: "1", failed: 2, succeeded: 1 });
    expect(types(job)).toEqual(["FailureTarget=True FailedIndexes", "Failed=True FailedIndexes"]);
  });

  it("ends at the deadline: Pods count as failed at once, the Job is Failed when they are gone", async () => {
    const world = await startWorld();
    await world.create("late", { activeDeadlineSeconds: 5, parallelism: 2, completions: 3 });
    await running(world, "late");
    await world.advance(5000);
    const going = await world.job("late");
    expect(types(going)).toEqual(["FailureTarget=True DeadlineExceeded"]);
    expect(going.status).toMatchObject({ failed: 2, terminating: 2, ready: 0 });
    for (const pod of await world.own("late")) await world.client.delete(pods, pod.metadata, { gracePeriodSeconds: 0 });
    await world.advance(1000);
    const job = await world.job("late");
    expect(types(job)).toEqual(["FailureTarget=True DeadlineExceeded", "Failed=True DeadlineExceeded"]);
    expect(job.status).toMatchObject({ failed: 2, terminating: 0 });
  });

  it("suspends without counting and resumes with a new start time", async () => {
    const world = await startWorld();
    await world.create("long", { parallelism: 2, completions: 2 });
    await running(world, "long");
    await world.advance(2000);
    await world.client.patch(jobs, { namespace: "default", name: "long" }, { type: "merge", body: { spec: { suspend: true } } });
    await world.settle();
    const held = await world.job("long");
    expect(types(held)).toEqual(["Suspended=True JobSuspended"]);
    expect(held.status.startTime).toBeUndefined();
    expect(held.status).toMatchObject({ terminating: 2, ready: 0 });
    await running(world, "long");
    await world.advance(3000);
    await world.client.patch(jobs, { namespace: "default", name: "long" }, { type: "merge", body: { spec: { suspend: false } } });
    const fresh = await running(world, "long");
    const job = await world.job("long");
    expect(types(job)).toEqual(["Suspended=False JobResumed"]);
    expect(job.status).toMatchObject({ startTime: "2026-01-01T00:00:05Z", active: 2 });
    expect(job.status.failed).toBeUndefined();
    expect(new Set([...fresh.map(({ metadata }) => metadata.name)]).size).toBe(2);
  });

  it("deletes and adds Pods when parallelism changes, under new names", async () => {
    const world = await startWorld();
    await world.create("elastic", { parallelism: 3, completions: 6 });
    const before = await running(world, "elastic");
    await world.client.patch(jobs, { namespace: "default", name: "elastic" }, { type: "merge", body: { spec: { parallelism: 1 } } });
    const less = await running(world, "elastic");
    expect(less).toHaveLength(1);
    await world.client.patch(jobs, { namespace: "default", name: "elastic" }, { type: "merge", body: { spec: { parallelism: 4 } } });
    const more = await running(world, "elastic");
    expect(more).toHaveLength(4);
    const names = new Set([...before, ...more].map(({ metadata }) => metadata.name));
    expect(names.size).toBe(3 + 3);
    expect((await world.job("elastic")).status.failed).toBeUndefined();
  });

  it("completes a work queue when one Pod has succeeded and all have ended", async () => {
    const world = await startWorld();
    await world.client.create<Job>(jobs, {
      metadata: { name: "queue", namespace: "default" },
      spec: { parallelism: 3, template: { metadata: {}, spec: { containers: [{ name: "c", image: "busybox" }], restartPolicy: "Never" } } },
    } as Partially<Job>);
    const [a, b, c] = await running(world, "queue");
    await end(world, a as Pod, "Succeeded");
    await end(world, b as Pod, "Failed");
    await world.advance(60_000);
    expect(await world.own("queue")).toHaveLength(3);
    expect(types(await world.job("queue"))).toEqual([]);
    await end(world, c as Pod, "Succeeded");
    await world.advance(1000);
    expect((await world.job("queue")).status).toMatchObject({ succeeded: 2, failed: 1 });
    expect(types(await world.job("queue"))).toEqual(["SuccessCriteriaMet=True CompletionsReached", "Complete=True CompletionsReached"]);
  });

  it("follows a success policy: the rest is ended, not failed", async () => {
    const world = await startWorld();
    await world.create("leader", { completionMode: "Indexed", completions: 4, parallelism: 4, successPolicy: { rules: [{ succeededIndexes: "0,2", succeededCount: 1 }] } });
    const [, , two] = await running(world, "leader");
    await end(world, two as Pod, "Succeeded");
    await world.advance(1000);
    expect((await world.job("leader")).status).toMatchObject({ succeeded: 1, terminating: 3, completedIndexes: "2", conditions: [{ type: "SuccessCriteriaMet", reason: "SuccessPolicy", message: "Matched rules at index 0" }] });
    await running(world, "leader");
    await world.advance(1000);
    const job = await world.job("leader");
    expect(types(job)).toEqual(["SuccessCriteriaMet=True SuccessPolicy", "Complete=True SuccessPolicy"]);
    expect(job.status.failed).toBeUndefined();
  });

  it("fails or ignores by a Pod failure policy", async () => {
    const world = await startWorld();
    const podFailurePolicy = {
      rules: [
        { action: "FailJob" as const, onExitCodes: { operator: "In" as const, values: [42] } },
        { action: "Ignore" as const, onExitCodes: { operator: "In" as const, values: [7] } },
      ],
    };
    await world.create("policy", { podFailurePolicy, backoffLimit: 0 });
    const [first] = await running(world, "policy");
    await end(world, first as Pod, "Failed", 7);
    await world.advance(10_000);
    const [second] = await running(world, "policy");
    expect(second?.metadata.uid).not.toBe(first?.metadata.uid);
    expect((await world.job("policy")).status.failed).toBeUndefined();
    await end(world, second as Pod, "Failed", 42);
    await world.advance(2000);
    expect((await world.job("policy")).status.conditions?.[0]).toMatchObject({
      type: "FailureTarget",
      reason: "PodFailurePolicy",
      message: `Container c for pod default/${second?.metadata.name} failed with exit code 42 matching FailJob rule at index 0`,
    });
  });

  it("replaces a deleted Pod and counts it as failed, after the back-off", async () => {
    const world = await startWorld();
    await world.create("del", {});
    const [pod] = await running(world, "del");
    await world.client.delete(pods, (pod as Pod).metadata);
    await world.advance(1000);
    expect((await world.job("del")).status).toMatchObject({ failed: 1 });
    await world.advance(10_000);
    const next = await running(world, "del");
    expect(next).toHaveLength(1);
    expect(next[0]?.metadata.name).not.toBe(pod?.metadata.name);
  });

  it("leaves Jobs of other controllers alone, and lets go of Pods whose Job is gone", async () => {
    const world = await startWorld();
    await world.create("foreign", { managedBy: "example.com/other" });
    expect(await world.own("foreign")).toHaveLength(0);
    await world.create("mine", {});
    await running(world, "mine");
    await world.client.delete(jobs, { namespace: "default", name: "mine" }, { propagationPolicy: "Background" });
    await world.settle();
    expect((await world.own("mine"))[0]?.metadata.finalizers).toBeUndefined();
  });
});
