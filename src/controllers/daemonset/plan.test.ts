import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DaemonSet, DaemonSetUpdateStrategy } from "../../api/types/apps-v1.ts";
import type { Node, Pod, PodSpec, PodTemplateSpec, Taint, Toleration } from "../../api/types/core-v1.ts";
import { formatTime } from "../../base/time.ts";
import { daemonTolerations, targetNode } from "./daemon-pod.ts";
import { Eligibility } from "./eligibility.ts";
import { FailureBackoff } from "./failure-backoff.ts";
import type { DaemonPlan } from "./plan.ts";
import type { DaemonView } from "./view.ts";
import { daemonStatus, planDaemonSet } from "./plan.ts";

const start = 1_767_225_600_000;
const rolling = (maxUnavailable: number | string, maxSurge: number | string = 0): DaemonSetUpdateStrategy => ({ type: "RollingUpdate", rollingUpdate: { maxUnavailable, maxSurge } });

function daemonSet(options: { strategy?: DaemonSetUpdateStrategy; spec?: Partial<PodSpec>; minReadySeconds?: number } = {}): DaemonSet {
  const { strategy = rolling(1), spec = {}, minReadySeconds } = options;
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "agent", namespace: "default", uid: "ds", resourceVersion: "1", creationTimestamp: formatTime(start), generation: 1 },
    spec: {
      selector: { matchLabels: { app: "agent" } },
      template: { metadata: { labels: { app: "agent" } }, spec: { containers: [{ name: "a" }], ...spec } } as unknown as PodTemplateSpec,
      updateStrategy: strategy,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
    },
    status: { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 },
  };
}

function node(name: string, options: { labels?: { [key: string]: string }; taints?: Taint[] } = {}): Node {
  const metadata = { name, uid: name, resourceVersion: "1", creationTimestamp: formatTime(start), labels: options.labels ?? {} };
  return { apiVersion: "v1", kind: "Node", metadata, spec: options.taints ? { taints: options.taints } : {}, status: {} } as unknown as Node;
}

interface PodOptions {
  readonly hash?: string;
  readonly phase?: string;
  readonly ready?: boolean;
  readonly readyAt?: number;
  readonly deleting?: boolean;
  readonly bound?: boolean;
  readonly created?: number;
}

function pod(name: string, on: string, options: PodOptions = {}): Pod {
  const { hash = "new", phase = "Running", ready = phase === "Running", readyAt = start, deleting = false, bound = true, created = start } = options;
  const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [on] }] }] } } };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "default",
      uid: name,
      resourceVersion: "1",
      creationTimestamp: formatTime(created),
      ...(deleting ? { deletionTimestamp: formatTime(start) } : {}),
      labels: { app: "agent", "controller-revision-hash": hash },
    },
    spec: { containers: [{ name: "a" }], affinity, ...(bound ? { nodeName: on } : {}) } as unknown as PodSpec,
    status: { phase, conditions: [{ type: "Ready", status: ready ? "True" : "False", lastTransitionTime: formatTime(readyAt) }] } as Pod["status"],
  };
}

function view(options: { set?: DaemonSet; nodes: readonly Node[]; pods: readonly Pod[]; now?: number; backoffUntil?: (node: string) => number | undefined }): DaemonView {
  const { set = daemonSet(), nodes, pods, now = start, backoffUntil = () => undefined } = options;
  return { set, nodes, pods, hash: "new", eligibility: new Eligibility(set), backoffUntil, now };
}

function brief(plan: DaemonPlan): { create: readonly string[]; delete: string[] } {
  return { create: plan.create, delete: plan.delete.map(({ pod, why }) => `${pod.metadata.name} ${why}`) };
}

const notReady: Taint = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" };
const evicting: Taint = { key: "maintenance", effect: "NoExecute" };
const forbidding: Taint = { key: "maintenance", effect: "NoSchedule" };
const preferring: Taint = { key: "maintenance", effect: "PreferNoSchedule" };
const a = node("a");
const b = node("b");

describe("eligibility", () => {
  const everywhere: Toleration[] = [{ operator: "Exists" }];
  const only = (name: string): Partial<PodSpec> => ({
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [name] }] }] } } },
  });
  const cases: [string, Partial<PodSpec>, Node, boolean, boolean][] = [
    ["any node", {}, a, true, true],
    ["nodeSelector matches", { nodeSelector: { disk: "ssd" } }, node("a", { labels: { disk: "ssd" } }), true, true],
    ["nodeSelector does not match", { nodeSelector: { disk: "ssd" } }, a, false, false],
    ["affinity names the node", only("a"), a, true, true],
    ["affinity names another", only("a"), b, false, false],
    ["the template names the node", { nodeName: "a" }, a, true, true],
    ["the template names another", { nodeName: "a" }, b, false, false],
    ["NoSchedule forbids, and does not evict", {}, node("a", { taints: [forbidding] }), false, true],
    ["NoExecute evicts", {}, node("a", { taints: [evicting] }), false, false],
    ["PreferNoSchedule is no obstacle", {}, node("a", { taints: [preferring] }), true, true],
    ["a toleration lifts a taint", { tolerations: everywhere }, node("a", { taints: [evicting, forbidding] }), true, true],
    ["not-ready:NoSchedule keeps new Pods away", {}, node("a", { taints: [notReady] }), false, true],
    ["not-ready:NoExecute is tolerated", {}, node("a", { taints: [{ ...notReady, effect: "NoExecute" }] }), true, true],
    ["cordoned is tolerated", {}, node("a", { taints: [{ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }] }), true, true],
    ["no network, no Pod", {}, node("a", { taints: [{ key: "node.kubernetes.io/network-unavailable", effect: "NoSchedule" }] }), false, true],
    ["unless it uses the host's", { hostNetwork: true }, node("a", { taints: [{ key: "node.kubernetes.io/network-unavailable", effect: "NoSchedule" }] }), true, true],
  ];
  test.each(cases)("%s", (_, spec, on, run, stay) => {
    expect(new Eligibility(daemonSet({ spec })).of(on)).toEqual({ run, stay });
  });

  test("a toleration for a while becomes one for good", () => {
    const mine: Toleration = { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute", tolerationSeconds: 5 };
    const tolerations = daemonTolerations({ containers: [], tolerations: [mine] } as unknown as PodSpec);
    expect(tolerations[0]).toEqual({ key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute" });
    expect(tolerations).toHaveLength(6);
  });
});

describe("one Pod on each node", () => {
  const cases: [string, DaemonView, readonly string[], string[]][] = [
    ["nodes without a Pod get one", view({ nodes: [a, b], pods: [pod("p", "a")] }), ["b"], []],
    ["settled: nothing", view({ nodes: [a, b], pods: [pod("p", "a"), pod("q", "b", { bound: false, phase: "Pending" })] }), [], []],
    ["the younger of two goes", view({ nodes: [a], pods: [pod("p", "a", { created: start + 1000 }), pod("q", "a")] }), [], ["p excess"]],
    ["a bound one is kept before an older unbound one", view({ nodes: [a], pods: [pod("p", "a", { bound: false }), pod("q", "a", { created: start + 1000 })] }), [], ["p excess"]],
    ["an evicting taint takes the Pod away", view({ nodes: [node("a", { taints: [evicting] })], pods: [pod("p", "a")] }), [], ["p unwanted"]],
    ["a forbidding one leaves it", view({ nodes: [node("a", { taints: [forbidding] })], pods: [pod("p", "a")] }), [], []],
    ["a Pod that is being deleted keeps its place while it runs", view({ nodes: [a], pods: [pod("p", "a", { deleting: true })] }), [], []],
    ["and loses it when it has ended", view({ nodes: [a], pods: [pod("p", "a", { deleting: true, phase: "Succeeded" })] }), ["a"], []],
    ["a failed Pod is removed", view({ nodes: [a], pods: [pod("p", "a", { phase: "Failed" })] }), [], ["p failed"]],
    ["of two failed ones one at a time", view({ nodes: [a], pods: [pod("p", "a", { phase: "Failed" }), pod("q", "a", { phase: "Failed" })] }), [], ["p failed"]],
    ["not before its back-off ends", view({ nodes: [a], pods: [pod("p", "a", { phase: "Failed" })], backoffUntil: () => start + 1000 }), [], []],
    ["a Pod that succeeded is removed too", view({ nodes: [a], pods: [pod("p", "a", { phase: "Succeeded" })] }), [], ["p succeeded"]],
    ["a Pod that waits for a node that is gone is removed", view({ nodes: [a], pods: [pod("p", "a"), pod("q", "gone", { bound: false })] }), [], ["q unwanted"]],
    ["one bound to it is not ours to remove", view({ nodes: [a], pods: [pod("p", "a"), pod("q", "gone")] }), [], []],
  ];
  test.each(cases)("%s", (_, seen, create, remove) => {
    expect(brief(planDaemonSet(seen))).toEqual({ create, delete: remove });
  });

  test("the end of a back-off is an instant to look again", () => {
    expect(planDaemonSet(view({ nodes: [a], pods: [pod("p", "a", { phase: "Failed" })], backoffUntil: () => start + 1000 })).again).toBe(start + 1000);
  });
});

describe("rolling update", () => {
  const c = node("c");
  const old = { hash: "old" };
  const cases: [string, DaemonView, readonly string[], string[]][] = [
    ["one at a time", view({ nodes: [a, b], pods: [pod("p", "a", old), pod("q", "b", old)] }), [], ["p outdated"]],
    ["waits for the one under way", view({ nodes: [a, b], pods: [pod("p", "a", { deleting: true }), pod("q", "b", old)] }), [], []],
    ["waits for a new one that is not available", view({ nodes: [a, b], pods: [pod("p", "a", { ready: false }), pod("q", "b", old)] }), [], []],
    ["an unavailable old one goes first, whatever the limit", view({ nodes: [a, b, c], pods: [pod("p", "a", old), pod("q", "b", { hash: "old", ready: false }), pod("r", "c", { hash: "old", ready: false })] }), [], ["q outdated", "r outdated"]],
    ["a percentage is rounded up", view({ set: daemonSet({ strategy: rolling("40%") }), nodes: [a, b, c], pods: [pod("p", "a", old), pod("q", "b", old), pod("r", "c", old)] }), [], ["p outdated", "q outdated"]],
    ["OnDelete does nothing by itself", view({ set: daemonSet({ strategy: { type: "OnDelete" } }), nodes: [a], pods: [pod("p", "a", old)] }), [], []],
    ["and replaces what was deleted", view({ set: daemonSet({ strategy: { type: "OnDelete" } }), nodes: [a, b], pods: [pod("p", "a", old)] }), ["b"], []],
    ["a node that lacks its Pod comes before the roll-out", view({ nodes: [a, b], pods: [pod("q", "b", old)] }), ["a"], []],
    ["the Pod of a lost node is replaced as unavailable", view({ nodes: [a, node("b", { taints: [notReady] })], pods: [pod("p", "a"), pod("q", "b", { hash: "old", ready: false })] }), [], ["q outdated"]],
    ["neither number set counts as one", view({ set: daemonSet({ strategy: rolling(0) }), nodes: [a, b], pods: [pod("p", "a", old), pod("q", "b", old)] }), [], ["p outdated"]],
  ];
  test.each(cases)("%s", (_, seen, create, remove) => {
    expect(brief(planDaemonSet(seen))).toEqual({ create, delete: remove });
  });

  test("minReadySeconds delays the next, and says when to look again", () => {
    const set = daemonSet({ minReadySeconds: 5 });
    const pods = [pod("p", "a", { readyAt: start + 2000 }), pod("q", "b", old)];
    const early = planDaemonSet(view({ set, nodes: [a, b], pods, now: start + 6999 }));
    expect([brief(early), early.again]).toEqual([{ create: [], delete: [] }, start + 7000]);
    expect(brief(planDaemonSet(view({ set, nodes: [a, b], pods, now: start + 7000 })))).toEqual({ create: [], delete: ["q outdated"] });
  });
});

describe("rolling update with surge", () => {
  const set = daemonSet({ strategy: rolling(0, 1) });
  const old = { hash: "old" };
  const cases: [string, DaemonView, readonly string[], string[]][] = [
    ["a second Pod comes first", view({ set, nodes: [a, b], pods: [pod("p", "a", old), pod("q", "b", old)] }), ["a"], []],
    ["the old one stays until the new one is available", view({ set, nodes: [a, b], pods: [pod("p", "a", old), pod("n", "a", { ready: false, created: start + 1000 }), pod("q", "b", old)] }), [], []],
    ["then it goes", view({ set, nodes: [a, b], pods: [pod("p", "a", old), pod("n", "a", { created: start + 1000 }), pod("q", "b", old)] }), [], ["p excess"]],
    ["an old one that is not ready goes at once", view({ set, nodes: [a], pods: [pod("p", "a", { hash: "old", ready: false }), pod("n", "a", { ready: false })] }), [], ["p excess"]],
    ["unavailable old ones are all surged over", view({ set, nodes: [a, b], pods: [pod("p", "a", { hash: "old", ready: false }), pod("q", "b", { hash: "old", ready: false })] }), ["a", "b"], []],
    ["a third Pod is one too many", view({ set, nodes: [a], pods: [pod("p", "a", old), pod("m", "a", { hash: "older", created: start + 1000 }), pod("n", "a", { ready: false, created: start + 2000 })] }), [], ["m excess"]],
    ["a Pod that is being deleted counts as none", view({ set, nodes: [a], pods: [pod("p", "a", { deleting: true })] }), ["a"], []],
  ];
  test.each(cases)("%s", (_, seen, create, remove) => {
    expect(brief(planDaemonSet(seen))).toEqual({ create, delete: remove });
  });
});

describe("status", () => {
  const status = (seen: DaemonView) => daemonStatus(seen);
  test("counts nodes by their oldest Pod", () => {
    const pods = [pod("p", "a", { hash: "old" }), pod("n", "a", { created: start + 1000 }), pod("q", "b", { ready: false })];
    expect(status(view({ nodes: [a, b, node("c", { taints: [forbidding] })], pods }))).toEqual({
      currentNumberScheduled: 2,
      numberMisscheduled: 0,
      desiredNumberScheduled: 2,
      numberReady: 1,
      observedGeneration: 1,
      updatedNumberScheduled: 1,
      numberAvailable: 1,
      numberUnavailable: 1,
    });
  });
  test("a Pod where none is wanted is misscheduled", () => {
    expect(status(view({ nodes: [node("a", { taints: [forbidding] })], pods: [pod("p", "a")] }))).toEqual({
      currentNumberScheduled: 0,
      numberMisscheduled: 1,
      desiredNumberScheduled: 0,
      numberReady: 0,
      observedGeneration: 1,
    });
  });
});

test("the back-off doubles from a second to a quarter of an hour and is forgotten after half an hour of quiet", () => {
  const backoff = new FailureBackoff();
  let now = start;
  const delays: number[] = [];
  expect(backoff.until("ds/1/a", now)).toBeUndefined();
  for (let i = 0; i < 12; i++) {
    backoff.count("ds/1/a", now);
    const until = backoff.until("ds/1/a", now) as number;
    delays.push((until - now) / 1000);
    now = until;
  }
  expect(delays).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
  backoff.count("ds/1/a", now + 1_800_001 + 900_000);
  expect(backoff.until("ds/1/a", now + 1_800_001 + 900_000)).toBe(now + 1_800_001 + 900_000 + 1000);
});

/** A world that does what a plan says and whose kubelets are never late, never early: each round one step of every Pod. */
class World {
  pods: Pod[];
  private made = 0;
  private now = start;
  private readonly set: DaemonSet;
  private readonly nodes: readonly Node[];
  private readonly backoff = new FailureBackoff();

  constructor(set: DaemonSet, nodes: readonly Node[], pods: readonly Pod[]) {
    this.set = set;
    this.nodes = nodes;
    this.pods = [...pods];
  }

  view(): DaemonView {
    return view({ set: this.set, nodes: this.nodes, pods: this.pods, now: this.now, backoffUntil: (on) => this.backoff.until(on, this.now) });
  }

  /** Nodes that want a Pod and have no available one. */
  unavailable(): number {
    const eligibility = new Eligibility(this.set);
    return this.nodes.filter((on) => eligibility.of(on).run && !this.pods.some((each) => targetNode(each) === on.metadata.name && isRunning(each) && each.status.conditions?.[0]?.status === "True")).length;
  }

  /** False when the plan had nothing to do and time brings nothing either. */
  round(): boolean {
    const plan = planDaemonSet(this.view());
    for (const { node: on, why } of plan.delete) if (why === "failed") this.backoff.count(on, this.now);
    const deleted = new Set(plan.delete.map((removal) => removal.pod.metadata.uid));
    this.pods = this.pods.map((each) => (deleted.has(each.metadata.uid) ? { ...each, metadata: { ...each.metadata, deletionTimestamp: formatTime(this.now) } } : each));
    for (const on of plan.create) this.pods.push(pod(`made${this.made++}`, on, { phase: "Pending", created: this.now }));
    return plan.create.length + plan.delete.length > 0 || this.pods.some((each) => !settledPod(each)) || plan.again !== undefined;
  }

  /** Kubelets: Pods that are being deleted disappear, others become Running and Ready; a second passes. */
  step(): void {
    this.now += 1000;
    this.pods = this.pods
      .filter((each) => each.metadata.deletionTimestamp === undefined)
      .map((each) => (settledPod(each) ? each : { ...each, spec: { ...each.spec, nodeName: targetNode(each) as string }, status: { phase: "Running", conditions: [{ type: "Ready", status: "True", lastTransitionTime: formatTime(this.now) }] } }));
  }
}

function isRunning(each: Pod): boolean {
  return each.metadata.deletionTimestamp === undefined && each.status.phase !== "Failed" && each.status.phase !== "Succeeded";
}

function settledPod(each: Pod): boolean {
  if (each.metadata.deletionTimestamp !== undefined) return false;
  return each.status.phase !== "Pending" && (each.status.phase !== "Running" || each.status.conditions?.[0]?.status === "True");
}

describe("properties", () => {
  const names = ["n0", "n1", "n2", "n3", "n4", "n5"];
  const taints = fc.constantFrom<Taint[]>([], [], [], [forbidding], [evicting], [preferring], [notReady]);
  const nodes = fc.array(taints, { minLength: 0, maxLength: 6 }).map((lists) => lists.map((list, i) => node(names[i] as string, { taints: list, labels: { n: String(i) } })));
  const anyPod = fc.record({
    on: fc.constantFrom(...names, "gone"),
    hash: fc.constantFrom("new", "old", "older"),
    phase: fc.constantFrom("Pending", "Running", "Running", "Failed", "Succeeded"),
    ready: fc.boolean(),
    deleting: fc.boolean(),
    bound: fc.boolean(),
    created: fc.nat(10).map((seconds) => start - seconds * 1000),
  });
  const pods = fc.array(anyPod, { maxLength: 12 }).map((list) => list.map(({ on, phase, ready, ...rest }, i) => pod(`p${i}`, on, { ...rest, phase, ready: ready && phase === "Running" })));
  const strategies = fc.oneof(
    fc.integer({ min: 1, max: 4 }).map((max) => rolling(max)),
    fc.constantFrom(rolling("10%"), rolling("50%"), rolling("100%")),
    fc.integer({ min: 1, max: 3 }).map((max) => rolling(0, max)),
    fc.constantFrom(rolling(0, "34%")),
  );
  const sets = fc.record({ strategy: strategies, minReadySeconds: fc.constantFrom(0, 3), tolerant: fc.boolean() }).map(({ strategy, minReadySeconds, tolerant }) =>
    daemonSet({ strategy, minReadySeconds, ...(tolerant ? { spec: { tolerations: [{ operator: "Exists" }] } } : {}) }),
  );

  test("any beginning ends with exactly one new Pod on every eligible node, none elsewhere, and then nothing to do", () => {
    fc.assert(
      fc.property(sets, nodes, pods, (set, on, there) => {
        // Pods of nodes that are gone are collected by another controller.
        const world = new World(set, on, there.filter(({ spec }) => !spec.nodeName || on.some((each) => each.metadata.name === spec.nodeName)));
        for (let rounds = 0; world.round(); rounds++) {
          expect(rounds, "rounds").toBeLessThan(200);
          world.step();
        }
        const eligibility = new Eligibility(set);
        for (const each of on) {
          const here = world.pods.filter((one) => targetNode(one) === each.metadata.name);
          const { run, stay } = eligibility.of(each);
          if (run) expect(here).toHaveLength(1);
          if (!run && stay) expect(here.length).toBeLessThanOrEqual(1);
          if (!stay) expect(here).toHaveLength(0);
          if (run) expect(here[0]?.metadata.labels?.["controller-revision-hash"]).toBe("new");
        }
        expect(brief(planDaemonSet(world.view()))).toEqual({ create: [], delete: [] });
      }),
      { numRuns: 300 },
    );
  });

  test("a plan never gives a node a second Pod, unless it surges over an old one", () => {
    fc.assert(
      fc.property(sets, nodes, pods, (set, on, there) => {
        const plan = planDaemonSet(view({ set, nodes: on, pods: there }));
        const surging = set.spec.updateStrategy.rollingUpdate?.maxSurge !== 0;
        expect(new Set(plan.create).size).toBe(plan.create.length);
        for (const name of plan.create) {
          const here = there.filter((each) => targetNode(each) === name && isRunning(each));
          expect(here.length).toBeLessThanOrEqual(surging ? 1 : 0);
          expect(here.every((each) => each.metadata.labels?.["controller-revision-hash"] !== "new")).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("a roll-out never makes more nodes unavailable than allowed", () => {
    fc.assert(
      fc.property(sets, fc.integer({ min: 1, max: 6 }), (set, count) => {
        const on = names.slice(0, count).map((name) => node(name));
        const world = new World(set, on, on.map((each) => pod(`old-${each.metadata.name}`, each.metadata.name, { hash: "old", readyAt: start - 60_000 })));
        const { maxUnavailable, maxSurge } = set.spec.updateStrategy.rollingUpdate ?? {};
        const share = (value: number | string | undefined): number => (typeof value === "number" ? value : Math.ceil((Number.parseInt(value ?? "0") * count) / 100));
        const allowed = share(maxUnavailable);
        for (let rounds = 0; world.round(); rounds++) {
          expect(rounds).toBeLessThan(200);
          expect(world.unavailable()).toBeLessThanOrEqual(allowed);
          expect(world.pods.length).toBeLessThanOrEqual(count + share(maxSurge));
          world.step();
        }
      }),
      { numRuns: 200 },
    );
  });
});
