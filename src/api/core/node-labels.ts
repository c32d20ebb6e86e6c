/**
 * Which labels of its own Node a kubelet may set: NodeRestriction refuses the others under the reserved names, so they are put on by an
 * administrator.
 */

/** Labels that a node may set under the reserved names. */
const kubeletLabels: ReadonlySet<string> = new Set([
  "kubernetes.io/hostname", "kubernetes.io/arch", "kubernetes.io/os", "beta.kubernetes.io/arch", "beta.kubernetes.io/os", "beta.kubernetes.io/instance-type",
  "node.kubernetes.io/instance-type", "topology.kubernetes.io/zone", "topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region",
]);

/** False for names that belong to the cluster, but for those that kubelets report. */
export function mayKubeletSetLabel(key: string): boolean {
  const slash = key.indexOf("/");
  if (slash < 0) return true;
  const domain = key.slice(0, slash);
  const under = (parent: string): boolean => domain === parent || domain.endsWith(`.${parent}`);
  if (under("node-restriction.kubernetes.io")) return false;
  if (!under("kubernetes.io") && !under("k8s.io")) return true;
  return kubeletLabels.has(key) || under("kubelet.kubernetes.io") || under("node.kubernetes.io");
}
