import { requirementHolds } from "../api/label-selector.ts";
import type { Labels, Operator } from "../api/label-selector.ts";
import type { Node, NodeSelector, NodeSelectorTerm, PodSpec } from "../api/types/core-v1.ts";

/** A term holds when all its expressions and fields hold; an empty term holds nowhere. */
export function termHolds(term: NodeSelectorTerm, nodeName: string, labels: Labels): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length === 0 && fields.length === 0) return false;
  for (const { key, operator, values } of expressions) {
    if (!requirementHolds({ key, operator: operator as Operator, values: values ?? [] }, labels)) return false;
  }
  for (const { key, operator, values } of fields) {
    if (key !== "metadata.name") return false;
    if (!requirementHolds({ key, operator: operator as Operator, values: values ?? [] }, { [key]: nodeName })) return false;
  }
  return true;
}

/** Whether one of the terms holds. */
export function nodeSelectorHolds(selector: NodeSelector, nodeName: string, labels: Labels): boolean {
  return selector.nodeSelectorTerms.some((term) => termHolds(term, nodeName, labels));
}

/** Whether a node satisfies a Pod's nodeSelector and required node affinity. `node` needs a name and labels only. */
export function nodeMatches(spec: PodSpec, node: Pick<Node, "metadata">): boolean {
  const labels = node.metadata.labels;
  if (spec.nodeSelector) {
    for (const key of Object.keys(spec.nodeSelector)) if (labels?.[key] !== spec.nodeSelector[key]) return false;
  }
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return !required || nodeSelectorHolds(required, node.metadata.name, labels);
}

/** The only nodes that a Pod's affinity names in metadata.name fields, if every term names some: where a search may be short. */
export function namedNodes(spec: PodSpec): ReadonlySet<string> | undefined {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (!required || required.nodeSelectorTerms.length === 0) return undefined;
  const names = new Set<string>();
  for (const term of required.nodeSelectorTerms) {
    const field = term.matchFields?.find((field) => field.key === "metadata.name" && field.operator === "In");
    if (!field) return undefined;
    for (const name of field.values ?? []) names.add(name);
  }
  return names;
}
