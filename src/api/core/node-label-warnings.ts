/** Labels of nodes that have other names by now, and what upstream says of those that still look for them. */
import type { NodeSelectorTerm } from "../types/core-v1.ts";
import type { FieldPath } from "../validation/path.ts";

const deprecated: { readonly [label: string]: string } = {
  "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
  "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
};

export function deprecatedNodeLabel(label: string): string | undefined {
  return Object.hasOwn(deprecated, label) ? deprecated[label] : undefined;
}

export function nodeTermWarnings(term: NodeSelectorTerm, path: FieldPath): string[] {
  return (term.matchExpressions ?? []).flatMap(({ key }, i) => {
    const text = deprecatedNodeLabel(key);
    return text === undefined ? [] : [`${path.child("matchExpressions").index(i).child("key").toString()}: ${key} is ${text}`];
  });
}
