/** Names and addresses of a cluster's machines, as kind gives them. */

/** At 254 addresses a /24 the Pod ranges of 10.244.0.0/16 end at 256 nodes; beyond them they go on in 10.245.0.0 and up. */
export const nodesMax = 10_000;

/** `<name>-control-plane`, `<name>-worker`, `<name>-worker2`, … */
export function nodeName(cluster: string, index: number): string {
  if (index === 0) return `${cluster}-control-plane`;
  return index === 1 ? `${cluster}-worker` : `${cluster}-worker${index}`;
}

export const controlPlaneLabel = "node-role.kubernetes.io/control-plane";
