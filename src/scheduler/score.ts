import { termHolds } from "../placement/node-affinity.ts";
import type { NodeState, NodeStates } from "../placement/node-state.ts";
import type { NamespaceLabels } from "../placement/pod-affinity.ts";
import { scoredAmounts } from "../placement/resources.ts";
import { tolerates } from "../placement/taints.ts";
import type { Pod } from "../api/types/core-v1.ts";
import { affinityScores } from "./affinity-score.ts";
import { spreadScores } from "./spread-score.ts";
import type { ServicesOf } from "./spread-score.ts";

/*
 * Scores of upstream's default profile, each 0 to 100 times its weight: TaintToleration 3, NodeAffinity 2, PodTopologySpread 2,
 * InterPodAffinity 2, NodeResourcesFit (least allocated) 1, NodeResourcesBalancedAllocation 1. Which images a node has does not count.
 */
const weights = { taints: 3, affinity: 2, spread: 2, company: 2, least: 1, balanced: 1 } as const;
const scoreMax = 100;

function leastAllocated(cpu: number, memory: number, state: NodeState): number {
  const part = (used: number, there: number): number => (there === 0 || used > there ? 0 : Math.floor(((there - used) * scoreMax) / there));
  return Math.floor((part(cpu, state.allocatable["cpu"] ?? 0) + part(memory, state.allocatable["memory"] ?? 0)) / 2);
}

/** Of two resources the standard deviation is half their distance. */
function balance(cpu: number, memory: number, state: NodeState): number {
  const share = (used: number, there: number): number => (there === 0 ? 1 : Math.min(used / there, 1));
  return Math.floor((1 - Math.abs(share(cpu, state.allocatable["cpu"] ?? 0) - share(memory, state.allocatable["memory"] ?? 0)) / 2) * scoreMax);
}

/** Counts of taints and weights of terms are relative: the largest of the nodes in question becomes 100. */
function normalise(raw: readonly number[], reverse: boolean): number[] {
  const most = Math.max(0, ...raw);
  return raw.map((value) => {
    if (most === 0) return reverse ? scoreMax : 0;
    const score = Math.floor((value * scoreMax) / most);
    return reverse ? scoreMax - score : score;
  });
}

/** The score of each feasible node for a Pod, in the order of `states`, among all nodes. Higher is better. */
export function scoresFor(pod: Pod, states: readonly NodeState[], around: { readonly states: NodeStates; readonly namespaceLabels: NamespaceLabels; readonly servicesOf: ServicesOf }): number[] {
  const wanted = scoredAmounts(pod.spec);
  const soft = pod.spec.tolerations?.filter((toleration) => !toleration.effect || toleration.effect === "PreferNoSchedule") ?? [];
  const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const taints = normalise(
    states.map(({ node: { spec } }) => (spec.taints === undefined ? 0 : spec.taints.filter((taint) => taint.effect === "PreferNoSchedule" && !soft.some((one) => tolerates(one, taint))).length)),
    true,
  );
  const affinity = preferred.length === 0 ? undefined : normalise(
    states.map(({ node }) => {
      let sum = 0;
      for (const { weight, preference } of preferred) if (termHolds(preference, node.metadata.name, node.metadata.labels)) sum += weight;
      return sum;
    }),
    false,
  );
  const spread = spreadScores(pod, states, around);
  const company = affinityScores(pod, states, around);
  return states.map((state, i) => {
    const cpu = state.scoredCpu + wanted.cpu;
    const memory = state.scoredMemory + wanted.memory;
    return (
      weights.taints * (taints[i] as number) +
      weights.affinity * (affinity?.[i] ?? 0) +
      weights.spread * (spread?.[i] ?? 0) +
      weights.company * (company?.[i] ?? 0) +
      weights.least * leastAllocated(cpu, memory, state) +
      weights.balanced * balance(cpu, memory, state)
    );
  });
}
