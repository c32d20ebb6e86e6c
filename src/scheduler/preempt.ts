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

/** Lower is better, position by position: the highest priority lost, the sum of priorities lost, how many; then the node's name. */
function costOf(preemption: Preemption): readonly (number | string)[] {
  const priorities = preemption.victims.map(priorityOf);
  return [Math.max(...priorities), priorities.reduce((sum, priority) => sum + priority, 0), priorities.length, preemption.nodeName];
}

function cheaper(a: Preemption, b: Preemption): boolean {
  const [left, right] = [costOf(a), costOf(b)];
  for (let i = 0; i < left.length; i++) {
    if (left[i] !== right[i]) return (left[i] as number | string) < (right[i] as number | string);
  }
  return false;
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
