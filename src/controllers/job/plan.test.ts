import { describe, expect, it } from "vitest";
import fc from "fast-check";
import type { Instant } from "../../base/environment.ts";
import { formatTime } from "../../base/time.ts";
import type { Draft, Partially } from "../../base/json.ts";
import type { Job, JobSpec } from "../../api/types/batch-v1.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { Backoff } from "./backoff.ts";
import { backoffMs, nextBackoff, noBackoff } from "./backoff.ts";
import { CompletionIndexes } from "./completion-indexes.ts";
import { buildPod, indexOf, trackingFinalizer } from "./job-pods.ts";
import { isFinished, planJob } from "./plan.ts";
import type { JobPlan, JobView } from "./plan.ts";
import { settleJob, trackJob } from "./tracking.ts";

const start = Date.UTC(2026, 0, 1);

function makeJob(spec: Partially<JobSpec>): Job {
  const template = { metadata: { labels: { app: "x" } }, spec: { containers: [{ name: "c", image: "busybox" }], restartPolicy: "Never" } };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "j", namespace: "default", uid: "job-uid", creationTimestamp: formatTime(start), resourceVersion: "1", generation: 1 },
    spec: { parallelism: 1, backoffLimit: 6, template, ...spec },
    status: {},
  } as unknown as Job;
}

/** A cluster of one Job in memory: carries plans out as the controller does, and plays kubelets. */
class World {
  job: Job;
  pods: Pod[] = [];
  now: Instant = start;
  backoff: Backoff = noBackoff;
  readonly used = new Set<string>();
  /** Uids of Pods that ended in success, in the order of their end; by index for Indexed Jobs. */
  readonly succeeded: string[] = [];
  private serial = 0;

  constructor(spec: Partially<JobSpec>) {
    this.job = makeJob(spec);
  }

  view(): JobView {
    return { job: this.job, pods: this.pods, now: this.now, backoff: this.backoff, isUsed: (name) => this.used.has(name) };
  }

  /** One look. `dies` says after which write the controller stops. */
  look(dies?: "before status" | "before finalizers" | "before counting"): JobPlan | undefined {
    if (isFinished(this.job)) return undefined;
    const view = this.view();
    const plan = planJob(view);
    for (const pod of plan.remove) this.remove(pod, plan.untrack);
    for (const made of plan.make) this.add(buildPod(this.job, made) as Pod);
    if (dies === "before status") return plan;
    const tracking = trackJob(view, plan, { removed: plan.remove, made: plan.make.length });
    this.job = { ...this.job, status: tracking.status };
    this.backoff = plan.backoff;
    if (dies === "before finalizers") return plan;
    const untracked = new Set(tracking.untrack.map(({ metadata }) => metadata.uid));
    this.pods = this.pods.map((pod) => (untracked.has(pod.metadata.uid) ? withoutFinalizer(pod) : pod));
    if (dies === "before counting") return plan;
    const stillTracked = new Set(view.pods.filter((pod) => pod.metadata.finalizers?.includes(trackingFinalizer) && !untracked.has(pod.metadata.uid)).map(({ metadata }) => metadata.uid));
    this.job = { ...this.job, status: settleJob(tracking, this.job.status, stillTracked, this.now).status };
    return plan;
  }

  private add(pod: Pod): void {
    if (this.used.has(pod.metadata.name)) throw new Error(`name ${pod.metadata.name} taken twice`);
    this.used.add(pod.metadata.name);
    const metadata = { ...pod.metadata, uid: `pod-${this.serial++}`, creationTimestamp: formatTime(this.now) };
    this.pods.push({ ...pod, metadata, status: { phase: "Pending" } } as unknown as Pod);
  }

  private remove(pod: Pod, untrack: boolean): void {
    this.replace(pod.metadata.uid, (draft) => {
      draft.metadata.deletionTimestamp = formatTime(this.now);
      if (untrack) delete draft.metadata.finalizers;
    });
  }

  replace(uid: string, change: (draft: Draft<Pod>) => void): void {
    this.pods = this.pods.map((pod) => {
      if (pod.metadata.uid !== uid) return pod;
      const draft = structuredClone(pod) as Draft<Pod>;
      change(draft);
      return draft as Pod;
    });
  }

  end(pod: Pod, phase: "Succeeded" | "Failed"): void {
    if (phase === "Succeeded" && pod.metadata.finalizers !== undefined) this.succeeded.push(pod.metadata.uid);
    this.replace(pod.metadata.uid, (draft) => {
      const terminated = { exitCode: phase === "Failed" ? 1 : 0, finishedAt: formatTime(this.now) };
      draft.status = { phase, containerStatuses: [{ name: "c", image: "", imageID: "", ready: false, restartCount: 0, lastState: {}, state: { terminated } }] } as Draft<Pod["status"]>;
    });
  }

  /** Kubelets finish what is being deleted, and the object goes when nothing holds it. */
  reap(): void {
    for (const pod of this.pods) if (pod.metadata.deletionTimestamp !== undefined && pod.status.phase !== "Succeeded" && pod.status.phase !== "Failed") this.end(pod, "Failed");
    this.pods = this.pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined || metadata.finalizers !== undefined);
  }

  active(): readonly Pod[] {
    return this.pods.filter(({ status, metadata }) => metadata.deletionTimestamp === undefined && (status.phase === "Pending" || status.phase === "Running"));
  }
}

function withoutFinalizer(pod: Pod): Pod {
  const { finalizers: _, ...metadata } = pod.metadata;
  return { ...pod, metadata };
}

const specs = fc.record({
  indexed: fc.boolean(),
  completions: fc.integer({ min: 0, max: 6 }),
  parallelism: fc.integer({ min: 0, max: 4 }),
  backoffLimit: fc.integer({ min: 0, max: 5 }),
  perIndex: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }),
});

type Chance = "succeed" | "fail" | "delete" | "wait" | "parallelism" | "suspend" | "resume";
type Crash = NonNullable<Parameters<World["look"]>[0]> | "none";
type Story = readonly (readonly [chance: Chance, number: number, crash: Crash])[];
/** What happens before each look, and where the controller stops in the midst of it. */
const chances: fc.Arbitrary<Story> = fc.array(
  fc.tuple(
    fc.constantFrom<Chance>("succeed", "succeed", "fail", "delete", "wait", "parallelism", "suspend", "resume"),
    fc.nat(),
    fc.constantFrom<Crash>("none", "none", "before status", "before finalizers", "before counting"),
  ),
  { maxLength: 40 },
);

function specOf(chosen: { indexed: boolean; completions: number; parallelism: number; backoffLimit: number; perIndex: number | undefined }): Partially<JobSpec> {
  const { indexed, completions, parallelism, backoffLimit, perIndex } = chosen;
  return { completions, parallelism, backoffLimit, ...(indexed ? { completionMode: "Indexed" as const, ...(perIndex === undefined ? {} : { backoffLimitPerIndex: perIndex }) } : {}) };
}

function happen(world: World, [chance, number, crash]: Story[number]): void {
  const active = world.active();
  const pod = active[number % Math.max(active.length, 1)];
  if (chance === "succeed" && pod) world.end(pod, "Succeeded");
  if (chance === "fail" && pod) world.end(pod, "Failed");
  if (chance === "delete" && pod) world.replace(pod.metadata.uid, (draft) => void (draft.metadata.deletionTimestamp = formatTime(world.now)));
  if (chance === "wait") world.now += (number % 700) * 1000;
  if (chance === "parallelism") world.job = { ...world.job, spec: { ...world.job.spec, parallelism: number % 5 } };
  if (chance === "suspend" || chance === "resume") world.job = { ...world.job, spec: { ...world.job.spec, suspend: chance === "suspend" } };
  world.reap();
  world.look(crash === "none" ? undefined : crash);
}

describe("plan of a Job", () => {
  it("keeps its counts exact whatever Pods, people and crashes do", () => {
    fc.assert(
      fc.property(specs, chances, (chosen, story) => {
        const world = new World(specOf(chosen));
        world.look();
        for (const event of story) {
          const finished = isFinished(world.job);
          happen(world, event);
          const { succeeded = 0, uncountedTerminatedPods } = world.job.status;
          const { completions = 0, parallelism = 0 } = world.job.spec;
          expect(succeeded + (uncountedTerminatedPods?.succeeded?.length ?? 0)).toBeLessThanOrEqual(world.succeeded.length);
          expect(succeeded).toBeLessThanOrEqual(completions);
          expect(world.active().length).toBeLessThanOrEqual(Math.max(parallelism, 0));
          const indexes = world.active().map((pod) => indexOf(pod, world.job));
          if (chosen.indexed) expect(new Set(indexes).size).toBe(indexes.length);
          else expect(world.active().length + succeeded).toBeLessThanOrEqual(completions);
          if (finished) expect(isFinished(world.job)).toBe(true);
          // What was decided once is never reversed.
          const decided = world.job.status.conditions?.filter(({ type }) => type === "SuccessCriteriaMet" || type === "FailureTarget") ?? [];
          expect(decided.length).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("comes to an end with every success counted once and no Pod left tracked", () => {
    fc.assert(
      fc.property(specs, chances, (chosen, story) => {
        const world = new World(specOf(chosen));
        world.look();
        for (const event of story) happen(world, event);
        world.job = { ...world.job, spec: { ...world.job.spec, parallelism: 2, suspend: false } };
        for (let i = 0; i < 60 && !isFinished(world.job); i++) {
          world.now += 600_000;
          for (const pod of world.active()) world.end(pod, "Succeeded");
          world.reap();
          world.look();
        }
        expect(isFinished(world.job)).toBe(true);
        world.reap();
        expect(world.pods.filter(({ metadata }) => metadata.finalizers !== undefined)).toEqual([]);
        const complete = world.job.status.conditions?.some(({ type }) => type === "Complete");
        if (complete) expect(world.job.status.succeeded ?? 0).toBe(chosen.completions);
        if (complete && !chosen.indexed) expect(world.succeeded).toHaveLength(chosen.completions);
      }),
      { numRuns: 300 },
    );
  });

  it("has no intention when settled", () => {
    fc.assert(
      fc.property(specs, chances, (chosen, story) => {
        const world = new World(specOf(chosen));
        for (const event of story) happen(world, event);
        for (let i = 0; i < 10; i++) {
          world.reap();
          world.look();
        }
        const before = world.job.status;
        const plan = world.look();
        expect(plan?.make ?? []).toEqual([]);
        expect(plan?.remove ?? []).toEqual([]);
        expect(world.job.status).toEqual(before);
      }),
      { numRuns: 200 },
    );
  });

  it("calls for the same Pods from the same view", () => {
    const world = new World({ completions: 5, parallelism: 3 });
    const names = (plan: JobPlan) => plan.make.map(({ name }) => name);
    const plan = planJob(world.view());
    expect(names(plan)).toEqual(names(planJob(world.view())));
    expect(names(plan).every((name) => /^j-[bcdfghjklmnpqrstvwxz2456789]{5}$/.test(name))).toBe(true);
    world.used.add(names(plan)[1] as string);
    // A view that shows one of the three still calls for the other two by name.
    const partial = names(planJob(world.view()));
    expect(partial.slice(0, 2)).toEqual([names(plan)[0], names(plan)[2]]);
  });

  it("calls for the same Pods after it was suspended, whether or not those of before are remembered", () => {
    const world = new World({ completions: 2, parallelism: 2 });
    world.look();
    for (const suspend of [true, false]) {
      world.job = { ...world.job, spec: { ...world.job.spec, suspend } };
      world.now += 5000;
      if (suspend) world.look();
      world.reap();
    }
    const names = (view: JobView): string[] => planJob(view).make.map(({ name }) => name);
    expect(names(world.view())).toHaveLength(2);
    expect(names({ ...world.view(), isUsed: () => false })).toEqual(names(world.view()));
  });
});

describe("back-off", () => {
  it("doubles from 10 s to 10 min and never shrinks", () => {
    expect([1, 2, 3, 6, 7, 8].map(backoffMs)).toEqual([10_000, 20_000, 40_000, 320_000, 600_000, 600_000]);
    fc.assert(fc.property(fc.integer({ min: 0, max: 200 }), (failures) => backoffMs(failures) <= backoffMs(failures + 1)));
  });

  const ended = (second: number): Pod =>
    ({ metadata: {}, spec: {}, status: { containerStatuses: [{ state: { terminated: { finishedAt: formatTime(start + second * 1000) } } }] } }) as unknown as Pod;

  it("starts anew after a success", () => {
    const record = nextBackoff(noBackoff, [], [ended(1), ended(2)]);
    expect(record).toEqual({ failures: 2, lastFailure: start + 2000 });
    expect(nextBackoff(record, [ended(3)], [])).toEqual(noBackoff);
    expect(nextBackoff(record, [ended(3)], [ended(1), ended(5)])).toEqual({ failures: 1, lastFailure: start + 5000 });
    expect(nextBackoff(record, [], [])).toBe(record);
  });
});

describe("completion indexes", () => {
  it.each([
    ["1,3-5,7", 10, "1,3-5,7", 5],
    ["0-2", 2, "0,1", 2],
    ["3,4", 10, "3,4", 2],
    ["", 10, "", 0],
    [undefined, 10, "", 0],
    ["5-9", 3, "", 0],
  ])("reads %s of %s", (text, completions, expected, total) => {
    const indexes = CompletionIndexes.parse(text, completions);
    expect([indexes.toString(), indexes.total]).toEqual([expected, total]);
  });

  it("behaves as a set of numbers", () => {
    const numbers = fc.array(fc.nat(30), { maxLength: 20 });
    fc.assert(
      fc.property(numbers, numbers, fc.nat(10), (a, b, count) => {
        const indexes = CompletionIndexes.of(a);
        const both = indexes.with(b);
        const set = new Set([...a, ...b]);
        expect(both.total).toBe(set.size);
        expect(CompletionIndexes.parse(both.toString(), 31).toString()).toBe(both.toString());
        expect(indexes.countIn(CompletionIndexes.of(b))).toBe(new Set(a.filter((each) => b.includes(each))).size);
        const missing = [...Array(31).keys()].filter((each) => !set.has(each)).slice(0, count);
        expect(both.missing(count, 31)).toEqual(missing);
        for (let i = 0; i < 31; i++) expect(both.has(i)).toBe(set.has(i));
      }),
    );
  });
});
