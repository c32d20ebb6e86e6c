import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { replicaSets } from "../../api/kinds.ts";
import type { Deployment, DeploymentSpec, ReplicaSet } from "../../api/types/apps-v1.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import { formatTime } from "../../base/time.ts";
import { isPodActive, isPodReady } from "../pod-status.ts";
import { planReplicas } from "../replicaset/plan.ts";
import { replicaPod } from "../replicaset/replica-pod.ts";
import { replicaStatus } from "../replicaset/status.ts";
import { TemplateHasher } from "../template-hash.ts";
import { maxSurge, maxUnavailable, wantedReplicas } from "./limits.ts";
import type { DeploymentPlan } from "./plan.ts";
import { planDeployment } from "./plan.ts";
import { sizeOf, sortSets } from "./replica-sets.ts";
import { withSize } from "./revisions.ts";

const start = Date.UTC(2026, 0, 1);
const hasher = new TemplateHasher();

function template(image: string): DeploymentSpec["template"] {
  return { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image, resources: {} }] } } as unknown as DeploymentSpec["template"];
}

function makeDeployment(spec: object): Deployment {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "default", uid: "web-uid", generation: 1, resourceVersion: "1", creationTimestamp: formatTime(start) },
    spec: {
      replicas: 3, selector: { matchLabels: { app: "web" } }, template: template("v1"), progressDeadlineSeconds: 600, revisionHistoryLimit: 10,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } }, ...spec,
    },
    status: {},
  } as unknown as Deployment;
}

/** A Deployment with its sets and Pods in memory: carries plans out as the controllers do, and plays kubelets, one step at a time. */
class World {
  deployment: Deployment;
  sets: ReplicaSet[] = [];
  pods: Pod[] = [];
  now = start;
  private serial = 0;

  constructor(spec: object) {
    this.deployment = makeDeployment(spec);
  }

  plan(): DeploymentPlan {
    return planDeployment({
      deployment: this.deployment,
      sets: this.sets,
      podsOf: (set) => this.podsOf(set),
      hash: () => hasher.hash(this.deployment.spec.template, this.deployment.status.collisionCount),
      now: this.now,
    });
  }

  podsOf(set: ReplicaSet): Pod[] {
    return this.pods.filter((pod) => pod.metadata.ownerReferences?.[0]?.uid === set.metadata.uid);
  }

  change(spec: object): void {
    const { deployment } = this;
    this.deployment = { ...deployment, metadata: { ...deployment.metadata, generation: (deployment.metadata.generation ?? 0) + 1 }, spec: { ...deployment.spec, ...spec } };
  }

  /** The controller looks once; it dies after `writes` writes. True when there was something to do. */
  look(writes = Infinity): boolean {
    const plan = this.plan();
    const steps: (() => void)[] = [];
    if (plan.rewrite) steps.push(() => this.replace(plan.rewrite as ReplicaSet));
    if (plan.create) steps.push(() => this.add(plan.create as ReplicaSet));
    for (const { set, replicas } of plan.scale) {
      steps.push(() => {
        const standing = this.sets.find((each) => each.metadata.uid === set.metadata.uid) as ReplicaSet;
        this.replace({ ...standing, metadata: { ...standing.metadata, annotations: withSize(standing.metadata.annotations, this.deployment) }, spec: { ...standing.spec, replicas } });
      });
    }
    for (const set of plan.remove) steps.push(() => void (this.sets = this.sets.filter((each) => each !== set)));
    if (plan.write) steps.push(() => void (this.deployment = plan.write as Deployment));
    for (const step of steps.slice(0, writes)) step();
    return steps.length > 0;
  }

  /** The controller of ReplicaSets looks at one; its status tells what it saw before it acted. */
  lookAtSet(index: number): boolean {
    const set = this.sets[index];
    if (!set) return false;
    const view = { owner: set, pods: this.podsOf(set), related: () => this.pods, isUsed: () => false, now: this.now };
    const plan = planReplicas(view);
    const gone = new Set(plan.delete);
    this.pods = this.pods.map((pod) => (gone.has(pod) ? { ...pod, metadata: { ...pod.metadata, deletionTimestamp: formatTime(this.now) } } : pod));
    for (const name of plan.create) {
      const made = replicaPod(set, replicaSets, name) as unknown as Pod;
      this.pods.push({ ...made, metadata: { ...made.metadata, uid: `pod-${this.serial++}`, creationTimestamp: formatTime(this.now) }, status: { phase: "Pending" } } as Pod);
    }
    const status = replicaStatus(view, { countsTerminating: true, failure: undefined });
    const changed = JSON.stringify(status) !== JSON.stringify(set.status);
    this.sets[index] = { ...set, status };
    return changed || plan.create.length > 0 || plan.delete.length > 0;
  }

  /** One Pod becomes ready, or is removed if it is going. */
  runPod(choice: number): boolean {
    const waiting = this.pods.filter((pod) => !isPodActive(pod) || !isPodReady(pod));
    const pod = waiting[choice % waiting.length];
    if (!pod) return false;
    if (!isPodActive(pod)) this.pods = this.pods.filter((each) => each !== pod);
    else this.pods = this.pods.map((each) => (each === pod ? ready(pod, this.now) : each));
    return true;
  }

  settle(): void {
    for (let count = 0; ; count++) {
      if (count > 500) throw new Error("does not come to rest");
      let busy = this.look();
      for (let index = 0; index < this.sets.length; index++) busy = this.lookAtSet(index) || busy;
      busy = this.runPod(count) || busy;
      if (!busy) return;
    }
  }

  available(): number {
    return this.pods.filter((pod) => isPodActive(pod) && isPodReady(pod)).length;
  }

  sizes(): number {
    return this.sets.reduce((sum, set) => sum + sizeOf(set), 0);
  }

  private add(set: ReplicaSet): void {
    if (this.sets.some((each) => each.metadata.name === set.metadata.name)) return;
    const second = formatTime(start + 1000 * this.serial);
    this.sets.push({ ...set, metadata: { ...set.metadata, uid: `set-${this.serial++}`, generation: 1, creationTimestamp: second } });
  }

  private replace(set: ReplicaSet): void {
    this.sets = this.sets.map((each) => {
      if (each.metadata.uid !== set.metadata.uid) return each;
      return { ...set, status: each.status, metadata: { ...set.metadata, generation: (each.metadata.generation ?? 0) + (sizeOf(each) === sizeOf(set) ? 0 : 1) } };
    });
  }
}

function ready(pod: Pod, now: number): Pod {
  return { ...pod, spec: { ...pod.spec, nodeName: "n" }, status: { phase: "Running", conditions: [{ type: "Ready", status: "True", lastTransitionTime: formatTime(now) }] } };
}

function settled(spec: object): World {
  const world = new World(spec);
  world.settle();
  return world;
}

function condition(world: World, type: string): string {
  const found = world.deployment.status.conditions?.find((each) => each.type === type);
  return found ? `${found.status} ${found.reason}: ${found.message}` : "";
}

describe("the first roll-out", () => {
  test("makes the set with all Pods and tells so", () => {
    const world = new World({});
    const plan = world.plan();
    expect(plan.create?.metadata.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]+$/);
    expect(plan.create?.metadata.annotations).toEqual({
      "deployment.kubernetes.io/desired-replicas": "3", "deployment.kubernetes.io/max-replicas": "4", "deployment.kubernetes.io/revision": "1",
    });
    expect(sizeOf(plan.create as ReplicaSet)).toBe(3);
    expect(plan.write?.metadata.annotations).toEqual({ "deployment.kubernetes.io/revision": "1" });
    world.settle();
    expect(condition(world, "Available")).toBe("True MinimumReplicasAvailable: Deployment has minimum availability.");
    expect(condition(world, "Progressing")).toBe(`True NewReplicaSetAvailable: ReplicaSet "${world.sets[0]?.metadata.name}" has successfully progressed.`);
    expect(world.deployment.status).toMatchObject({ observedGeneration: 1, replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3, terminatingReplicas: 0 });
  });
});

describe("revisions", () => {
  test("count in 64 bits, whatever an adopted set brings", () => {
    const world = settled({});
    world.sets = world.sets.map((set) => ({ ...set, metadata: { ...set.metadata, annotations: { ...set.metadata.annotations, "deployment.kubernetes.io/revision": "3546343826724305832" } } }));
    world.change({ template: template("v2") });
    world.settle();
    expect(world.deployment.metadata.annotations).toMatchObject({ "deployment.kubernetes.io/revision": "3546343826724305833" });
  });

  test("going back to a template gives its set a new revision and keeps the old one as history", () => {
    const world = settled({});
    world.change({ template: template("v2") });
    world.settle();
    world.change({ template: template("v1") });
    world.settle();
    const [first, second] = world.sets.map((set) => set.metadata.annotations ?? {});
    expect(first).toMatchObject({ "deployment.kubernetes.io/revision": "3", "deployment.kubernetes.io/revision-history": "1" });
    expect(second).toMatchObject({ "deployment.kubernetes.io/revision": "2" });
    expect(world.deployment.metadata.annotations).toMatchObject({ "deployment.kubernetes.io/revision": "3" });
  });

  test("annotations of the Deployment go to the set in use", () => {
    const world = settled({});
    world.deployment = { ...world.deployment, metadata: { ...world.deployment.metadata, annotations: { ...world.deployment.metadata.annotations, "kubernetes.io/change-cause": "why" } } };
    world.settle();
    expect(world.sets[0]?.metadata.annotations).toMatchObject({ "kubernetes.io/change-cause": "why" });
  });

  test("old sets beyond the limit go when the roll-out is complete", () => {
    const world = settled({ revisionHistoryLimit: 1 });
    for (const image of ["v2", "v3", "v4"]) {
      world.change({ template: template(image) });
      world.settle();
    }
    expect(world.sets.map((set) => set.metadata.annotations?.["deployment.kubernetes.io/revision"])).toEqual(["3", "4"]);
  });
});

describe("pause", () => {
  test("a changed template waits, a new size does not", () => {
    const world = settled({});
    world.change({ paused: true });
    world.settle();
    expect(condition(world, "Progressing")).toBe("Unknown DeploymentPaused: Deployment is paused");
    world.change({ template: template("v2"), replicas: 5 });
    world.settle();
    expect(world.sets.map(sizeOf)).toEqual([5]);
    expect(world.deployment.status).toMatchObject({ replicas: 5 });
    expect(world.deployment.status.updatedReplicas).toBeUndefined();
    world.change({ paused: false });
    world.look();
    expect(condition(world, "Progressing")).toBe("Unknown DeploymentResumed: Deployment is resumed");
    world.settle();
    expect(world.sets.map(sizeOf)).toEqual([0, 5]);
  });
});

describe("Recreate", () => {
  test("the new set is made only when no old Pod runs", () => {
    const world = settled({ strategy: { type: "Recreate" } });
    world.change({ template: template("v2") });
    expect(world.plan().scale.map(({ replicas }) => replicas)).toEqual([0]);
    world.look();
    for (let count = 0; world.pods.length > 0; count++) {
      expect(world.plan().create).toBeUndefined();
      world.look();
      world.lookAtSet(0);
      if (count > 1) world.runPod(0);
    }
    world.settle();
    expect(world.sets.map(sizeOf)).toEqual([0, 3]);
  });
});

describe("the deadline", () => {
  test("a roll-out that does not get on times out a second after its deadline, and stays so", () => {
    const world = settled({ progressDeadlineSeconds: 8 });
    world.change({ template: template("v2") });
    for (let count = 0; count < 5; count++) {
      world.look();
      world.lookAtSet(0);
      world.lookAtSet(1);
    }
    expect(world.plan()).toMatchObject({ write: undefined, again: start + 9000 });
    world.now = start + 9000;
    world.look();
    const name = world.sets[1]?.metadata.name;
    expect(condition(world, "Progressing")).toBe(`False ProgressDeadlineExceeded: ReplicaSet "${name}" has timed out progressing.`);
    expect(world.plan()).toMatchObject({ write: undefined, again: undefined });
  });

  test("one that was complete and loses a Pod long after does not time out and asks for no look", () => {
    const world = settled({ progressDeadlineSeconds: 8 });
    world.now = start + 60_000;
    world.pods = world.pods.slice(1);
    world.lookAtSet(0);
    world.look();
    expect(world.plan()).toMatchObject({ write: undefined, again: undefined });
    expect(condition(world, "Progressing")).toContain("True NewReplicaSetAvailable");
  });

  test("without a deadline there is no such condition", () => {
    const world = settled({ progressDeadlineSeconds: 0x7fffffff });
    expect(condition(world, "Progressing")).toBe("");
  });
});

describe("a new size in the middle of a roll-out", () => {
  test("every set gets its share, the largest what is left over", () => {
    const world = settled({ replicas: 10, strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } });
    world.change({ template: template("v2") });
    world.look();
    world.look();
    world.look();
    expect(world.sets.map(sizeOf)).toEqual([8, 5]);
    world.change({ replicas: 15 });
    world.look();
    expect(world.sets.map(sizeOf)).toEqual([11, 7]);
    world.settle();
    expect(world.sets.map(sizeOf)).toEqual([0, 15]);
  });
});

const limits = fc.oneof(
  fc.record({ maxSurge: fc.integer({ min: 0, max: 4 }), maxUnavailable: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ maxSurge: fc.integer({ min: 1, max: 4 }), maxUnavailable: fc.integer({ min: 0, max: 4 }) }),
  fc.record({ maxSurge: fc.constantFrom("0%", "25%", "100%"), maxUnavailable: fc.constantFrom("10%", "25%", "50%") }),
);
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ act: fc.constant("look" as const), number: fc.integer({ min: 0, max: 6 }) }) },
    { weight: 6, arbitrary: fc.record({ act: fc.constant("set" as const), number: fc.nat(5) }) },
    { weight: 6, arbitrary: fc.record({ act: fc.constant("pod" as const), number: fc.nat(30) }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant("template" as const), number: fc.nat(3) }) },
  ),
  { maxLength: 80 },
);

function take(world: World, { act, number }: { act: "look" | "set" | "pod" | "template"; number: number }): void {
  if (act === "look") world.look(number === 6 ? Infinity : number);
  else if (act === "set") world.lookAtSet(number);
  else if (act === "pod") world.runPod(number);
  else world.change({ template: template(`v${number}`) });
}

function expectSettled(world: World): void {
  expect(world.plan()).toMatchObject({ create: undefined, rewrite: undefined, scale: [], remove: [], write: undefined });
  const wanted = wantedReplicas(world.deployment);
  const { current, old } = sortSets(world.deployment, world.sets);
  expect(current && sizeOf(current)).toBe(wanted);
  expect(old.map(sizeOf).every((size) => size === 0)).toBe(true);
  expect(world.pods.filter(isPodActive)).toHaveLength(wanted);
  expect(world.deployment.status.updatedReplicas ?? 0).toBe(wanted);
}

describe("whatever happens, and wherever the controller dies", () => {
  test("a rolling update keeps within maxSurge and maxUnavailable, and ends", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), limits, steps, (replicas, rollingUpdate, taken) => {
        const world = settled({ replicas, strategy: { type: "RollingUpdate", rollingUpdate } });
        const atLeast = replicas - maxUnavailable(world.deployment);
        const atMost = replicas + maxSurge(world.deployment);
        world.change({ template: template("next") });
        for (const step of taken) {
          take(world, step);
          expect(world.available()).toBeGreaterThanOrEqual(atLeast);
          expect(world.sizes()).toBeLessThanOrEqual(atMost);
        }
        world.settle();
        expectSettled(world);
      }),
      { numRuns: 300 },
    );
  });

  test("a new size, a pause or another strategy ends well too", () => {
    const changes = fc.oneof(
      fc.record({ replicas: fc.integer({ min: 0, max: 12 }) }),
      fc.record({ paused: fc.boolean() }),
      fc.record({ strategy: fc.constantFrom({ type: "Recreate" }, { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }) }),
      fc.record({ template: fc.nat(3).map((number) => template(`v${number}`)) }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(changes, steps), { maxLength: 6 }), (rounds) => {
        const world = new World({});
        for (const [change, taken] of rounds) {
          world.change(change);
          for (const step of taken.slice(0, 20)) take(world, step);
        }
        world.change({ paused: false });
        world.settle();
        expectSettled(world);
      }),
      { numRuns: 300 },
    );
  });
});
