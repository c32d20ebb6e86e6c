/** Names and addresses of a cluster's machines, as kind gives them. */

/** At 254 addresses a /24 the Pod ranges of 10.244.0.0/16 end at 256 nodes; beyond them they go on in 10.245.0.0 and up. */
export const nodesMax = 10_000;

/** Whether nodes can be called after a cluster of this name: with their suffixes they must stay DNS labels, of at most 63 characters. */
export function isClusterName(name: string): boolean {
  return /^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/.test(name);
}

/** `<name>-control-plane`, `<name>-worker`, `<name>-worker2`, … */
export function nodeName(cluster: string, index: number): string {
  if (index === 0) return `${cluster}-control-plane`;
  return index === 1 ? `${cluster}-worker` : `${cluster}-worker${index}`;
}

export const controlPlaneLabel = "node-role.kubernetes.io/control-plane";
