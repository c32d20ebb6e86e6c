import fc from "fast-check";
import { expect, test } from "vitest";
import type { Node, Pod, Service } from "../api/types/core-v1.ts";
import { SeededRandom } from "../base/random.ts";
import { wantedBy } from "../placement/fit.ts";
import { NodeState, NodeStates } from "../placement/node-state.ts";
import { decide } from "./decide.ts";
import { scoresFor } from "./score.ts";

/** Which of several nodes on which a Pod fits it likes best, for the Pods that stand there. */
const hostname = "kubernetes.io/hostname";
const zone = "topology.kubernetes.io/zone";
let made = 0;

const node = (name: string, labels: object = {}): Node => ({ metadata: { name, labels: { [hostname]: name, ...labels } }, spec: {}, status: { allocatable: { cpu: "64", memory: "256Gi", pods: "110" } } }) as unknown as Node;
const pod = ({ owner, ...more }: { owner?: string; labels?: object; spec?: object; deleting?: boolean; kind?: string } = {}): Pod => {
  const uid = `u${made++}`;
  const ownerReferences = owner === undefined ? undefined : [{ apiVersion: "apps/v1", kind: more.kind ?? "ReplicaSet", name: owner, uid: owner, controller: true }];
  const metadata = { name: uid, namespace: "default", uid, labels: more.labels ?? {}, ...(ownerReferences && { ownerReferences }), ...(more.deleting && { deletionTimestamp: "2026-01-01T00:00:00Z" }) };
  return { metadata, spec: { containers: [{ name: "c", image: "x", resources: {} }], ...more.spec }, status: {} } as unknown as Pod;
};
/** Takes room, so that without other reasons nobody would come. */
const heavy = (cpu = 16): Pod => pod({ spec: { containers: [{ name: "c", image: "x", resources: { requests: { cpu: `${cpu}`, memory: `${4 * cpu}Gi` } } }] } });

function statesOf(standing: readonly (readonly [Node, readonly Pod[]])[]): NodeStates {
  const states = new NodeStates();
  for (const [each, pods] of standing) {
    const state = new NodeState(each);
    for (const one of pods) state.add(one);
    states.set(each.metadata.name, state);
  }
  return states;
}

function chosen(wanted: Pod, standing: readonly (readonly [Node, readonly Pod[]])[]): string | undefined {
  const decision = decide(wantedBy(wanted), statesOf(standing), new SeededRandom(1));
  return decision.type === "bind" ? decision.nodeName : undefined;
}

test("Pods of one set stand apart although the other node has less room, those that leave do not count, and those of others neither", () => {
  const standing = (beside: Pod): Parameters<typeof chosen>[1] => [[node("a"), [beside]], [node("b"), [heavy()]]];
  expect(chosen(pod({ owner: "web" }), standing(pod({ owner: "web" })))).toBe("b");
  expect(chosen(pod({ owner: "web" }), standing(pod({ owner: "web", deleting: true })))).toBe("a");
  expect(chosen(pod({ owner: "web" }), standing(pod({ owner: "db" })))).toBe("a");
  expect(chosen(pod({ owner: "run", kind: "Job" }), standing(pod({ owner: "run", kind: "Job" })))).toBe("a");
  expect(chosen(pod(), standing(pod()))).toBe("a");
});

test("Pods that no set owns stand apart where Services of their namespace select them, and all of these Services count", () => {
  const service = (selector?: object): Service => ({ metadata: { name: "s", namespace: "default" }, spec: { ...(selector && { selector }) } }) as unknown as Service;
  const asked: string[] = [];
  const goes = (beside: Pod, ...services: readonly Service[]): string | undefined => {
    const servicesOf = (namespace: string): readonly Service[] => (asked.push(namespace), services);
    const decision = decide(wantedBy(pod({ labels: { app: "db", tier: "data" } })), statesOf([[node("a"), [beside]], [node("b"), [heavy()]]]), new SeededRandom(1), { servicesOf });
    return decision.type === "bind" ? decision.nodeName : undefined;
  };
  const [app, tier] = [service({ app: "db" }), service({ tier: "data" })];
  const other = (more: Partial<Pod["metadata"]> = {}, labels: object = { app: "db" }): Pod => {
    const one = pod({ labels });
    return { ...one, metadata: { ...one.metadata, ...more } } as Pod;
  };
  expect(goes(other(), app)).toBe("b");
  expect(goes(other({}, { app: "db", tier: "data" }), app, tier)).toBe("b");
  expect(goes(other(), app, tier)).toBe("a");
  for (const services of [[], [service()], [service({})], [service({ app: "web" })]]) expect(goes(other(), ...services)).toBe("a");
  for (const more of [{ namespace: "elsewhere" }, { deletionTimestamp: "2026-01-01T00:00:00Z" }]) expect(goes(other(more), app)).toBe("a");
  expect(new Set(asked)).toEqual(new Set(["default"]));
});

test("Pods of one set stand apart by zone, too", () => {
  const own = (): Pod => pod({ owner: "web" });
  expect(chosen(own(), [[node("a", { [zone]: "x" }), [own()]], [node("b", { [zone]: "x" }), []], [node("c", { [zone]: "y" }), [heavy(8)]]])).toBe("c");
});

test("a constraint of the Pod's own that may be broken is kept where that is possible, and replaces what goes without saying", () => {
  const labels = { app: "even" };
  const soft = (topologyKey: string, whenUnsatisfiable = "ScheduleAnyway"): object => ({ topologySpreadConstraints: [{ maxSkew: 1, topologyKey, whenUnsatisfiable, labelSelector: { matchLabels: labels } }] });
  const even = (): Pod => pod({ labels });
  expect(chosen(pod({ labels, spec: soft("rack") }), [[node("a", { rack: "1" }), [even()]], [node("b", { rack: "1" }), []], [node("c", { rack: "2" }), [heavy()]]])).toBe("c");
  // A node that lacks the key is the last choice.
  expect(chosen(pod({ labels, spec: soft("rack") }), [[node("a", { rack: "1" }), [even(), even()]], [node("b"), []]])).toBe("a");
  expect(chosen(pod({ owner: "web", labels, spec: soft("rack") }), [[node("a", { rack: "1" }), [pod({ owner: "web" })]], [node("b", { rack: "1" }), [heavy()]]])).toBe("a");
});

const preferred = (type: "podAffinity" | "podAntiAffinity", app: string, topologyKey = hostname): object => ({ affinity: { [type]: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: { topologyKey, labelSelector: { matchLabels: { app } } } }] } } });

test("a Pod comes to whom it prefers and keeps away from whom it would rather avoid", () => {
  const friend = (): Pod => pod({ labels: { app: "friend" } });
  expect(chosen(pod({ spec: preferred("podAffinity", "friend") }), [[node("a"), []], [node("b"), [heavy(), friend()]]])).toBe("b");
  expect(chosen(pod({ spec: preferred("podAntiAffinity", "friend") }), [[node("a"), [friend()]], [node("b"), [heavy()]]])).toBe("b");
  expect(chosen(pod({ spec: preferred("podAffinity", "friend", zone) }), [[node("a"), []], [node("b", { [zone]: "x" }), [heavy()]], [node("c", { [zone]: "x" }), [heavy(), heavy(), friend()]]])).toBe("b");
});

test("those that stand are asked, too", () => {
  const wanted = (): Pod => pod({ labels: { app: "wanted" } });
  expect(chosen(wanted(), [[node("a"), []], [node("b"), [heavy(), pod({ spec: preferred("podAffinity", "wanted") })]]])).toBe("b");
  expect(chosen(wanted(), [[node("a"), [pod({ spec: preferred("podAntiAffinity", "wanted") })]], [node("b"), [heavy()]]])).toBe("b");
  const needs = { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: hostname, labelSelector: { matchLabels: { app: "wanted" } } }] } } };
  expect(chosen(wanted(), [[node("a"), []], [node("b"), [heavy(), pod({ spec: needs })]]])).toBe("b");
});

test("what is kept of the Pods that stand follows their coming, changing and going", () => {
  const event = fc.record({ uid: fc.integer({ min: 0, max: 5 }), what: fc.constantFrom("come", "leave", "go", "wish"), owner: fc.constantFrom("web", "db") });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), (story) => {
      const kept = statesOf([[node("a"), []], [node("b"), []]]);
      const there = new Map<string, Pod>();
      for (const { uid, what, owner } of story) {
        const known = there.get(`p${uid}`);
        const base = known ?? pod({ owner });
        const metadata = { ...base.metadata, uid: `p${uid}`, name: `p${uid}`, ...(what === "leave" ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}) };
        const next = { ...base, metadata, spec: what === "wish" ? { ...base.spec, ...preferred("podAffinity", "x") } : base.spec } as Pod;
        const state = kept.get(uid % 2 === 0 ? "a" : "b") as NodeState;
        if (what === "go") {
          state.remove(`p${uid}`);
          there.delete(`p${uid}`);
        } else {
          state.add(next);
          there.set(`p${uid}`, next);
        }
      }
      const fresh = statesOf(["a", "b"].map((name, i) => [node(name), [...there.values()].filter(({ metadata }) => Number(metadata.uid.slice(1)) % 2 === i)]));
      expect([kept.choosy, kept.shunning]).toEqual([fresh.choosy, fresh.shunning]);
      const wanted = pod({ owner: "web", labels: { app: "x" } });
      const scores = (states: NodeStates): number[] => scoresFor(wanted, [...states.values()], { states, namespaceLabels: () => undefined, servicesOf: () => [] });
      expect(scores(kept)).toEqual(scores(fresh));
    }),
  );
});
