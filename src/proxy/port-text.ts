import { parseIpv4, rangeContains } from "../base/ipv4.ts";
import type { ChainNames, PortChains } from "./chain-names.ts";
import type { PortPlan, ProxyNode, Refusal } from "./plan.ts";
import { planPort } from "./plan.ts";
import type { ProxyEndpoint, ServicePortRules } from "./service-port.ts";

/** The rules of one Service port on one node, written as iptables-save prints them; iptables.ts puts those of all ports together. */

export interface TextSettings {
  readonly node: ProxyNode;
  /** Whether the lines of endpoints bear comments. */
  readonly commented: boolean;
  /** Whether the node's kernel has the counters (nfacct objects) that upstream's rules feed. */
  readonly counted: boolean;
  readonly names: ChainNames;
}

/** What the writers below have in common. */
interface Subject extends TextSettings {
  readonly port: ServicePortRules;
  readonly plan: PortPlan;
  readonly chains: PortChains;
  /** "tcp" */
  readonly protocol: string;
}

const subjectOf = (port: ServicePortRules, settings: TextSettings): Subject => ({
  port,
  plan: planPort(port, settings.node),
  chains: settings.names.ofPort(port),
  protocol: port.protocol.toLowerCase(),
  node: settings.node,
  commented: settings.commented,
  counted: settings.counted,
  names: settings.names,
});

/** What the port adds to each of the chains of `serviceChains`, in their order: lines, each with its line end. */
export function sharedText(port: ServicePortRules, settings: TextSettings): readonly string[] {
  const subject = subjectOf(port, settings);
  const { externalRefusal } = subject.plan;
  const filterExternal = externalRefusal === undefined ? "" : externalRefusals(subject, externalRefusal);
  return [filterExternal, healthCheck(subject), firewallDrops(subject), internalRefusal(subject), nodePorts(subject), portals(subject)];
}

const comment = (text: string) => `-m comment --comment "${text}"`;

/** Matches packets to one address and port of the Service. */
const destination = ({ protocol, port }: Subject, ip: string, text: string) => `-d ${ip}/32 -p ${protocol} ${comment(text)} -m ${protocol} --dport ${port.port}`;

const refusalTarget = ({ target }: Refusal) => (target === "reject" ? "-j REJECT --reject-with icmp-port-unreachable" : "-j DROP");

function externalRefusals(subject: Subject, refusal: Refusal): string {
  const { port, protocol } = subject;
  const text = `${port.name} ${refusal.because}`;
  const target = refusalTarget(refusal);
  const lines = [...port.externalIps, ...port.loadBalancerIps].map((ip) => `-A KUBE-EXTERNAL-SERVICES ${destination(subject, ip, text)} ${target}\n`);
  if (port.nodePort !== 0) lines.push(`-A KUBE-EXTERNAL-SERVICES -p ${protocol} ${comment(text)} -m addrtype --dst-type LOCAL -m ${protocol} --dport ${port.nodePort} ${target}\n`);
  return lines.join("");
}

function healthCheck({ port }: Subject): string {
  if (port.healthCheckNodePort === 0) return "";
  return `-A KUBE-NODEPORTS -p tcp ${comment(`${port.name} health check node port`)} -m tcp --dport ${port.healthCheckNodePort} -j ACCEPT\n`;
}

function firewallDrops(subject: Subject): string {
  const { port, plan, chains } = subject;
  if (!plan.isFirewalled) return "";
  const text = `${port.name} traffic not accepted by ${chains.firewall}`;
  return port.loadBalancerIps.map((ip) => `-A KUBE-PROXY-FIREWALL ${destination(subject, ip, text)} -j DROP\n`).join("");
}

function internalRefusal(subject: Subject): string {
  const { port, plan } = subject;
  if (plan.internalRefusal === undefined) return "";
  return `-A KUBE-SERVICES ${destination(subject, port.clusterIp, `${port.name} ${plan.internalRefusal.because}`)} ${refusalTarget(plan.internalRefusal)}\n`;
}

function nodePorts({ port, plan, chains, protocol, counted }: Subject): string {
  if (port.nodePort === 0 || !plan.hasEndpoints) return "";
  const match = `-p ${protocol} ${comment(port.name)} -m ${protocol} --dport ${port.nodePort}`;
  const loopback = counted ? `-A KUBE-NODEPORTS -d 127.0.0.0/8 ${match} -m nfacct --nfacct-name  localhost_nps_accepted_pkts -j ${chains.external}\n` : "";
  return `${loopback}-A KUBE-NODEPORTS ${match} -j ${chains.external}\n`;
}

function portals(subject: Subject): string {
  const { port, plan, chains } = subject;
  const lines: string[] = [];
  const line = (ip: string, what: string, chain: string) => lines.push(`-A KUBE-SERVICES ${destination(subject, ip, `${port.name} ${what}`)} -j ${chain}\n`);
  if (plan.internalRefusal === undefined) line(port.clusterIp, "cluster IP", port.internalLocal ? chains.local : chains.cluster);
  if (!plan.hasEndpoints) return lines.join("");
  for (const ip of port.externalIps) line(ip, "external IP", chains.external);
  for (const ip of port.loadBalancerIps) line(ip, "loadbalancer IP", plan.isFirewalled ? chains.firewall : chains.external);
  return lines.join("");
}

/** A chain and its lines. */
export type ChainText = readonly [chain: string, lines: string];

/** The port's own chains in the nat table. A list: nodes have a hundred thousand of them, and most are only ever written out. */
export function ownText(port: ServicePortRules, settings: TextSettings): readonly ChainText[] {
  const subject = subjectOf(port, settings);
  const { plan, chains } = subject;
  const own: ChainText[] = [];
  if (plan.isExternal && plan.hasEndpoints) own.push([chains.external, externalChain(subject)]);
  if (plan.isFirewalled) own.push([chains.firewall, firewallChain(subject)]);
  const names = plan.all.map((endpoint) => settings.names.ofEndpoint(port, endpoint.address));
  const namesOf = (endpoints: readonly ProxyEndpoint[]): readonly string[] => (endpoints === plan.all ? names : endpoints.map((endpoint) => names[plan.all.indexOf(endpoint)] as string));
  const masquerade = (chain: string) => {
    if ((port.internalLocal ? chains.local : chains.cluster) !== chain || subject.node.podRange === undefined) return "";
    return `-A ${chain} ! -s ${subject.node.podRange.text} ${destination(subject, port.clusterIp, `${port.name} cluster IP`)} -j KUBE-MARK-MASQ\n`;
  };
  for (const [chain, endpoints] of [[chains.cluster, plan.cluster], [chains.local, plan.local]] as const) {
    if (endpoints.length > 0) own.push([chain, masquerade(chain) + balance(subject, chain, endpoints, namesOf(endpoints))]);
  }
  plan.all.forEach((endpoint, i) => own.push([names[i] as string, deliver(subject, endpoint, names[i] as string)]));
  return own;
}

function externalChain({ port, plan, chains, node }: Subject): string {
  const lines: string[] = [];
  const line = (rule: string) => lines.push(`-A ${chains.external} ${rule}\n`);
  const what = `${port.name} external destinations`;
  if (port.externalLocal) {
    // Pods and the node itself are inside: they reach every endpoint by the outside address, too.
    if (node.podRange !== undefined) line(`-s ${node.podRange.text} ${comment(`pod traffic for ${what}`)} -j ${chains.cluster}`);
    line(`${comment(`masquerade LOCAL traffic for ${what}`)} -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ`);
    line(`${comment(`route LOCAL traffic for ${what}`)} -m addrtype --src-type LOCAL -j ${chains.cluster}`);
  } else {
    line(`${comment(`masquerade traffic for ${what}`)} -j KUBE-MARK-MASQ`);
  }
  if (plan.externalRefusal === undefined) line(`-j ${port.externalLocal ? chains.local : chains.cluster}`);
  return lines.join("");
}

function firewallChain({ port, chains, node }: Subject): string {
  const text = comment(`${port.name} loadbalancer IP`);
  const sources = allowedSources(port, node);
  const lines = sources.map((source) => `-A ${chains.firewall} -s ${source} ${text} -j ${chains.external}\n`);
  return `${lines.join("")}-A ${chains.firewall} ${comment(`other traffic to ${port.name} will be dropped by KUBE-PROXY-FIREWALL`)}\n`;
}

/** A node that may reach its load balancer talks to itself under the balancer's address where that is set on the node. */
export function allowedSources(port: ServicePortRules, node: ProxyNode): readonly string[] {
  const own = parseIpv4(node.addresses[0] ?? "");
  const isNodeAllowed = own !== undefined && port.sourceRanges.some((range) => rangeContains(range, own));
  return [...port.sourceRanges.map((range) => range.text), ...(isNodeAllowed ? port.loadBalancerIps.map((ip) => `${ip}/32`) : [])];
}

function balance(subject: Subject, chain: string, endpoints: readonly ProxyEndpoint[], targets: readonly string[]): string {
  const { port, commented } = subject;
  const starts = endpoints.map((endpoint) => (commented ? `-A ${chain} ${comment(`${port.name} -> ${endpoint.address}`)}` : `-A ${chain}`));
  const lines: string[] = [];
  if (port.affinitySeconds > 0) {
    starts.forEach((start, i) => lines.push(`${start} -m recent --rcheck --seconds ${port.affinitySeconds} --reap --name ${targets[i]} --mask 255.255.255.255 --rsource -j ${targets[i]}\n`));
  }
  starts.forEach((start, i) => {
    const rest = endpoints.length - i;
    lines.push(rest === 1 ? `${start} -j ${targets[i]}\n` : `${start} -m statistic --mode random --probability ${probability(rest)} -j ${targets[i]}\n`);
  });
  return lines.join("");
}

/** One in `count` as the kernel keeps it: 31 bits, from ten decimals. */
export function probability(count: number): string {
  return commonProbabilities[count] ?? writeProbability(count);
}

const commonProbabilities: readonly string[] = Array.from({ length: 101 }, (_, count) => writeProbability(count));

function writeProbability(count: number): string {
  return (Math.round(Number((1 / count).toFixed(10)) * 2 ** 31) / 2 ** 31).toFixed(11);
}

function deliver({ port, protocol, commented }: Subject, endpoint: ProxyEndpoint, chain: string): string {
  const text = commented ? ` ${comment(port.name)}` : "";
  const remember = port.affinitySeconds > 0 ? ` -m recent --set --name ${chain} --mask 255.255.255.255 --rsource` : "";
  return `-A ${chain} -s ${endpoint.ip}/32${text} -j KUBE-MARK-MASQ\n-A ${chain} -p ${protocol}${text}${remember} -m ${protocol} -j DNAT --to-destination ${endpoint.address}\n`;
}
