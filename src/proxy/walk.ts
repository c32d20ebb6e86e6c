import { parseIpv4, parseIpv4Range, rangeContains } from "../base/ipv4.ts";
import type { AffinityMemory } from "./affinity.ts";
import type { PortPlan, ProxyNode, Refusal } from "./plan.ts";
import { planPort } from "./plan.ts";
import { allowedSources } from "./port-text.ts";
import type { Protocol, ProxyEndpoint, ServicePortRules } from "./service-port.ts";
import type { ServiceRules } from "./service-rules.ts";

/**
 * What the rules of a node do to the first packet of a connection, without any text: the same plan that iptables.ts writes,
 * walked. A packet that a node's rules do not match travels on; if it is for another node's address, that node's rules are next:
 * `routeAcross` goes both ways in one call.
 */

export interface Packet {
  readonly protocol: Protocol;
  readonly sourceIp: string;
  readonly ip: string;
  readonly port: number;
}

export interface Chance {
  /** An integer in [0, limit): `Environment.random` fits. */
  below(limit: number): number;
}

export interface Circumstances {
  readonly chance: Chance;
  /** Milliseconds; only session affinity looks at it. */
  readonly now: number;
  /** The node's memory of who went where. Without it every connection is a client's first. */
  readonly affinity?: AffinityMemory;
}

export type Verdict =
  | {
      readonly kind: "endpoint";
      readonly endpoint: ProxyEndpoint;
      readonly port: ServicePortRules;
      /** The endpoint sees the node as the source, not the client. */
      readonly isMasqueraded: boolean;
      /** The source that the endpoint sees. */
      readonly sourceIp: string;
    }
  /** Refused at once (ICMP port unreachable): a client reads "Connection refused". */
  | { readonly kind: "rejected"; readonly port: ServicePortRules; readonly because: string }
  /** Swallowed: a client runs into its time-out. */
  | { readonly kind: "dropped"; readonly port: ServicePortRules; readonly because: string }
  /** No rule is about it: it goes where it is addressed to. */
  | { readonly kind: "unmatched" };

const loopback = parseIpv4Range("127.0.0.0/8");
const unmatched: Verdict = { kind: "unmatched" };

/** What one rule set says to a packet on its way through one node. */
interface Way {
  readonly packet: Packet;
  readonly node: ProxyNode;
  readonly circumstances: Circumstances;
  readonly isFromNode: boolean;
  readonly isFromPod: boolean;
  readonly isToNode: boolean;
}

/** The first packet of a connection meets the rules of one node. */
export function route(rules: ServiceRules, node: ProxyNode, packet: Packet, circumstances: Circumstances): Verdict {
  const isToNode = isOwn(node, packet.ip);
  const portals = rules.at(packet.protocol, packet.ip, packet.port);
  if (portals.length === 0 && !isToNode) return unmatched;
  const source = parseIpv4(packet.sourceIp);
  const way: Way = {
    packet,
    node,
    circumstances,
    isFromNode: isOwn(node, packet.sourceIp),
    isFromPod: source !== undefined && node.podRange !== undefined && rangeContains(node.podRange, source),
    isToNode,
  };
  return walk(way, portals.map((port) => ({ port, plan: planPort(port, node) })), rules);
}

/** A packet that some rule may be about. */
function walk(way: Way, portals: readonly Planned[], rules: ServiceRules): Verdict {
  const { packet, node } = way;
  const nodePorts = way.isToNode ? rules.atNodePort(packet.protocol, packet.port).map((port) => ({ port, plan: planPort(port, node) })) : [];
  // First the nat table: who translates the destination first has it.
  for (const { port, plan } of portals) {
    const verdict = enterPortal(way, port, plan);
    if (verdict) return verdict;
  }
  for (const { port, plan } of nodePorts) {
    const verdict = plan.hasEndpoints ? enterExternal(way, port, plan) : undefined;
    if (verdict) return verdict;
  }
  return filter(way, portals, nodePorts);
}

function isOwn(node: ProxyNode, ip: string): boolean {
  if (node.addresses.includes(ip)) return true;
  const address = ip.startsWith("127.") ? parseIpv4(ip) : undefined;
  return address !== undefined && loopback !== undefined && rangeContains(loopback, address);
}

function enterPortal(way: Way, port: ServicePortRules, plan: PortPlan): Verdict | undefined {
  const { ip } = way.packet;
  if (ip === port.clusterIp && plan.internalRefusal === undefined) {
    return deliver(way, port, port.internalLocal ? plan.local : plan.cluster, way.node.podRange !== undefined && !way.isFromPod);
  }
  if (!plan.hasEndpoints || ip === port.clusterIp) return undefined;
  const isGuarded = plan.isFirewalled && !port.externalIps.includes(ip);
  return isGuarded && !isAllowed(way, port) ? undefined : enterExternal(way, port, plan);
}

function isAllowed({ packet, node }: Way, port: ServicePortRules): boolean {
  const source = parseIpv4(packet.sourceIp);
  return allowedSources(port, node).some((text) => {
    const range = parseIpv4Range(text);
    return source !== undefined && range !== undefined && rangeContains(range, source);
  });
}

/** Traffic for a node port, an external IP or a load balancer's IP. */
function enterExternal(way: Way, port: ServicePortRules, plan: PortPlan): Verdict | undefined {
  if (!port.externalLocal) return deliver(way, port, plan.cluster, true);
  if (way.isFromPod) return deliver(way, port, plan.cluster, false);
  if (way.isFromNode) return deliver(way, port, plan.cluster, true);
  return plan.externalRefusal === undefined ? deliver(way, port, plan.local, false) : undefined;
}

function deliver({ packet, node, circumstances }: Way, port: ServicePortRules, endpoints: readonly ProxyEndpoint[], isMarked: boolean): Verdict | undefined {
  const { affinity, now, chance } = circumstances;
  const known = port.affinitySeconds > 0 ? affinity?.recall(port, endpoints, packet.sourceIp, now) : undefined;
  const endpoint = known ?? endpoints[chance.below(endpoints.length)];
  if (endpoint === undefined) return undefined;
  if (port.affinitySeconds > 0) affinity?.remember(port, endpoint, packet.sourceIp, now);
  // A client that reaches itself must see another source than itself, or the answer would not come back through the node.
  const isMasqueraded = isMarked || packet.sourceIp === endpoint.ip;
  return { kind: "endpoint", endpoint, port, isMasqueraded, sourceIp: isMasqueraded ? (node.addresses[0] ?? packet.sourceIp) : packet.sourceIp };
}

interface Planned {
  readonly port: ServicePortRules;
  readonly plan: PortPlan;
}

/** The filter table: what was not translated may be refused. */
function filter(way: Way, portals: readonly Planned[], nodePorts: readonly Planned[]): Verdict {
  const { ip } = way.packet;
  for (const { port, plan } of portals) {
    if (plan.isFirewalled && port.loadBalancerIps.includes(ip)) return { kind: "dropped", port, because: "source is not allowed" };
  }
  for (const { port, plan } of portals) {
    if (ip === port.clusterIp && plan.internalRefusal) return refuse(port, plan.internalRefusal);
  }
  // Refusals of outside addresses stand where packets come in or pass through, not where the node itself sends out.
  if (way.isFromNode && !way.isToNode) return unmatched;
  for (const { port, plan } of [...portals.filter(({ port }) => ip !== port.clusterIp), ...nodePorts]) {
    if (plan.externalRefusal) return refuse(port, plan.externalRefusal);
  }
  return unmatched;
}

function refuse(port: ServicePortRules, { target, because }: Refusal): Verdict {
  return { kind: target === "reject" ? "rejected" : "dropped", port, because };
}

/** A node as a packet meets it: its rules may be older than the cluster's, or none. */
export interface NodeRules {
  readonly node: ProxyNode;
  readonly rules: ServiceRules | undefined;
  readonly affinity?: AffinityMemory;
}

export interface Passage {
  /** Finds the node that has an address. */
  readonly nodeAt: (ip: string) => NodeRules | undefined;
  readonly chance: Chance;
  readonly now: number;
  /** The source of a packet that leaves a node as it is, for another node's address. Absent: its own. */
  readonly sourceBeyond?: (node: ProxyNode, packet: Packet) => string;
  /** Told of each node that the packet met, and what its rules said. */
  readonly met?: (node: ProxyNode, packet: Packet, verdict: Verdict) => void;
}

/**
 * The whole way of a connection's first packet: the rules of the node that it starts on, and, if they let it pass to another node's
 * address, that node's rules.
 */
export function routeAcross(from: NodeRules, packet: Packet, { nodeAt, chance, now, sourceBeyond, met }: Passage): Verdict {
  const meet = ({ node, rules, affinity }: NodeRules, what: Packet): Verdict => {
    const verdict = rules ? route(rules, node, what, { chance, now, ...(affinity && { affinity }) }) : unmatched;
    met?.(node, what, verdict);
    return verdict;
  };
  const verdict = meet(from, packet);
  if (verdict.kind !== "unmatched" || isOwn(from.node, packet.ip)) return verdict;
  const next = nodeAt(packet.ip);
  if (next === undefined || next.node.name === from.node.name) return verdict;
  return meet(next, sourceBeyond ? { ...packet, sourceIp: sourceBeyond(from.node, packet) } : packet);
}
