import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ReplicaSet } from "../../api/types/apps-v1.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import { formatTime } from "../../base/time.ts";
import type { ReplicaView } from "./plan.ts";
import { planReplicas } from "./plan.ts";
import { replicaPod } from "./replica-pod.ts";
import { replicaSets } from "../../api/kinds.ts";
import { replicaStatus } from "./status.ts";

const now = Date.UTC(2026, 0, 1, 12);
const second = 1000;

function makeSet(replicas: number, spec: object = {}): ReplicaSet {
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name: "rs", namespace: "default", uid: "rs-uid", generation: 2, creationTimestamp: formatTime(now), resourceVersion: "1" },
    spec: { replicas, selector: { matchLabels: { app: "x" } }, template: { metadata: { labels: { app: "x" } }, spec: { containers: [{ name: "c", image: "i" }] } }, ...spec },
    status: { replicas: 0 },
  } as unknown as ReplicaSet;
}

interface Traits {
  readonly node?: string;
  readonly phase?: string;
  readonly ready?: boolean;
  readonly readyAgo?: number;
  readonly createdAgo?: number;
  readonly cost?: string;
  readonly restarts?: number;
  readonly deleted?: boolean;
}

function makePod(name: string, traits: Traits = {}): Pod {
  const { phase = "Running", ready = phase === "Running", readyAgo = 10, createdAgo = 20 } = traits;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name, namespace: "default", uid: `uid-${name}`, labels: { app: "x" }, creationTimestamp: formatTime(now - createdAgo * second),
      ...(traits.cost === undefined ? {} : { annotations: { "controller.kubernetes.io/pod-deletion-cost": traits.cost } }),
      ...(traits.deleted ? { deletionTimestamp: formatTime(now) } : {}),
    },
    spec: { containers: [], ...(traits.node === "" ? {} : { nodeName: traits.node ?? `node-of-${name}` }) },
    status: {
      phase,
      conditions: [{ type: "Ready", status: ready ? "True" : "False", lastTransitionTime: formatTime(now - readyAgo * second) }],
      containerStatuses: [{ name: "c", restartCount: traits.restarts ?? 0 }],
    },
  } as unknown as Pod;
}

function view(replicas: number, pods: readonly Pod[], options: { related?: readonly Pod[]; set?: ReplicaSet; used?: readonly string[] } = {}): ReplicaView {
  return { owner: options.set ?? makeSet(replicas), pods, related: () => options.related ?? pods, isUsed: (name) => options.used?.includes(name) === true, now };
}

describe("what a ReplicaSet does", () => {
  test("makes what is missing; Pods that ended or are going do not count", () => {
    const pods = [makePod("a"), makePod("b", { phase: "Failed" }), makePod("c", { deleted: true })];
    const plan = planReplicas(view(3, pods));
    expect(plan.create).toHaveLength(2);
    expect(plan.delete).toEqual([]);
  });

  test("the same view gives the same names, another one others, and no name comes twice", () => {
    const first = planReplicas(view(3, [])).create;
    expect(planReplicas(view(3, [])).create).toEqual(first);
    expect(planReplicas(view(2, [])).create).toEqual(first.slice(0, 2));
    expect(planReplicas(view(3, [makePod("a")])).create.some((name) => first.includes(name))).toBe(false);
    expect(planReplicas(view(3, [], { used: first })).create.some((name) => first.includes(name))).toBe(false);
    expect(first.every((name) => /^rs-[bcdfghjklmnpqrstvwxz2456789]{5}$/.test(name))).toBe(true);
  });

  test("one that is being deleted does nothing", () => {
    const set = makeSet(3);
    const plan = planReplicas(view(3, [], { set: { ...set, metadata: { ...set.metadata, deletionTimestamp: formatTime(now) } } }));
    expect(plan).toEqual({ create: [], delete: [], again: undefined });
  });

  test("looks again when the next Pod becomes available", () => {
    const set = makeSet(2, { minReadySeconds: 15 });
    expect(planReplicas(view(2, [makePod("a", { readyAgo: 10 }), makePod("b", { readyAgo: 4 })], { set })).again).toBe(now + 5 * second);
  });
});

describe("which Pod goes first", () => {
  const cases: readonly (readonly [string, Traits, Traits])[] = [
    ["one without a node", { node: "", phase: "Pending" }, { phase: "Pending" }],
    ["one that is pending", { phase: "Pending" }, {}],
    ["one that is not ready", { ready: false }, {}],
    ["the cheaper one", { cost: "-5", readyAgo: 1000 }, { readyAgo: 1 }],
    ["one ready for a shorter time", { readyAgo: 2 }, { readyAgo: 100 }],
    ["one with more restarts", { restarts: 3, createdAgo: 1000 }, { createdAgo: 1 }],
    ["the younger one", { createdAgo: 12 }, { createdAgo: 100 }],
  ];
  test.each(cases)("%s", (_, gone, stays) => {
    for (const [a, b] of [["a", "b"], ["b", "a"]] as const) {
      const pods = [makePod(a, gone), makePod(b, stays)];
      expect(planReplicas(view(1, pods)).delete.map((pod) => pod.metadata.name)).toEqual([a]);
      expect(planReplicas(view(1, pods.toReversed())).delete.map((pod) => pod.metadata.name)).toEqual([a]);
    }
  });

  test("one that shares its node with kin of a sister set", () => {
    const pods = [makePod("a", { node: "one" }), makePod("b", { node: "two" })];
    const plan = planReplicas(view(1, pods, { related: [...pods, makePod("sister", { node: "two" })] }));
    expect(plan.delete.map((pod) => pod.metadata.name)).toEqual(["b"]);
  });

  test("of Pods ready for about one time the uid decides", () => {
    const pods = [makePod("b", { readyAgo: 9 }), makePod("a", { readyAgo: 10 })];
    expect(planReplicas(view(1, pods)).delete.map((pod) => pod.metadata.name)).toEqual(["a"]);
  });
});

describe("status", () => {
  test("counts what was seen", () => {
    const set = makeSet(4, { minReadySeconds: 15 });
    const pods = [makePod("a", { readyAgo: 100 }), makePod("b"), makePod("c", { ready: false }), makePod("d", { deleted: true }), makePod("e", { phase: "Failed" })];
    expect(replicaStatus(view(4, pods, { set }), { countsTerminating: true, failure: undefined })).toEqual({
      replicas: 3, fullyLabeledReplicas: 3, readyReplicas: 2, availableReplicas: 1, terminatingReplicas: 1, observedGeneration: 2,
    });
  });

  test("tells a failure in the words of the first time, and forgets it when all went well", () => {
    const options = { countsTerminating: true, failure: "no" };
    const failed = replicaStatus(view(1, []), options);
    expect(failed.conditions).toEqual([{ type: "ReplicaFailure", status: "True", lastTransitionTime: formatTime(now), reason: "FailedCreate", message: "no" }]);
    const set = { ...makeSet(1), status: failed };
    expect(replicaStatus(view(1, [], { set }), { ...options, failure: "still no" }).conditions).toEqual(failed.conditions);
    expect(replicaStatus(view(1, [], { set }), { ...options, failure: undefined })).not.toHaveProperty("conditions");
  });
});

const anyPod = fc.record({
  phase: fc.constantFrom("Pending", "Running", "Failed", "Succeeded"),
  ready: fc.boolean(),
  deleted: fc.boolean(),
  node: fc.constantFrom("", "one", "two"),
  readyAgo: fc.integer({ min: 0, max: 100 }),
});

test("from every view one step leads to the wanted number, and the step after it does nothing", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 12 }), fc.array(anyPod, { maxLength: 15 }), (replicas, traits) => {
      const pods = traits.map((each, index) => makePod(`p${index}`, each));
      const set = makeSet(replicas);
      const plan = planReplicas(view(replicas, pods, { set }));
      expect(plan.create.length === 0 || plan.delete.length === 0).toBe(true);
      expect(new Set(plan.create).size).toBe(plan.create.length);
      const gone = new Set(plan.delete);
      const made = plan.create.map((name) => ({ ...replicaPod(set, replicaSets, name), ...makePod(name, { phase: "Pending" }) }) as Pod);
      const next = [...pods.map((pod) => (gone.has(pod) ? { ...pod, metadata: { ...pod.metadata, deletionTimestamp: formatTime(now) } } : pod)), ...made];
      const active = next.filter((pod) => !pod.metadata.deletionTimestamp && !["Failed", "Succeeded"].includes(pod.status.phase ?? ""));
      expect(active).toHaveLength(replicas);
      expect(planReplicas(view(replicas, next, { set }))).toMatchObject({ create: [], delete: [] });
    }),
  );
});
