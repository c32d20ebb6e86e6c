import type { Pod } from "../api/types/core-v1.ts";
import { misfit } from "../placement/fit.ts";
import type { Wanted } from "../placement/fit.ts";
import { NodeState } from "../placement/node-state.ts";
import type { Refusal } from "./refusal.ts";

/** Which Pods must go from which node so that a Pod of higher priority fits there. */
export interface Preemption {
  readonly nodeName: string;
  /** In order of falling priority. */
  readonly victims: readonly Pod[];
}

function priorityOf(pod: Pod): number {
  return pod.spec.priority ?? 0;
}

/** More important first: higher priority, then started earlier. */
function byImportance(a: Pod, b: Pod): number {
  const byPriority = priorityOf(b) - priorityOf(a);
  if (byPriority !== 0) return byPriority;
  const [left, right] = [a.status.startTime ?? "", b.status.startTime ?? ""];
  if (left !== right) return left < right ? -1 : 1;
  return a.metadata.uid < b.metadata.uid ? -1 : 1;
}

/**
 * The least that has to go from one node: all Pods of lower priority are taken away, then as many as possible are given back,
 * the most important first. Undefined when even without all of them the Pod does not fit.
 */
function victimsOn(wanted: Wanted, state: NodeState): readonly Pod[] | undefined {
  const priority = priorityOf(wanted.pod);
  const lower = [...state.pods.values()].filter((pod) => priorityOf(pod) < priority);
  if (lower.length === 0) return undefined;
  const trial = new NodeState(state.node);
  for (const pod of state.pods.values()) if (priorityOf(pod) >= priority) trial.add(pod);
  if (misfit(wanted, trial)) return undefined;
  const victims: Pod[] = [];
  for (const pod of lower.sort(byImportance)) {
    trial.add(pod);
    if (!misfit(wanted, trial)) continue;
    trial.remove(pod.metadata.uid);
    victims.push(pod);
  }
  return victims;
}

/** Lower is better, position by position: the highest priority lost, the sum of priorities lost, how many. */
function costOf({ victims }: Preemption): readonly number[] {
  const priorities = victims.map(priorityOf);
  return [Math.max(...priorities), priorities.reduce((sum, priority) => sum + priority, 0), priorities.length];
}

/** When the oldest of the most important victims began; one that has not begun counts as the youngest. RFC 3339 of whole seconds, so text compares. */
function beginningOf({ victims }: Preemption): string {
  const highest = Math.max(...victims.map(priorityOf));
  return victims.filter((pod) => priorityOf(pod) === highest).map((pod) => pod.status.startTime ?? "~").reduce((a, b) => (a < b ? a : b));
}

/** By cost; among equals the one that has worked for the shortest time; then by the node's name, so that one seed has one history. */
function cheaper(a: Preemption, b: Preemption): boolean {
  const [left, right] = [costOf(a), costOf(b)];
  for (const [i, cost] of left.entries()) if (cost !== right[i]) return cost < (right[i] as number);
  const [begun, otherBegun] = [beginningOf(a), beginningOf(b)];
  return begun === otherBegun ? a.nodeName < b.nodeName : begun > otherBegun;
}

/**
 * Where a Pod that found no place can make one by evicting Pods of lower priority; undefined when it may not or cannot. Budgets
 * of disruption are not weighed.
 */
export function preempt(wanted: Wanted, states: ReadonlyMap<string, NodeState>, refusals: readonly Refusal[]): Preemption | undefined {
  if (wanted.pod.spec.preemptionPolicy === "Never") return undefined;
  let best: Preemption | undefined;
  for (const { nodeName, misfit: why } of refusals) {
    const state = states.get(nodeName);
    if (why.final || !state) continue;
    const victims = victimsOn(wanted, state);
    if (!victims || victims.length === 0) continue;
    const found: Preemption = { nodeName, victims };
    if (!best || cheaper(found, best)) best = found;
  }
  return best;
}
