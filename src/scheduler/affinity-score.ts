import type { Pod, PodAffinityTerm, WeightedPodAffinityTerm } from "../api/types/core-v1.ts";
import type { NodeState, NodeStates } from "../placement/node-state.ts";
import { affinityTerms, termMeans } from "../placement/pod-affinity.ts";
import type { NamespaceLabels } from "../placement/pod-affinity.ts";

/**
 * How much Pods would like to stand together on each node, 0 to 100: what the Pod prefers of those that stand, and what they prefer of it
 * (upstream's InterPodAffinity). Undefined: nobody minds.
 */

/** What a required affinity of a Pod that stands is worth to the one that comes: upstream's hardPodAffinityWeight. */
const requiredWeight = 1;

interface Wish {
  readonly term: PodAffinityTerm;
  readonly weight: number;
}

export function affinityScores(pod: Pod, feasible: readonly NodeState[], options: { readonly states: NodeStates; readonly namespaceLabels: NamespaceLabels }): readonly number[] | undefined {
  const { states, namespaceLabels } = options;
  const wishes = wishesOf(pod);
  if (wishes.length === 0 && states.choosy === 0) return undefined;
  const sums = new Map<string, Map<string, number>>();
  for (const { node, pods, choosy } of states.values()) {
    const add = ({ term, weight }: Wish): void => {
      const value = node.metadata.labels?.[term.topologyKey];
      if (value === undefined) return;
      let byValue = sums.get(term.topologyKey);
      if (!byValue) sums.set(term.topologyKey, (byValue = new Map()));
      byValue.set(value, (byValue.get(value) ?? 0) + weight);
    };
    if (wishes.length > 0) for (const other of pods.values()) for (const wish of wishes) if (termMeans(wish.term, pod, other, namespaceLabels)) add(wish);
    for (const other of choosy.values()) {
      for (const wish of [...wishesOf(other), ...affinityTerms(other).map((term) => ({ term, weight: requiredWeight }))]) if (termMeans(wish.term, other, pod, namespaceLabels)) add(wish);
    }
  }
  if (sums.size === 0) return undefined;
  const raw = feasible.map(({ node }) => {
    let sum = 0;
    for (const [key, byValue] of sums) sum += byValue.get(node.metadata.labels?.[key] ?? "") ?? 0;
    return sum;
  });
  const [least, most] = [Math.min(...raw), Math.max(...raw)];
  return raw.map((sum) => (most === least ? 0 : Math.trunc((100 * (sum - least)) / (most - least))));
}

/** What a Pod prefers of others; what it would rather avoid counts against. */
function wishesOf({ spec: { affinity } }: Pod): readonly Wish[] {
  const { podAffinity, podAntiAffinity } = affinity ?? {};
  const weighted = (terms: readonly WeightedPodAffinityTerm[] = [], sign: 1 | -1): readonly Wish[] => terms.map(({ podAffinityTerm, weight }) => ({ term: podAffinityTerm, weight: sign * weight }));
  return [...weighted(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution, 1), ...weighted(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution, -1)];
}
