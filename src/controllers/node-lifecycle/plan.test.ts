import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Node, NodeCondition, Taint } from "../../api/types/core-v1.ts";
import { parseTime } from "../../base/time.ts";
import { annotationChanges, conditionTaints, evictingTaint, labelChanges, silentConditions, withEvictingTaint } from "./plan.ts";

const now = parseTime("2026-01-01T00:01:00Z") as number;
const added = "2026-01-01T00:01:00Z";

function node(options: { conditions?: Partial<NodeCondition>[]; taints?: Taint[]; unschedulable?: boolean; labels?: { [key: string]: string } } = {}): Node {
  const { conditions, taints, unschedulable, labels } = options;
  const metadata = { name: "a", uid: "a", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z", ...(labels ? { labels } : {}) };
  const spec = { ...(taints ? { taints } : {}), ...(unschedulable ? { unschedulable } : {}) };
  return { apiVersion: "v1", kind: "Node", metadata, spec, status: conditions ? { conditions } : {} } as unknown as Node;
}

function taint(name: string, effect: Taint["effect"]): Taint {
  return { key: name.includes("/") ? name : `node.kubernetes.io/${name}`, effect };
}

describe("silentConditions", () => {
  test("what was known becomes unknown, what was never reported is added, the network is left alone", () => {
    const conditions = [
      { type: "NetworkUnavailable", status: "False", reason: "RouteCreated" },
      { type: "Ready", status: "True", reason: "KubeletReady", message: "fine", lastHeartbeatTime: "2026-01-01T00:00:05Z", lastTransitionTime: "2026-01-01T00:00:01Z" },
    ];
    const stopped = { status: "Unknown", reason: "NodeStatusUnknown", message: "Kubelet stopped posting node status.", lastTransitionTime: added };
    const never = { status: "Unknown", reason: "NodeStatusNeverUpdated", message: "Kubelet never posted node status.", lastHeartbeatTime: "2026-01-01T00:00:00Z", lastTransitionTime: added };
    expect(silentConditions(node({ conditions }), now)).toEqual([
      conditions[0],
      { type: "Ready", ...stopped, lastHeartbeatTime: "2026-01-01T00:00:05Z" },
      { type: "MemoryPressure", ...never },
      { type: "DiskPressure", ...never },
      { type: "PIDPressure", ...never },
    ]);
  });
  test("an unknown node stays as it is", () => {
    expect(silentConditions(node({ conditions: [{ type: "Ready", status: "Unknown" }] }), now)).toBeUndefined();
  });
});

describe("conditionTaints", () => {
  const cases: [string, Node, string[] | undefined][] = [
    ["a ready node has none", node({ conditions: [{ type: "Ready", status: "True" }] }), undefined],
    ["a node without conditions loses the taint of admission", node({ taints: [taint("not-ready", "NoSchedule")] }), []],
    ["not ready", node({ conditions: [{ type: "Ready", status: "False" }] }), ["not-ready:NoSchedule"]],
    ["unknown after not ready", node({ conditions: [{ type: "Ready", status: "Unknown" }], taints: [taint("not-ready", "NoSchedule")] }), ["unreachable:NoSchedule"]],
    ["pressures and a cordon", node({ conditions: [{ type: "Ready", status: "True" }, { type: "DiskPressure", status: "True" }, { type: "PIDPressure", status: "True" }, { type: "MemoryPressure", status: "Unknown" }], unschedulable: true }), ["disk-pressure:NoSchedule", "pid-pressure:NoSchedule", "unschedulable:NoSchedule"]],
    ["uncordoned", node({ taints: [taint("unschedulable", "NoSchedule")] }), []],
    ["other taints and effects stay", node({ taints: [taint("example.com/mine", "NoSchedule"), taint("unreachable", "NoExecute"), taint("disk-pressure", "NoSchedule")] }), ["example.com/mine:NoSchedule", "unreachable:NoExecute"]],
    ["as it should be", node({ conditions: [{ type: "Ready", status: "False" }], taints: [taint("not-ready", "NoSchedule")] }), undefined],
  ];
  test.each(cases)("%s", (_, seen, wanted) => {
    expect(conditionTaints(seen, now)?.map(({ key, effect }) => `${key.replace("node.kubernetes.io/", "")}:${effect}`)).toEqual(wanted);
  });
  test("a taint says since when", () => {
    expect(conditionTaints(node({ conditions: [{ type: "Ready", status: "False" }] }), now)).toEqual([{ key: "node.kubernetes.io/not-ready", effect: "NoSchedule", timeAdded: added }]);
  });
});

describe("the taint that empties a node", () => {
  const unreachable = taint("unreachable", "NoExecute");
  const notReady = taint("not-ready", "NoExecute");
  test("follows the Ready condition", () => {
    expect(evictingTaint(node())).toBeUndefined();
    expect(evictingTaint(node({ conditions: [{ type: "Ready", status: "True" }] }))).toBeUndefined();
    expect(evictingTaint(node({ conditions: [{ type: "Ready", status: "False" }] }))).toBe(notReady.key);
    expect(evictingTaint(node({ conditions: [{ type: "Ready", status: "Unknown" }] }))).toBe(unreachable.key);
  });
  test("is added, swapped, taken away, or left", () => {
    expect(withEvictingTaint(node(), unreachable.key, now)).toEqual([{ ...unreachable, timeAdded: added }]);
    expect(withEvictingTaint(node({ taints: [notReady] }), unreachable.key, now)).toEqual([{ ...unreachable, timeAdded: added }]);
    expect(withEvictingTaint(node({ taints: [taint("x", "NoSchedule"), notReady] }), undefined, now)).toEqual([taint("x", "NoSchedule")]);
    expect(withEvictingTaint(node({ taints: [unreachable] }), unreachable.key, now)).toBeUndefined();
    expect(withEvictingTaint(node(), undefined, now)).toBeUndefined();
  });
});

test("the old labels follow the new ones", () => {
  expect(labelChanges(node())).toBeUndefined();
  expect(labelChanges(node({ labels: { "kubernetes.io/os": "linux", "beta.kubernetes.io/os": "windows" } }))).toEqual({ "beta.kubernetes.io/os": "linux" });
  expect(labelChanges(node({ labels: { "kubernetes.io/arch": "arm64", "beta.kubernetes.io/arch": "arm64" } }))).toBeUndefined();
});

test("a new node is told how long its kubelet may trust its caches", () => {
  expect([1, 100, 101, 5000].map((size) => annotationChanges(node(), size)?.["node.alpha.kubernetes.io/ttl"])).toEqual(["0", "0", "15", "300"]);
  const told = node();
  expect(annotationChanges({ ...told, metadata: { ...told.metadata, annotations: { "node.alpha.kubernetes.io/ttl": "15" } } }, 1)).toBeUndefined();
});

describe("whatever a node says of itself", () => {
  const status = fc.constantFrom("True", "False", "Unknown");
  const types = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable", "Mine"];
  const conditions = fc.uniqueArray(fc.record({ type: fc.constantFrom(...types), status }), { selector: ({ type }) => type });
  const keys = ["not-ready", "unreachable", "memory-pressure", "disk-pressure", "network-unavailable", "pid-pressure", "unschedulable", "example.com/mine"];
  const taints = fc.uniqueArray(fc.record({ name: fc.constantFrom(...keys), effect: fc.constantFrom("NoSchedule" as const, "NoExecute" as const) }), { selector: ({ name, effect }) => name + effect }).map((all) =>
    all.map(({ name, effect }) => taint(name, effect)),
  );
  const nodes = fc.record({ conditions, taints, unschedulable: fc.boolean() }).map(node);
  const withTaints = (seen: Node, changed: readonly Taint[] | undefined): Node => ({ ...seen, spec: { ...seen.spec, ...(changed ? { taints: changed } : {}) } });
  const isForeign = ({ key, effect }: Taint): boolean => effect === "NoExecute" || key === "example.com/mine";

  test("one step gives it one NoSchedule taint for each thing that is wrong, foreign ones stay, and nothing is left to do", () => {
    const wrong: { readonly [type: string]: { readonly [status: string]: string } } = {
      Ready: { False: "not-ready", Unknown: "unreachable" }, MemoryPressure: { True: "memory-pressure" }, DiskPressure: { True: "disk-pressure" }, PIDPressure: { True: "pid-pressure" }, NetworkUnavailable: { True: "network-unavailable" },
    };
    fc.assert(
      fc.property(nodes, (seen) => {
        const after = withTaints(seen, conditionTaints(seen, now));
        const wanted = (seen.status.conditions ?? []).flatMap((condition) => wrong[condition.type]?.[condition.status] ?? []);
        if (seen.spec.unschedulable) wanted.push("unschedulable");
        const own = (after.spec.taints ?? []).filter((each) => !isForeign(each)).map(({ key }) => key.replace("node.kubernetes.io/", ""));
        expect(own.sort()).toEqual(wanted.sort());
        expect((after.spec.taints ?? []).filter(isForeign)).toEqual((seen.spec.taints ?? []).filter(isForeign));
        expect(conditionTaints(after, now + 1)).toBeUndefined();
      }),
    );
  });

  test("it is emptied by at most one taint, the one that its readiness asks for", () => {
    fc.assert(
      fc.property(nodes, (seen) => {
        const after = withTaints(seen, withEvictingTaint(seen, evictingTaint(seen), now));
        const readiness = (after.spec.taints ?? []).filter(({ key, effect }) => effect === "NoExecute" && /not-ready|unreachable/.test(key));
        expect(readiness.map(({ key }) => key)).toEqual([evictingTaint(seen)].filter((key) => key !== undefined));
        expect((after.spec.taints ?? []).filter(({ effect }) => effect === "NoSchedule")).toEqual((seen.spec.taints ?? []).filter(({ effect }) => effect === "NoSchedule"));
        expect(withEvictingTaint(after, evictingTaint(after), now + 1)).toBeUndefined();
      }),
    );
  });

  test("a silent kubelet makes unknown what it alone can know, once", () => {
    fc.assert(
      fc.property(nodes, (seen) => {
        const silent = silentConditions(seen, now);
        const known = seen.status.conditions?.find(({ type }) => type === "Ready")?.status;
        expect(silent === undefined).toBe(known === "Unknown");
        if (!silent) return;
        expect(silent.filter(({ status: each }) => each === "Unknown").map(({ type }) => type)).toEqual(expect.arrayContaining(["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"]));
        const others = (all: readonly NodeCondition[]): readonly NodeCondition[] => all.filter(({ type }) => type === "Mine" || type === "NetworkUnavailable");
        expect(others(silent)).toEqual(others(seen.status.conditions ?? []));
        expect(silentConditions({ ...seen, status: { ...seen.status, conditions: silent } } as Node, now + 1)).toBeUndefined();
      }),
    );
  });
});
