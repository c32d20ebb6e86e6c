import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from "../api/types/core-v1.ts";
import type { StorageClass } from "../api/types/storage-v1.ts";
import { SeededRandom } from "../base/random.ts";
import { wantedBy } from "../placement/fit.ts";
import { NodeState, NodeStates } from "../placement/node-state.ts";
import { bindCompleted, selectedNode } from "../placement/volume-match.ts";
import type { ClaimCheck, ClaimView } from "./claims.ts";
import { claimCheck } from "./claims.ts";
import { decide } from "./decide.ts";

const node = (name: string): Node => ({ metadata: { name, labels: { zone: name } } }) as unknown as Node;
const on = (name: string): object => ({ nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: "zone", operator: "In", values: [name] }] }] } } });

function makeVolume(name: string, spec: object = {}): PersistentVolume {
  return { metadata: { name, uid: name }, spec: { capacity: { storage: "5Gi" }, accessModes: ["ReadWriteOnce"], storageClassName: "late", ...spec }, status: { phase: "Available" } } as unknown as PersistentVolume;
}

function makeClaim(name: string, options: { readonly spec?: object; readonly phase?: string; readonly metadata?: object; readonly size?: number } = {}): PersistentVolumeClaim {
  const spec = { accessModes: ["ReadWriteOnce"], storageClassName: "late", resources: { requests: { storage: `${options.size ?? 5}Gi` } }, ...options.spec };
  return { metadata: { name, namespace: "default", uid: `uid-${name}`, ...options.metadata }, spec, status: { phase: options.phase ?? "Pending" } } as unknown as PersistentVolumeClaim;
}

const boundTo = (volumeName: string): object => ({ spec: { volumeName }, metadata: { annotations: { [bindCompleted]: "yes" } }, phase: "Bound" });

function makePod(...claims: readonly string[]): Pod {
  return { metadata: { name: "p", namespace: "default", uid: "p" }, spec: { volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })) } } as unknown as Pod;
}

function makeView(volumes: readonly PersistentVolume[], claims: readonly PersistentVolumeClaim[], taken: readonly string[] = []): ClaimView {
  const classes: { readonly [name: string]: object } = {
    late: { provisioner: "kubernetes.io/no-provisioner", volumeBindingMode: "WaitForFirstConsumer" }, now: { provisioner: "x", volumeBindingMode: "Immediate" },
    made: { provisioner: "disk.example.com", volumeBindingMode: "WaitForFirstConsumer", allowedTopologies: [{ matchLabelExpressions: [{ key: "zone", values: ["a"] }] }] },
  };
  return {
    claim: (_, name) => claims.find(({ metadata }) => metadata.name === name),
    volume: (name) => volumes.find(({ metadata }) => metadata.name === name),
    volumes: () => volumes,
    classes: { get: (name) => classes[name] as StorageClass | undefined },
    taken: ({ metadata }) => taken.includes(metadata.name),
  };
}

describe("a claim that one Pod alone may use", () => {
  const sole = makeClaim("c", { ...boundTo("v"), spec: { volumeName: "v", accessModes: ["ReadWriteOncePod"] } });
  const claims = makeView([makeVolume("v", { accessModes: ["ReadWriteOncePod"] })], [sole]);
  const podOf = (name: string, priority: number): Pod => ({ ...makePod("c"), metadata: { name, namespace: "default", uid: name }, spec: { ...makePod("c").spec, priority, containers: [] }, status: {} }) as unknown as Pod;
  const statesWith = (...pods: readonly Pod[]): NodeStates => {
    const states = new NodeStates();
    for (const name of ["a", "b"]) states.set(name, new NodeState({ ...node(name), spec: {}, status: { allocatable: { pods: "10" } } } as unknown as Node));
    for (const pod of pods) states.get("a")?.add(pod);
    return states;
  };

  test("keeps a second Pod away from every node, in upstream's words, until the first goes", () => {
    const decided = (...pods: readonly Pod[]) => decide(wantedBy(podOf("p", 0)), statesWith(...pods), new SeededRandom(1), { claims });
    const text = "0/2 nodes are available: 2 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode. no new claims to deallocate, preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.";
    expect(decided(podOf("first", 0))).toMatchObject({ type: "pending", message: text });
    expect(decided()).toMatchObject({ type: "bind" });
  });

  test("is taken from a Pod of lower priority", () => {
    expect(decide(wantedBy(podOf("p", 10)), statesWith(podOf("first", 0)), new SeededRandom(1), { claims })).toMatchObject({ type: "preempt", preemption: { nodeName: "a", victims: [{ metadata: { name: "first" } }] } });
  });
});

test.each([
  ["in its zone", { "topology.kubernetes.io/zone": "x" }, undefined],
  ["in one of its zones", { "topology.kubernetes.io/zone": "y" }, undefined],
  ["by the old name of the label", { "failure-domain.beta.kubernetes.io/zone": "x" }, undefined],
  ["in another zone", { "topology.kubernetes.io/zone": "z" }, ["node(s) had no available volume zone"]],
  ["in a region of which it does not say the zone", { "topology.kubernetes.io/region": "r" }, ["node(s) had no available volume zone"]],
  ["that says nothing", {}, undefined],
])("a volume with a zone goes to a node %s", (_, labels, reasons) => {
  const volume = { ...makeVolume("v"), metadata: { name: "v", labels: { "topology.kubernetes.io/zone": "x__y" } } } as unknown as PersistentVolume;
  const check = claimCheck(makePod("c"), makeView([volume], [makeClaim("c", boundTo("v"))])) as ClaimCheck;
  expect(check.refuses({ metadata: { name: "n", labels } } as unknown as Node)?.reasons).toEqual(reasons);
});

describe("a Pod is placed nowhere", () => {
  const cases: [string, PersistentVolumeClaim | undefined, string][] = [
    ["without its claim", undefined, 'persistentvolumeclaim "c" not found'],
    ["with a claim that waits for a volume", makeClaim("c", { spec: { storageClassName: "" } }), "pod has unbound immediate PersistentVolumeClaims"],
    ["with a claim of a class that binds at once", makeClaim("c", { spec: { storageClassName: "now" } }), "pod has unbound immediate PersistentVolumeClaims"],
    ["with a claim that is half bound", makeClaim("c", { spec: { volumeName: "v" } }), "pod has unbound immediate PersistentVolumeClaims"],
    ["with a lost claim", makeClaim("c", { ...boundTo("v"), phase: "Lost" }), 'persistentvolumeclaim "c" bound to non-existent persistentvolume "v"'],
    ["with a claim that goes", makeClaim("c", { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } }), 'persistentvolumeclaim "c" is being deleted'],
  ];
  test.each(cases)("%s", (_, claim, why) => {
    expect(claimCheck(makePod("c"), makeView([], claim ? [claim] : []))).toBe(why);
  });

  test("before a claim of its own is made, or with one that is another's", () => {
    const pod = { metadata: { name: "p", namespace: "default", uid: "p" }, spec: { volumes: [{ name: "v", ephemeral: {} }] } } as unknown as Pod;
    expect(claimCheck(pod, makeView([], []))).toBe('waiting for ephemeral volume controller to create the persistentvolumeclaim "p-v"');
    expect(claimCheck(pod, makeView([], [makeClaim("p-v")]))).toBe("PVC default/p-v was not created for pod default/p (pod is not owner)");
  });

  test("but one without claims is not held up", () => {
    expect(claimCheck(makePod(), makeView([], []))).toBeUndefined();
  });
});

describe("a node is refused", () => {
  const cases: [string, PersistentVolume[], PersistentVolumeClaim, string[] | undefined][] = [
    ["from which the bound volume cannot be reached", [makeVolume("v", on("b"))], makeClaim("c", boundTo("v")), ["node(s) didn't match PersistentVolume's node affinity"]],
    ["but not from which it can", [makeVolume("v", on("a"))], makeClaim("c", boundTo("v")), undefined],
    ["when the bound volume is not there", [], makeClaim("c", boundTo("v")), ["node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"]],
    ["without a volume for a claim that waits", [makeVolume("v", on("b"))], makeClaim("c"), ["node(s) didn't find available persistent volumes to bind"]],
    ["where a provisioner must not go", [], makeClaim("c", { spec: { storageClassName: "made" }, metadata: { annotations: { [selectedNode]: "b" } } }), ["node(s) didn't find available persistent volumes to bind"]],
    ["but not where it may", [], makeClaim("c", { spec: { storageClassName: "made" } }), undefined],
  ];
  test.each(cases)("%s", (_, volumes, claim, reasons) => {
    const check = claimCheck(makePod("c"), makeView(volumes, [claim])) as ClaimCheck;
    expect(check.refuses(node("a"))?.reasons).toEqual(reasons);
    expect(check.refuses(node("a"))?.final).toBe(reasons === undefined ? undefined : true);
  });
});

test("a node is accepted exactly when its bindings give every waiting claim a free volume of its own that is large enough and that the node reaches", () => {
  const volumes = fc.array(fc.record({ size: fc.integer({ min: 1, max: 4 }), where: fc.constantFrom(undefined, "a", "b"), taken: fc.boolean() }), { maxLength: 5 });
  const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(volumes, sizes, fc.constantFrom("a", "b"), (drawn, wanted, where) => {
      const all = drawn.map(({ size, where: at }, i) => makeVolume(`v${i}`, { capacity: { storage: `${size}Gi` }, ...(at === undefined ? {} : on(at)) }));
      const taken = drawn.flatMap((each, i) => (each.taken ? [`v${i}`] : []));
      const claims = wanted.map((size, i) => makeClaim(`c${i}`, { size }));
      const check = claimCheck(makePod(...claims.map(({ metadata }) => metadata.name)), makeView(all, claims, taken)) as ClaimCheck;
      const { bind, provision } = check.bindings(node(where));
      const reachable = drawn.filter((each) => !each.taken && (each.where === undefined || each.where === where)).map(({ size }) => size).sort();
      // Enough of each size: the largest claims against the largest volumes.
      const enough = wanted.toSorted((x, y) => y - x).every((size, i) => (reachable.at(-1 - i) ?? 0) >= size);
      expect(check.refuses(node(where)) === undefined).toBe(enough);
      if (!enough) return;
      expect(provision).toEqual([]);
      expect(bind.map(({ claim }) => claim.metadata.name).sort()).toEqual(claims.map(({ metadata }) => metadata.name));
      expect(new Set(bind.map(({ volume }) => volume)).size).toBe(bind.length);
      for (const { claim, volume } of bind) {
        const { size, where: at, taken: gone } = drawn[all.indexOf(volume)] as (typeof drawn)[0];
        expect([gone, at ?? where]).toEqual([false, where]);
        expect(size).toBeGreaterThanOrEqual(wanted[claims.indexOf(claim)] as number);
      }
    }),
    { numRuns: 200 },
  );
});
