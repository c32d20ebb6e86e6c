import type { Ipv4Range } from "../base/ipv4.ts";
import type { ProxyEndpoint, ServicePortRules } from "./service-port.ts";

/**
 * What one node makes of a Service port: the endpoints that it may use for traffic from inside and from outside the cluster, and
 * what it refuses. The text of iptables.ts and the walk of walk.ts are both drawn from this plan, so that they cannot disagree on
 * who answers.
 */

export interface ProxyNode {
  readonly name: string;
  /** Its `topology.kubernetes.io/zone`; "" without. */
  readonly zone: string;
  /** Addresses that it takes for its own, beside 127.0.0.0/8. The first is the node's address: masqueraded packets bear it. */
  readonly addresses: readonly string[];
  /** The addresses of all Pods (`--cluster-cidr`). Without it nothing is known to be a Pod and such traffic is not masqueraded. */
  readonly podRange: Ipv4Range | undefined;
}

export interface Refusal {
  readonly target: "reject" | "drop";
  readonly because: "has no endpoints" | "has no local endpoints";
}

export interface PortPlan {
  /** Usable under the policy Cluster; empty when no traffic follows it. */
  readonly cluster: readonly ProxyEndpoint[];
  /** Usable under the policy Local; empty when no traffic follows it. */
  readonly local: readonly ProxyEndpoint[];
  /** Either, each once, in order of address. */
  readonly all: readonly ProxyEndpoint[];
  /** Somewhere in the cluster somebody would answer. */
  readonly hasEndpoints: boolean;
  readonly isExternal: boolean;
  /** Traffic to the cluster IP; undefined: it is let in. */
  readonly internalRefusal: Refusal | undefined;
  /** Traffic from outside to node port, external IP or load balancer IP. Traffic from this cluster's own Pods is let in if `hasEndpoints`. */
  readonly externalRefusal: Refusal | undefined;
  /** Only some sources may reach the load balancer's IPs. */
  readonly isFirewalled: boolean;
}

const nobody: Refusal = { target: "reject", because: "has no endpoints" };
const nobodyHere: Refusal = { target: "drop", because: "has no local endpoints" };

export function planPort(port: ServicePortRules, node: ProxyNode): PortPlan {
  const isExternal = port.nodePort !== 0 || port.loadBalancerIps.length > 0 || port.externalIps.length > 0;
  const usesCluster = !port.internalLocal || isExternal;
  const usesLocal = port.internalLocal || (port.externalLocal && isExternal);
  const { endpoints } = port;
  const cluster = usesCluster ? clusterEndpoints(endpoints, node) : [];
  const local = usesLocal ? readyElseTerminating(endpoints.filter((endpoint) => endpoint.node === node.name && node.name !== "")) : [];
  const hasEndpoints = cluster.length > 0 || (usesLocal && endpoints.some((endpoint) => endpoint.ready || isFading(endpoint)));
  const refusal = (isLocal: boolean) => (!hasEndpoints ? nobody : isLocal && local.length === 0 ? nobodyHere : undefined);
  return {
    cluster,
    local,
    all: usesLocal ? union(cluster, local) : cluster,
    hasEndpoints,
    isExternal,
    internalRefusal: refusal(port.internalLocal),
    externalRefusal: refusal(port.externalLocal),
    isFirewalled: hasEndpoints && port.loadBalancerIps.length > 0 && port.sourceRanges.length > 0,
  };
}

/** On its way out, still answering. */
const isFading = (endpoint: ProxyEndpoint) => endpoint.serving && endpoint.terminating;

/** Terminating endpoints answer only where nobody else does. */
function readyElseTerminating(endpoints: readonly ProxyEndpoint[]): readonly ProxyEndpoint[] {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  return ready.length > 0 ? ready : endpoints.filter(isFading);
}

function clusterEndpoints(endpoints: readonly ProxyEndpoint[], node: ProxyNode): readonly ProxyEndpoint[] {
  const usable = readyElseTerminating(endpoints);
  if (!usable.some((endpoint) => endpoint.ready)) return usable;
  return near(usable, "nodeHints", node.name) ?? near(usable, "zoneHints", node.zone) ?? usable;
}

/** The endpoints hinted for a place: only if every one has hints of this sort and some are for this place. */
function near(ready: readonly ProxyEndpoint[], hints: "nodeHints" | "zoneHints", place: string): readonly ProxyEndpoint[] | undefined {
  if (!ready.every((endpoint) => endpoint[hints].length > 0)) return undefined;
  const here = ready.filter((endpoint) => endpoint[hints].includes(place));
  return here.length > 0 ? here : undefined;
}

function union(cluster: readonly ProxyEndpoint[], local: readonly ProxyEndpoint[]): readonly ProxyEndpoint[] {
  const missing = local.filter((endpoint) => !cluster.includes(endpoint));
  if (missing.length === 0) return cluster;
  return [...cluster, ...missing].sort((a, b) => (a.address < b.address ? -1 : 1));
}
