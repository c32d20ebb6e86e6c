import { matchesSelector } from "../api/label-selector.ts";
import type { Labels } from "../api/label-selector.ts";
import type { Pod, PodAffinityTerm } from "../api/types/core-v1.ts";
import type { Misfit } from "./fit.ts";
import type { NodeState, Standing } from "./node-state.ts";

/** Labels of a namespace, for terms that select namespaces. */
export type NamespaceLabels = (namespace: string) => Labels;

/** Refuses nodes whose topology domain breaks a required affinity or anti-affinity; undefined when none of them concerns the Pod. */
export type TopologyCheck = (state: NodeState) => Misfit | undefined;

/** Pods that stand there shun the one that comes. */
export const existing: Misfit = { predicate: "InterPodAffinity", reasons: ["node(s) didn't satisfy existing pods anti-affinity rules"], final: false };
const affinity: Misfit = { predicate: "InterPodAffinity", reasons: ["node(s) didn't match pod affinity rules"], final: true };
const antiAffinity: Misfit = { predicate: "InterPodAffinity", reasons: ["node(s) didn't match pod anti-affinity rules"], final: false };

function antiAffinityTerms(pod: Pod): readonly PodAffinityTerm[] {
  return pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}

export function affinityTerms(pod: Pod): readonly PodAffinityTerm[] {
  return pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}

/** Whether a term of `owner` means `other`. Without namespaces and selector it means the owner's own namespace. */
export function termMeans(term: PodAffinityTerm, owner: Pod, other: Pod, namespaceLabels: NamespaceLabels): boolean {
  const namespace = other.metadata.namespace ?? "";
  const own = !term.namespaces?.length && !term.namespaceSelector;
  const named = own ? namespace === owner.metadata.namespace : (term.namespaces?.includes(namespace) ?? false);
  if (!named && !(term.namespaceSelector && matchesSelector(term.namespaceSelector, namespaceLabels(namespace)))) return false;
  return matchesSelector(term.labelSelector, other.metadata.labels);
}

/** Whether it matters to `pod` that `other` stands somewhere: one asks for the other, or shuns it. */
export function affinityConcerns(pod: Pod, other: Pod, namespaceLabels: NamespaceLabels): boolean {
  const wants = affinityTerms(pod);
  if (wants.length > 0 && wants.every((term) => termMeans(term, pod, other, namespaceLabels))) return true;
  return antiAffinityTerms(pod).some((term) => termMeans(term, pod, other, namespaceLabels)) || antiAffinityTerms(other).some((term) => termMeans(term, other, pod, namespaceLabels));
}

/** Topology domains as `key=value`. A key such as `constructor` finds what every object inherits, which is no text. */
class Domains {
  private readonly domains = new Set<string>();

  add(key: string, labels: Labels): void {
    const value = labels?.[key];
    if (typeof value === "string") this.domains.add(`${key}=${value}`);
  }

  has(key: string, labels: Labels): boolean {
    const value = labels?.[key];
    return typeof value === "string" && this.domains.has(`${key}=${value}`);
  }

  get size(): number {
    return this.domains.size;
  }
}

/** Looks once over what stands on all nodes; the check then costs a few look-ups per node. Nothing where nobody minds anybody. */
export function affinityCheck(pod: Pod, states: Standing, namespaceLabels: NamespaceLabels): TopologyCheck | undefined {
  const wants = affinityTerms(pod);
  const shuns = antiAffinityTerms(pod);
  if (wants.length === 0 && shuns.length === 0 && states.shunning === 0) return undefined;
  const forbidden = new Domains();
  const shunned = new Domains();
  const wanted = wants.map(() => new Domains());
  let matches = 0;
  for (const state of states.values()) {
    const labels = state.node.metadata.labels;
    for (const other of state.shunning.values()) {
      for (const term of antiAffinityTerms(other)) if (termMeans(term, other, pod, namespaceLabels)) forbidden.add(term.topologyKey, labels);
    }
    if (wants.length === 0 && shuns.length === 0) continue;
    for (const other of state.pods.values()) {
      if (wants.length > 0 && wants.every((term) => termMeans(term, pod, other, namespaceLabels))) {
        matches++;
        wants.forEach((term, i) => wanted[i]?.add(term.topologyKey, labels));
      }
      for (const term of shuns) if (termMeans(term, pod, other, namespaceLabels)) shunned.add(term.topologyKey, labels);
    }
  }
  if (wants.length === 0 && shuns.length === 0 && forbidden.size === 0) return undefined;
  // The first Pod of a group that wants to stand together may stand anywhere.
  const first = matches === 0 && wants.every((term) => termMeans(term, pod, pod, namespaceLabels));
  const existingKeys = [...states.values()].flatMap((state) => [...state.shunning.values()].flatMap((other) => antiAffinityTerms(other).map((term) => term.topologyKey)));
  const keys = new Set(existingKeys);
  return (state) => {
    const labels = state.node.metadata.labels;
    for (const [i, term] of wants.entries()) {
      if (labels?.[term.topologyKey] === undefined) return affinity;
      if (!first && !wanted[i]?.has(term.topologyKey, labels)) return affinity;
    }
    for (const term of shuns) if (shunned.has(term.topologyKey, labels)) return antiAffinity;
    for (const key of keys) if (forbidden.has(key, labels)) return existing;
    return undefined;
  };
}
