import type { Draft } from "../../base/json.ts";
import type { Pod, PodAffinityTerm } from "../types/core-v1.ts";
import type { LabelSelector } from "../types/meta-v1.ts";

/**
 * Selectors that depend on the Pod's own labels: for each key that they name, the Pod's value becomes a requirement. Done once,
 * at creation; a selector that is not there matches nothing and stays so.
 */
export function applyLabelKeys(pod: Draft<Pod>): void {
  const { affinity, topologySpreadConstraints: constraints } = pod.spec ?? {};
  if (affinity === undefined && constraints === undefined) return;
  const labels = pod.metadata.labels ?? {};
  for (const terms of [affinity?.podAffinity, affinity?.podAntiAffinity]) {
    for (const term of terms?.requiredDuringSchedulingIgnoredDuringExecution ?? []) applyToTerm(term, labels);
    for (const { podAffinityTerm } of terms?.preferredDuringSchedulingIgnoredDuringExecution ?? []) applyToTerm(podAffinityTerm, labels);
  }
  for (const { labelSelector, matchLabelKeys } of constraints ?? []) addRequirements(labelSelector, matchLabelKeys, "In", labels);
}

type Labels = { readonly [key: string]: string };

function applyToTerm(term: Draft<PodAffinityTerm> | undefined, labels: Labels): void {
  addRequirements(term?.labelSelector, term?.matchLabelKeys, "In", labels);
  addRequirements(term?.labelSelector, term?.mismatchLabelKeys, "NotIn", labels);
}

function addRequirements(selector: Draft<LabelSelector> | undefined, keys: readonly string[] | undefined, operator: "In" | "NotIn", labels: Labels): void {
  if (selector === undefined) return;
  for (const key of keys ?? []) {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    if (value !== undefined) (selector.matchExpressions ??= []).push({ key, operator, values: [value] });
  }
}
