import { matchesSelector } from "../api/label-selector.ts";
import type { LabelSelector } from "../api/types/meta-v1.ts";
import type { Pod, TopologySpreadConstraint } from "../api/types/core-v1.ts";
import type { Misfit } from "./fit.ts";
import { nodeMatches } from "./node-affinity.ts";
import type { NodeState, Standing } from "./node-state.ts";
import type { TopologyCheck } from "./pod-affinity.ts";
import { isCordonedFor, untoleratedTaint } from "./taints.ts";

const skewed: Misfit = { predicate: "PodTopologySpread", reasons: ["node(s) didn't match pod topology spread constraints"], final: false };
const unlabelled: Misfit = {
  predicate: "PodTopologySpread",
  reasons: ["node(s) didn't match pod topology spread constraints (missing required label)"],
  final: true,
};

interface Counted {
  readonly constraint: TopologySpreadConstraint;
  readonly selector: LabelSelector | undefined;
  /** Matching Pods per domain of the eligible nodes. */
  readonly perDomain: Map<string, number>;
  readonly least: number;
  readonly self: number;
}

/** A constraint's selector with the Pod's own values of `matchLabelKeys`. */
export function selectorOf(constraint: TopologySpreadConstraint, pod: Pod): LabelSelector | undefined {
  const keys = constraint.matchLabelKeys ?? [];
  if (!constraint.labelSelector || keys.length === 0) return constraint.labelSelector;
  const own: { [key: string]: string } = {};
  for (const key of keys) {
    const value = pod.metadata.labels?.[key];
    if (typeof value === "string") own[key] = value;
  }
  return { ...constraint.labelSelector, matchLabels: { ...constraint.labelSelector.matchLabels, ...own } };
}

/** Which nodes count for a constraint: those that the Pod's affinity (and, where asked, its tolerations) let it use. */
export function countsFor(constraint: TopologySpreadConstraint, pod: Pod, state: NodeState): boolean {
  if (constraint.nodeAffinityPolicy !== "Ignore" && !nodeMatches(pod.spec, state.node)) return false;
  if (constraint.nodeTaintsPolicy !== "Honor") return true;
  return !isCordonedFor(pod.spec, state.node) && !untoleratedTaint(state.node.spec.taints, pod.spec.tolerations, ["NoSchedule", "NoExecute"]);
}

function count(constraint: TopologySpreadConstraint, keys: readonly string[], pod: Pod, states: Pick<Standing, "values">): Counted {
  const selector = selectorOf(constraint, pod);
  const perDomain = new Map<string, number>();
  for (const state of states.values()) {
    const labels = state.node.metadata.labels;
    if (!keys.every((key) => typeof labels?.[key] === "string") || !countsFor(constraint, pod, state)) continue;
    const domain = labels?.[constraint.topologyKey] as string;
    let matching = perDomain.get(domain) ?? 0;
    for (const other of state.pods.values()) {
      if (other.metadata.namespace !== pod.metadata.namespace || other.metadata.deletionTimestamp) continue;
      if (matchesSelector(selector, other.metadata.labels)) matching++;
    }
    perDomain.set(domain, matching);
  }
  const tooFew = constraint.minDomains !== undefined && perDomain.size < constraint.minDomains;
  const least = tooFew || perDomain.size === 0 ? 0 : Math.min(...perDomain.values());
  return { constraint, selector, perDomain, least, self: matchesSelector(selector, pod.metadata.labels) ? 1 : 0 };
}

function hardConstraints(pod: Pod): readonly TopologySpreadConstraint[] {
  return pod.spec.topologySpreadConstraints?.filter((constraint) => constraint.whenUnsatisfiable === "DoNotSchedule") ?? [];
}

/** Whether `other` counts for one of the constraints that `pod` must keep. */
export function spreadConcerns(pod: Pod, other: Pod): boolean {
  if (other.metadata.namespace !== pod.metadata.namespace) return false;
  return hardConstraints(pod).some((constraint) => matchesSelector(selectorOf(constraint, pod), other.metadata.labels));
}

/** Refuses nodes on which a `DoNotSchedule` constraint would be exceeded; undefined when the Pod has none. */
export function spreadCheck(pod: Pod, states: Pick<Standing, "values">): TopologyCheck | undefined {
  const hard = hardConstraints(pod);
  if (hard.length === 0) return undefined;
  const keys = hard.map((constraint) => constraint.topologyKey);
  const counted = hard.map((constraint) => count(constraint, keys, pod, states));
  return (state) => {
    for (const { constraint, perDomain, least, self } of counted) {
      const domain = state.node.metadata.labels?.[constraint.topologyKey];
      if (domain === undefined) return unlabelled;
      if ((perDomain.get(domain) ?? 0) + self - least > constraint.maxSkew) return skewed;
    }
    return undefined;
  };
}
