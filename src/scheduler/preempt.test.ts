import { expect, test } from "vitest";
import type { Node, Pod } from "../api/types/core-v1.ts";
import { misfit, wantedBy } from "../placement/fit.ts";
import { NodeState } from "../placement/node-state.ts";
import { preempt } from "./preempt.ts";

/** Which of several nodes gives way to a Pod of higher priority. */
const pod = (name: string, cpu: string, priority: number, startTime?: string): Pod =>
  ({ metadata: { name, namespace: "default", uid: name }, spec: { priority, containers: [{ name: "c", image: "x", resources: { requests: { cpu } } }] }, status: { ...(startTime && { startTime }) } }) as unknown as Pod;
const node = (name: string): Node => ({ metadata: { name }, spec: {}, status: { allocatable: { cpu: "4", memory: "8Gi", pods: "110" } } }) as unknown as Node;

/** Where a Pod that wants three of four cores takes its place, by what stands on each node. */
function chosen(standing: { readonly [node: string]: readonly Pod[] }): string | undefined {
  const wanted = wantedBy(pod("wanted", "3", 1000));
  const states = new Map<string, NodeState>();
  for (const [name, pods] of Object.entries(standing)) {
    const state = new NodeState(node(name));
    for (const each of pods) state.add(each);
    states.set(name, state);
  }
  const refusals = [...states].map(([nodeName, state]) => ({ nodeName, misfit: misfit(wanted, state) ?? expect.unreachable(nodeName) }));
  return preempt(wanted, states, refusals)?.nodeName;
}

test("the lowest priority is lost, then the least of it, then the fewest Pods", () => {
  expect(chosen({ a: [pod("a1", "4", 20)], b: [pod("b1", "4", 10)] })).toBe("b");
  expect(chosen({ a: [pod("a1", "2", 10), pod("a2", "2", 5)], b: [pod("b1", "4", 10)] })).toBe("b");
  expect(chosen({ a: [pod("a1", "2", 0), pod("a2", "2", 0)], b: [pod("b1", "4", 0)] })).toBe("b");
});

test("among equals goes what has worked for the shortest time: of each node the oldest of its most important Pods counts", () => {
  const [early, middle, late] = ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"];
  expect(chosen({ a: [pod("a1", "4", 0, early)], b: [pod("b1", "4", 0, late)] })).toBe("b");
  expect(chosen({ a: [pod("a1", "2", 0, early), pod("a2", "2", 0, late)], b: [pod("b1", "2", 0, middle), pod("b2", "2", 0, middle)] })).toBe("b");
  expect(chosen({ a: [pod("a1", "4", 0, early)], b: [pod("b1", "4", 0)] })).toBe("b");
  expect(chosen({ a: [pod("a1", "4", 0)], b: [pod("b1", "4", 0)] })).toBe("a");
});
