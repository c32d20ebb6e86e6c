import { matchesSelector } from "../api/label-selector.ts";
import type { Pod } from "../api/types/core-v1.ts";
import type { PodDisruptionBudget } from "../api/types/policy-v1.ts";
import { NodeState } from "../placement/node-state.ts";
import type { NodeStates, Standing } from "../placement/node-state.ts";
import type { Refusal } from "./refusal.ts";

/** Which Pods must go from which node so that a Pod of higher priority fits there. */
export interface Preemption {
  readonly nodeName: string;
  /** In order of falling priority. */
  readonly victims: readonly Pod[];
}

export interface PreemptionView {
  readonly pod: Pod;
  readonly states: NodeStates;
  readonly refusals: readonly Refusal[];
  readonly budgets: readonly PodDisruptionBudget[];
  /** Whether the Pod fits this node, with what stands on it and on the others. */
  readonly fits: (state: NodeState, among: Standing) => boolean;
}

/** Upstream's share of nodes that are tried, and the number that are tried in any case. */
const [triedShare, triedMin] = [0.1, 100];
/** Upstream adds this to each priority that it sums up, so that two Pods are more than one whatever they are worth. */
const priorityShift = 2 ** 31;

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

interface Candidate extends Preemption {
  /** Victims whose going a budget forbids. */
  readonly violating: number;
}

/**
 * The least that has to go from one node: all Pods of lower priority are taken away, then as many as possible are given back, those
 * first that a budget protects, of each kind the most important first. Undefined when even without all of them the Pod does not fit.
 */
function candidateOn(state: NodeState, view: PreemptionView): Candidate | undefined {
  const priority = priorityOf(view.pod);
  const lower = [...state.pods.values()].filter((pod) => priorityOf(pod) < priority);
  if (lower.length === 0) return undefined;
  const trial = new NodeState(state.node);
  for (const pod of state.pods.values()) if (priorityOf(pod) >= priority) trial.add(pod);
  const among = withTrial(view.states, trial);
  if (!view.fits(trial, among)) return undefined;
  const { violating, others } = byBudgets(lower.sort(byImportance), view.budgets);
  const giveBack = (pods: readonly Pod[]): Pod[] =>
    pods.filter((pod) => {
      trial.add(pod);
      if (view.fits(trial, among)) return false;
      trial.remove(pod.metadata.uid);
      return true;
    });
  const forbidden = giveBack(violating);
  const victims = [...forbidden, ...giveBack(others)].sort(byImportance);
  return victims.length === 0 ? undefined : { nodeName: state.node.metadata.name, victims, violating: forbidden.length };
}

/** All nodes, one of them as it stands in a trial. */
function withTrial(states: NodeStates, trial: NodeState): Standing {
  const { name } = trial.node.metadata;
  return {
    get shunning() {
      return states.shunning - (states.get(name)?.shunning.size ?? 0) + trial.shunning.size;
    },
    *values() {
      for (const [each, state] of states) yield each === name ? trial : state;
    },
  };
}

/** Those that a budget would not let go, when they go in this order, and the others. */
function byBudgets(pods: readonly Pod[], budgets: readonly PodDisruptionBudget[]): { violating: readonly Pod[]; others: readonly Pod[] } {
  if (budgets.length === 0) return { violating: [], others: pods };
  const left = new Map(budgets.map((budget) => [budget, budget.status.disruptionsAllowed]));
  const violating = new Set<Pod>();
  for (const pod of pods) {
    for (const budget of budgets) {
      if (!protects(budget, pod) || budget.status.disruptedPods?.[pod.metadata.name] !== undefined) continue;
      const allowed = (left.get(budget) as number) - 1;
      left.set(budget, allowed);
      if (allowed < 0) violating.add(pod);
    }
  }
  return { violating: [...violating], others: pods.filter((pod) => !violating.has(pod)) };
}

/** In preemption, as upstream, an empty selector protects nobody. */
function protects({ metadata, spec: { selector } }: PodDisruptionBudget, pod: Pod): boolean {
  if (selector === undefined || metadata.namespace !== pod.metadata.namespace) return false;
  if (Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0) return false;
  return matchesSelector(selector, pod.metadata.labels);
}

/** Lower is better, position by position: budgets broken, the highest priority lost, the sum of priorities lost, how many. */
function costOf({ victims, violating }: Candidate): readonly number[] {
  const priorities = victims.map(priorityOf);
  return [violating, Math.max(...priorities), priorities.reduce((sum, priority) => sum + priority + priorityShift, 0), priorities.length];
}

/** When the oldest of the most important victims began; one that has not begun counts as the youngest. RFC 3339 of whole seconds, so text compares. */
function beginningOf({ victims }: Candidate): string {
  const highest = Math.max(...victims.map(priorityOf));
  return victims.filter((pod) => priorityOf(pod) === highest).map((pod) => pod.status.startTime ?? "~").reduce((a, b) => (a < b ? a : b));
}

/** By cost; among equals the one that has worked for the shortest time; then by the node's name, so that one seed has one history. */
function cheaper(a: Candidate, b: Candidate): boolean {
  const [left, right] = [costOf(a), costOf(b)];
  for (const [i, cost] of left.entries()) if (cost !== right[i]) return cost < (right[i] as number);
  const [begun, otherBegun] = [beginningOf(a), beginningOf(b)];
  return begun === otherBegun ? a.nodeName < b.nodeName : begun > otherBegun;
}

/** Why, in upstream's words, nobody may be evicted for this Pod now; undefined when others may. */
export function ineligible({ pod, states, refusals }: Pick<PreemptionView, "pod" | "states" | "refusals">): string | undefined {
  if (pod.spec.preemptionPolicy === "Never") return "not eligible due to preemptionPolicy=Never.";
  const { nominatedNodeName } = pod.status;
  // A promise that cannot be kept any more is none.
  if (!nominatedNodeName || refusals.some(({ nodeName, misfit }) => nodeName === nominatedNodeName && misfit.final)) return undefined;
  for (const other of states.get(nominatedNodeName)?.pods.values() ?? []) {
    if (priorityOf(other) < priorityOf(pod) && isLeavingFor(other)) return "not eligible due to a terminating pod on the nominated node.";
  }
  return undefined;
}

/** It goes because a scheduler wants its room. */
function isLeavingFor({ metadata, status }: Pod): boolean {
  if (metadata.deletionTimestamp === undefined) return false;
  const disruption = status.conditions?.find(({ type }) => type === "DisruptionTarget");
  return disruption?.status === "True" && disruption.reason === "PreemptionByScheduler";
}

/** Whether Pods of lower priority stand where the Pod might come without them: then all that changes there may let it. */
export function hasLesser({ pod, states, refusals }: Pick<PreemptionView, "pod" | "states" | "refusals">): boolean {
  const priority = priorityOf(pod);
  const isLesser = (other: Pod): boolean => priorityOf(other) < priority;
  return refusals.some(({ nodeName, misfit }) => !misfit.final && [...(states.get(nodeName)?.pods.values() ?? [])].some(isLesser));
}

/** Where a Pod that found no place and is eligible can make one by evicting Pods of lower priority; undefined when it cannot. */
export function preempt(view: PreemptionView): Preemption | undefined {
  const triedMax = Math.max(triedMin, Math.floor(view.states.size * triedShare));
  let best: Candidate | undefined;
  let tried = 0;
  for (const { nodeName, misfit: why } of view.refusals) {
    const state = view.states.get(nodeName);
    if (why.final || !state) continue;
    const found = candidateOn(state, view);
    if (!found) continue;
    if (!best || cheaper(found, best)) best = found;
    if (++tried === triedMax) break;
  }
  return best && { nodeName: best.nodeName, victims: best.victims };
}
