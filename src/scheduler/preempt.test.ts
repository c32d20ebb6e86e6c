import fc from "fast-check";
import { expect, test } from "vitest";
import type { Node, Pod } from "../api/types/core-v1.ts";
import type { PodDisruptionBudget } from "../api/types/policy-v1.ts";
import { wantedBy } from "../placement/fit.ts";
import { NodeState, NodeStates } from "../placement/node-state.ts";
import { SeededRandom } from "../base/random.ts";
import { decide } from "./decide.ts";
import type { Preemption } from "./preempt.ts";

/** Which of several nodes gives way to a Pod of higher priority, and which of its Pods. */
interface PodFacts {
  readonly startTime?: string;
  readonly labels?: { readonly [key: string]: string };
  readonly spec?: object;
  readonly status?: object;
  readonly deleting?: boolean;
}

const pod = (name: string, cpu: string, priority: number, { startTime, labels = {}, spec = {}, status = {}, deleting }: PodFacts = {}): Pod =>
  ({
    metadata: { name, namespace: "default", uid: name, labels, ...(deleting && { deletionTimestamp: "2026-01-01T00:00:00Z" }) },
    spec: { priority, containers: [{ name: "c", image: "x", resources: { requests: { cpu } } }], ...spec },
    status: { ...(startTime && { startTime }), ...status },
  }) as unknown as Pod;
const node = (name: string): Node => ({ metadata: { name, labels: { "kubernetes.io/hostname": name } }, spec: {}, status: { allocatable: { cpu: "4", memory: "8Gi", pods: "110" } } }) as unknown as Node;
const budget = (app: string, allowed: number, more: object = {}): PodDisruptionBudget =>
  ({ metadata: { name: app, namespace: "default" }, spec: { selector: { matchLabels: { app } } }, status: { disruptionsAllowed: allowed, ...more } }) as unknown as PodDisruptionBudget;
const app = (name: string): PodFacts => ({ labels: { app: name } });

type Standing = { readonly [node: string]: readonly Pod[] };

function statesOf(standing: Standing): NodeStates {
  const states = new NodeStates();
  for (const [name, pods] of Object.entries(standing)) {
    const state = new NodeState(node(name));
    for (const each of pods) state.add(each);
    states.set(name, state);
  }
  return states;
}

/** What gives way to a Pod that wants three of four cores. */
function preempted(standing: Standing, { wanted = pod("wanted", "3", 1000), budgets = [] }: { wanted?: Pod; budgets?: readonly PodDisruptionBudget[] } = {}): Preemption | string {
  const decision = decide(wantedBy(wanted), statesOf(standing), new SeededRandom(1), { budgets });
  return decision.type === "preempt" ? decision.preemption : decision.type === "pending" ? decision.message : expect.unreachable(decision.nodeName);
}

function chosen(standing: Standing, budgets: readonly PodDisruptionBudget[] = []): string | undefined {
  const found = preempted(standing, { budgets });
  return typeof found === "string" ? undefined : found.nodeName;
}

function victims(standing: Standing, options: Parameters<typeof preempted>[1] = {}): readonly string[] {
  const found = preempted(standing, options);
  return typeof found === "string" ? [found] : found.victims.map(({ metadata }) => metadata.name);
}

test("the lowest priority is lost, then the least of it, then the fewest Pods", () => {
  expect(chosen({ a: [pod("a1", "4", 20)], b: [pod("b1", "4", 10)] })).toBe("b");
  expect(chosen({ a: [pod("a1", "2", 10), pod("a2", "2", 5)], b: [pod("b1", "4", 10)] })).toBe("b");
  expect(chosen({ a: [pod("a1", "2", 0), pod("a2", "2", 0)], b: [pod("b1", "4", 0)] })).toBe("b");
  // Two Pods are more than one, however little the second is worth.
  expect(chosen({ a: [pod("a1", "2", 10), pod("a2", "2", -100)], b: [pod("b1", "4", 10)] })).toBe("b");
});

test("among equals goes what has worked for the shortest time: of each node the oldest of its most important Pods counts", () => {
  const [early, middle, late] = ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"].map((startTime) => ({ startTime }));
  expect(chosen({ a: [pod("a1", "4", 0, early)], b: [pod("b1", "4", 0, late)] })).toBe("b");
  expect(chosen({ a: [pod("a1", "2", 0, early), pod("a2", "2", 0, late)], b: [pod("b1", "2", 0, middle), pod("b2", "2", 0, middle)] })).toBe("b");
  expect(chosen({ a: [pod("a1", "4", 0, early)], b: [pod("b1", "4", 0)] })).toBe("b");
  expect(chosen({ a: [pod("a1", "4", 0)], b: [pod("b1", "4", 0)] })).toBe("a");
});

test("Pods that a budget protects go last, on a node and among nodes", () => {
  const spent = [budget("web", 0)];
  expect(chosen({ a: [pod("a1", "4", 0, app("web"))], b: [pod("b1", "4", 20)] }, spent)).toBe("b");
  expect(chosen({ a: [pod("a1", "4", 0, app("web"))], b: [pod("b1", "4", 20)] }, [budget("web", 1)])).toBe("a");
  expect(victims({ a: [pod("a1", "3", 0, app("web")), pod("a2", "1", 20)] }, { budgets: spent, wanted: pod("wanted", "1", 1000) })).toEqual(["a2"]);
  // Of three that a budget lets one go, the least important goes.
  expect(victims({ a: [30, 20, 10].map((priority) => pod(`a${priority}`, "1", priority, app("web"))) }, { budgets: [budget("web", 1)], wanted: pod("wanted", "2", 1000) })).toEqual(["a30"]);
  // What was charged to the budget already is not charged again.
  expect(chosen({ a: [pod("a1", "4", 0, app("web"))], b: [pod("b1", "4", 20)] }, [budget("web", 0, { disruptedPods: { a1: "2026-01-01T00:00:00Z" } })])).toBe("a");
  // Where nothing else helps they go too.
  expect(chosen({ a: [pod("a1", "4", 0, app("web"))] }, spent)).toBe("a");
});

const terms = (type: string, name: string): PodFacts => ({ labels: { app: "wanted" }, spec: { affinity: { [type]: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { app: name } } }] } } } });

test("who is in the way by standing there gives way, whoever shuns whom", () => {
  const shunning = pod("wanted", "1", 1000, terms("podAntiAffinity", "loud"));
  expect(victims({ a: [pod("quiet", "1", 0), pod("loud", "1", 0, app("loud"))] }, { wanted: shunning })).toEqual(["loud"]);
  const shunned = pod("wanted", "1", 1000, app("wanted"));
  expect(victims({ a: [pod("quiet", "1", 0), pod("shy", "1", 0, terms("podAntiAffinity", "wanted"))] }, { wanted: shunned })).toEqual(["shy"]);
});

test("a domain that has too many Pods loses as many as a Pod needs that must be spread", () => {
  const spread = { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "DoNotSchedule", labelSelector: { matchLabels: { app: "even" } } }] };
  const wanted = pod("wanted", "1", 1000, { labels: { app: "even" }, spec: spread });
  const full = pod("full", "4", 2000);
  expect(victims({ a: [pod("a1", "1", 0, app("even")), pod("a2", "1", 5, app("even"))], b: [full] }, { wanted })).toEqual(["a2", "a1"]);
});

test("nobody is evicted for a Pod that could not come even then", () => {
  const wanted = pod("wanted", "3", 1000, terms("podAntiAffinity", "loud"));
  expect(victims({ a: [pod("low", "3", 0), pod("loud", "1", 2000, app("loud"))] }, { wanted })[0]).toMatch(/preemption: 0\/1 nodes are available: 1 No preemption victims found for incoming pod\.$/);
});

test("a Pod for which others are leaving already waits for them", () => {
  const leaving = pod("leaving", "4", 0, { deleting: true, status: { conditions: [{ type: "DisruptionTarget", status: "True", reason: "PreemptionByScheduler" }] } });
  const wanted = pod("wanted", "3", 1000, { status: { nominatedNodeName: "a" } });
  expect(victims({ a: [leaving], b: [pod("b1", "4", 0)] }, { wanted })[0]).toMatch(/preemption: not eligible due to a terminating pod on the nominated node\.$/);
  // One that somebody else ends is no reason to wait.
  expect(victims({ a: [pod("leaving", "4", 0, { deleting: true })] }, { wanted })).toEqual(["leaving"]);
});

test("a Pod takes the node that it was promised where it fits there, whatever the scores say", () => {
  const wanted = pod("wanted", "1", 0, { status: { nominatedNodeName: "b" } });
  expect(decide(wantedBy(wanted), statesOf({ a: [], b: [pod("b1", "2", 0)] }), new SeededRandom(1))).toMatchObject({ type: "bind", nodeName: "b" });
});

test("victims are few: without them the Pod fits, and with any one of them it does not", () => {
  const drawn = fc.record({ cpu: fc.constantFrom("500m", "1", "2"), priority: fc.integer({ min: 0, max: 3 }), app: fc.constantFrom("web", "db", "none") });
  const standing = fc.array(fc.array(drawn, { maxLength: 5 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(standing, fc.nat(2), fc.boolean(), (nodes, allowed, shuns) => {
      const names = nodes.map((_, i) => `n${i}`);
      const pods = Object.fromEntries(nodes.map((each, i) => [names[i] as string, each.map((one, k) => pod(`p${i}-${k}`, one.cpu, one.priority, app(one.app)))]));
      const wanted = wantedBy(pod("wanted", "2", 2, shuns ? terms("podAntiAffinity", "db") : {}));
      const states = statesOf(pods);
      const decision = decide(wanted, states, new SeededRandom(1), { budgets: [budget("web", allowed)] });
      if (decision.type !== "preempt") return;
      const state = states.get(decision.preemption.nodeName) as NodeState;
      const gone = decision.preemption.victims;
      for (const victim of gone) {
        expect(victim.spec.priority).toBeLessThan(2);
        state.remove(victim.metadata.uid);
      }
      const fits = (): boolean => {
        const after = decide(wanted, new NodeStates([[state.node.metadata.name, state]]), new SeededRandom(1));
        return after.type === "bind";
      };
      expect(fits()).toBe(true);
      for (const victim of gone) {
        state.add(victim);
        expect(fits(), victim.metadata.name).toBe(false);
        state.remove(victim.metadata.uid);
      }
    }),
    { numRuns: 300 },
  );
});
