import { matchesSelector } from "../api/label-selector.ts";
import type { Labels } from "../api/label-selector.ts";
import type { Pod, Service } from "../api/types/core-v1.ts";
import { kinOf } from "../placement/kin.ts";
import { nodeMatches } from "../placement/node-affinity.ts";
import type { NodeState, NodeStates } from "../placement/node-state.ts";
import { countsFor, selectorOf } from "../placement/topology-spread.ts";

/**
 * How well each node keeps Pods of one kind apart, 0 to 100: by the Pod's own `ScheduleAnyway` constraints; where it has no constraint
 * at all, Pods of one set, or else those that the same Services select, are kept apart by node and by zone (upstream's PodTopologySpread
 * with its system defaults). Undefined: no matter.
 */

/** The Services of a namespace. */
export type ServicesOf = (namespace: string) => readonly Service[];

const hostname = "kubernetes.io/hostname";
/** Upstream's system default constraints. */
const defaults = [
  { topologyKey: hostname, maxSkew: 3 },
  { topologyKey: "topology.kubernetes.io/zone", maxSkew: 5 },
] as const;

interface Soft {
  readonly topologyKey: string;
  readonly maxSkew: number;
  /** Whether Pods of a node count in its domain. */
  readonly counts: (state: NodeState) => boolean;
  /** Pods of a node that the constraint means. */
  readonly on: (state: NodeState) => number;
}

export function spreadScores(pod: Pod, feasible: readonly NodeState[], { states, servicesOf }: { readonly states: NodeStates; readonly servicesOf: ServicesOf }): readonly number[] | undefined {
  const own = pod.spec.topologySpreadConstraints ?? [];
  const soft = own.length > 0 ? ownConstraints(pod) : defaultConstraints(pod, servicesOf);
  if (soft.length === 0) return undefined;
  // A node that lacks a key of the Pod's own constraints is the last choice.
  const judged = own.length === 0 ? feasible : feasible.filter(({ node }) => soft.every(({ topologyKey }) => node.metadata.labels?.[topologyKey] !== undefined));
  const sums = new Array<number>(judged.length).fill(0);
  for (const constraint of soft) holdAgainst(sums, constraint, judged, states);
  let [least, most] = [Infinity, 0];
  for (let i = 0; i < sums.length; i++) {
    const rounded = (sums[i] = Math.round(sums[i] as number));
    least = Math.min(least, rounded);
    most = Math.max(most, rounded);
  }
  let next = 0;
  // `judged` has the order of `feasible`.
  return feasible.map((state) => {
    if (judged[next] !== state) return 0;
    const score = sums[next++] as number;
    return most === 0 ? 100 : Math.trunc((100 * (most + least - score)) / most);
  });
}

function ownConstraints(pod: Pod): readonly Soft[] {
  const { namespace } = pod.metadata;
  return (pod.spec.topologySpreadConstraints ?? []).flatMap((constraint) => {
    if (constraint.whenUnsatisfiable !== "ScheduleAnyway") return [];
    const selector = selectorOf(constraint, pod);
    const means = (other: Pod): boolean => other.metadata.namespace === namespace && other.metadata.deletionTimestamp === undefined && matchesSelector(selector, other.metadata.labels);
    const on = (state: NodeState): number => [...state.pods.values()].filter(means).length;
    return [{ topologyKey: constraint.topologyKey, maxSkew: constraint.maxSkew, counts: (state) => countsFor(constraint, pod, state), on }];
  });
}

function defaultConstraints(pod: Pod, servicesOf: ServicesOf): readonly Soft[] {
  const kin = kinOf(pod);
  const on = kin === undefined ? servedLike(pod, servicesOf) : (state: NodeState): number => state.kin.get(kin) ?? 0;
  return on === undefined ? [] : defaults.map((constraint) => ({ ...constraint, counts: ({ node }) => nodeMatches(pod.spec, node), on }));
}

/**
 * Counts on a node the Pods that all those Services select which select this Pod; undefined: none does. A set's Pods are counted as they
 * come and go; these, which few Pods ask for, when they are asked for, and once for a decision.
 */
function servedLike({ metadata: { namespace = "", labels } }: Pod, servicesOf: ServicesOf): Soft["on"] | undefined {
  const hasAll = (there: Labels, wanted: readonly (readonly [string, string])[]): boolean => wanted.every(([key, value]) => there?.[key] === value);
  const wanted: (readonly [string, string])[] = [];
  for (const { spec } of labels === undefined ? [] : servicesOf(namespace)) {
    const pairs = Object.entries(spec.selector ?? {});
    if (hasAll(labels, pairs)) wanted.push(...pairs);
  }
  if (wanted.length === 0) return undefined;
  const counted = new Map<NodeState, number>();
  return (state) => {
    let count = counted.get(state);
    if (count === undefined) {
      count = 0;
      for (const { metadata } of state.pods.values()) if (metadata.namespace === namespace && metadata.deletionTimestamp === undefined && hasAll(metadata.labels, wanted)) count++;
      counted.set(state, count);
    }
    return count;
  };
}

/** Adds what one constraint holds against each node: Pods count for more where there are many domains, as each of them then has few. */
function holdAgainst(sums: number[], { topologyKey, maxSkew, counts, on }: Soft, judged: readonly NodeState[], states: NodeStates): void {
  const domains = judged.map(({ node }) => node.metadata.labels?.[topologyKey]);
  if (domains.every((domain) => domain === undefined)) return;
  const perDomain = topologyKey === hostname ? undefined : new Map(domains.map((domain) => [domain, 0]));
  if (perDomain) {
    for (const state of states.values()) {
      const domain = state.node.metadata.labels?.[topologyKey];
      const known = perDomain.get(domain);
      if (known !== undefined && counts(state)) perDomain.set(domain, known + on(state));
    }
  }
  const weight = Math.log((perDomain?.size ?? judged.length) + 2);
  for (let i = 0; i < judged.length; i++) {
    const domain = domains[i];
    if (domain === undefined) continue;
    const count = perDomain ? (perDomain.get(domain) as number) : on(judged[i] as NodeState);
    sums[i] = (sums[i] as number) + count * weight + maxSkew - 1;
  }
}
