import type { Soon } from "../base/soon.ts";
import type { Clock, Random } from "../base/environment.ts";
import type { DnsAnswer, Question } from "../dns/answer.ts";
import { parseIpv4, rangeContains } from "../base/ipv4.ts";
import type { ProxyNode } from "../proxy/plan.ts";
import { routeAcross } from "../proxy/walk.ts";
import type { Packet, Verdict } from "../proxy/walk.ts";
import type { PortClient, PortConnection } from "../server/request.ts";
import type { ClusterServices } from "./services/cluster-services.ts";
import type { NodeProxy } from "./services/node-proxy.ts";

/**
 * The simulated network: who listens where, and who can reach whom. It carries requests, not bytes; but the first packet of each
 * connection goes the way that a real one goes: through the service rules of the node that it starts on, if it is for another
 * node's address through that node's rules, and then to whoever listens there. Nothing here takes time; latency belongs to the
 * programs.
 */

export interface HttpRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly host: string;
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

export interface HttpResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

export type Transport = "TCP" | "UDP";

export interface Listener {
  /** Absent: takes connections but speaks no HTTP. */
  readonly http?: (request: HttpRequest, from: string) => Soon<HttpResponse>;
  /** Absent, as HTTP is: takes connections and says nothing. */
  readonly bytes?: (client: PortClient) => PortConnection;
  /** Answers questions about names. */
  readonly dns?: (question: Question) => DnsAnswer;
  /** It speaks nothing but TLS. */
  readonly isTls?: boolean;
  /** The program behind it, as `ss -p` names it. */
  readonly program?: string;
}

export type ConnectFailure = "refused" | "unreachable" | "timeout";

export class ConnectError extends Error {
  readonly failure: ConnectFailure;
  constructor(failure: ConnectFailure) {
    super(failure === "refused" ? "Connection refused" : failure === "unreachable" ? "No route to host" : "Connection timed out");
    this.failure = failure;
  }
}

/** One address of the network: a Pod's, or a node's with all Pods that use its network. */
interface Endpoint {
  readonly node: string;
  /** By transport and port: "TCP 80". */
  readonly listeners: Map<string, Listener>;
}

/** The first packet of a connection. */
export interface Opening {
  /** The node that it starts on, or none: it comes from outside the cluster. */
  readonly node: string | undefined;
  readonly from: string;
  readonly ip: string;
  readonly port: number;
  readonly transport?: Transport;
  /** It stays within one address and meets no rules. */
  readonly isLoopback?: boolean;
  /** Of its first packet. */
  readonly bytes?: number;
}

/** A node on a packet's way, and what its rules said. */
interface Met {
  readonly at: ProxyNode;
  readonly packet: Packet;
  readonly said: Verdict;
}

/** What opens a TCP connection: 20 of IP, 20 of TCP and 20 of options, as Linux sends it. */
const synBytes = 60;

export interface Connection {
  readonly listener: Listener;
  readonly ip: string;
  readonly port: number;
  /** The source that the listener sees. */
  readonly from: string;
}

/** Where a connection ends up after the rules. */
interface Destination {
  readonly ip: string;
  readonly port: number;
  readonly from: string;
}

/** What the network needs where there are Services. */
export interface NetworkServices {
  readonly clock: Clock;
  readonly chance: Random;
  readonly services: ClusterServices;
}

export class SimulatedNetwork {
  private readonly endpoints = new Map<string, Endpoint>();
  private readonly severed = new Set<string>();
  private readonly proxies = new Map<string, NodeProxy>();
  private readonly nodesByIp = new Map<string, string>();
  /** By the first three numbers of the range that a node has for its Pods: its address. */
  private readonly podPrefixes = new Map<string, string>();
  private readonly means: NetworkServices | undefined;

  /** Without `means` no address is a Service's. */
  constructor(means?: NetworkServices) {
    this.means = means;
  }

  get services(): ClusterServices | undefined {
    return this.means?.services;
  }

  /** A machine with its address, its Pods' range and its rules. */
  addNode(node: string, options: { ip: string; podPrefix: string; proxy: NodeProxy }): void {
    this.nodesByIp.set(options.ip, node);
    this.podPrefixes.set(options.podPrefix, options.ip);
    this.proxies.set(node, options.proxy);
    this.addEndpoint(options.ip, node);
  }

  removeNode(node: string, options: { ip: string; podPrefix: string }): void {
    this.nodesByIp.delete(options.ip);
    this.podPrefixes.delete(options.podPrefix);
    this.proxies.delete(node);
    this.severed.delete(node);
    this.endpoints.delete(options.ip);
  }

  addEndpoint(ip: string, node: string): void {
    if (!this.endpoints.has(ip)) this.endpoints.set(ip, { node, listeners: new Map() });
  }

  removeEndpoint(ip: string): void {
    this.endpoints.delete(ip);
  }

  /** Cuts a machine off from all others, or joins it again. */
  setSevered(node: string, severed: boolean): void {
    if (severed) this.severed.add(node);
    else this.severed.delete(node);
    this.proxies.get(node)?.setSevered(severed);
  }

  isSevered(node: string): boolean {
    return this.severed.has(node);
  }

  /** Name, address and range of all machines. */
  nodes(): readonly { readonly name: string; readonly ip: string; readonly podPrefix: string }[] {
    return [...this.podPrefixes].map(([podPrefix, ip]) => ({ name: this.nodesByIp.get(ip) ?? "", ip, podPrefix }));
  }

  /** False when the port is taken. */
  listen(ip: string, port: number, listener: Listener, transport: Transport = "TCP"): boolean {
    const endpoint = this.endpoints.get(ip);
    const key = `${transport} ${port}`;
    if (!endpoint || endpoint.listeners.has(key)) return false;
    endpoint.listeners.set(key, listener);
    return true;
  }

  unlisten(ip: string, port: number, transport: Transport = "TCP"): void {
    this.endpoints.get(ip)?.listeners.delete(`${transport} ${port}`);
  }

  /** What listens at an address, by port. */
  listenersOf(ip: string, transport: Transport = "TCP"): readonly { readonly port: number; readonly program: string | undefined }[] {
    const found: { port: number; program: string | undefined }[] = [];
    for (const [key, { program }] of this.endpoints.get(ip)?.listeners ?? []) {
      const [name, port] = key.split(" ");
      if (name === transport) found.push({ port: Number(port), program });
    }
    return found.sort((a, b) => a.port - b.port);
  }

  /** Whether an address answers at all from a node: ping. An address of a Service does not: nobody has it. */
  reaches(node: string | undefined, ip: string): boolean {
    const endpoint = this.endpoints.get(ip);
    if (!endpoint) return false;
    return endpoint.node === node || ((node === undefined || !this.severed.has(node)) && !this.severed.has(endpoint.node));
  }

  /** The listener that a new connection reaches. Throws ConnectError. */
  connect(opening: Opening): Connection {
    const to = this.route(opening);
    const endpoint = this.endpoints.get(to.ip);
    if (!endpoint) throw new ConnectError(this.isLocal(to.ip) ? "unreachable" : "timeout");
    if (!this.reaches(opening.node, to.ip)) throw new ConnectError("timeout");
    const listener = endpoint.listeners.get(`${opening.transport ?? "TCP"} ${to.port}`);
    if (!listener) throw new ConnectError("refused");
    return { listener, ...to };
  }

  private route({ node, from, ip, port, transport = "TCP", isLoopback = false, bytes = synBytes }: Opening): Destination {
    const proxy = node === undefined ? undefined : this.proxies.get(node);
    // What speaks to itself by the loopback address speaks from it.
    const own = ip.startsWith("127.") ? { ip: from, port, from: ip } : { ip, port, from };
    if (!this.means || isLoopback) return own;
    const { clock, chance } = this.means;
    const nodeAt = (address: string) => {
      const at = this.nodesByIp.get(address);
      return at === undefined || (at !== node && !this.reaches(node, address)) ? undefined : this.proxies.get(at)?.rules;
    };
    const now = clock.now();
    const start = proxy?.rules ?? { node: { name: "", zone: "", addresses: [], podRange: undefined }, rules: undefined };
    const seen: Met[] = [];
    const verdict = routeAcross(start, { protocol: transport, sourceIp: from, ip, port }, {
      nodeAt, chance, now, sourceBeyond: (at, packet) => this.sourceBeyond(at, packet.sourceIp, packet.ip), met: (at, packet, said) => void seen.push({ at, packet, said }),
    });
    const last = seen.at(-1) as Met;
    const reached = verdict.kind === "endpoint" ? { ip: verdict.endpoint.ip, port: verdict.endpoint.port, from: this.sourceBeyond(last.at, verdict.sourceIp, verdict.endpoint.ip) } : { ...own, from: own.ip === ip ? this.sourceBeyond(start.node, from, ip) : own.from };
    const to = { ...reached, from: this.sourceBefore(reached.from, reached.ip) };
    this.note(seen, { to, bytes, now });
    if (verdict.kind === "rejected") throw new ConnectError("refused");
    if (verdict.kind === "dropped") throw new ConnectError("timeout");
    return to;
  }

  /** A Pod that speaks to what is no Pod is seen under its node's address: others know no way back to Pods. */
  private sourceBeyond({ addresses: [address], podRange }: ProxyNode, source: string, ip: string): string {
    const isPod = (each: string): boolean => podRange !== undefined && rangeContains(podRange, parseIpv4(each) ?? -1);
    return address === undefined || ip === address || ip.startsWith("127.") || !isPod(source) || isPod(ip) ? source : address;
  }

  /** A node that speaks to a Pod of its own does so from its end of the Pod's cable, which has the first address of the range. */
  private sourceBefore(source: string, ip: string): string {
    const prefix = ip.slice(0, ip.lastIndexOf("."));
    return this.podPrefixes.get(prefix) === source ? `${prefix}.1` : source;
  }

  /** Every node on the way has seen the connection: those whose rules it met, and the one where it ends. */
  private note(seen: readonly Met[], { to, bytes, now }: { to: Destination; bytes: number; now: number }): void {
    for (const { at, packet, said } of seen) {
      const endpoint = said.kind === "endpoint" ? said.endpoint : undefined;
      const entry = at.addresses.includes(packet.sourceIp) ? "OUTPUT" : "PREROUTING";
      const isRefused = said.kind === "rejected" || said.kind === "dropped";
      this.proxies.get(at.name)?.connections.note({ entry, packet, ...(endpoint && { endpoint }), seenAs: to.from, isForNode: at.addresses.includes(endpoint?.ip ?? packet.ip), isRefused, bytes }, now);
    }
    const { said, packet } = seen.at(-1) as Met;
    const end = this.endpoints.get(to.ip)?.node;
    if (end === undefined || seen.some(({ at }) => at.name === end) || said.kind === "rejected" || said.kind === "dropped") return;
    const proxy = this.proxies.get(end);
    proxy?.connections.note({ entry: "PREROUTING", packet: { protocol: packet.protocol, sourceIp: to.from, ip: to.ip, port: to.port }, seenAs: to.from, isForNode: this.nodesByIp.has(to.ip), isRefused: false, bytes }, now);
  }

  /** An address of a range that the nodes know: they say when nobody has it. Anything else gets lost on the way out. */
  private isLocal(ip: string): boolean {
    return ip.startsWith("172.18.") || this.podPrefixes.has(ip.slice(0, ip.lastIndexOf(".")));
  }
}

/** How the processes of one sandbox see the network. Ports that they open are closed with `close`. */
export class NetworkInterface {
  readonly ip: string;
  readonly node: string;
  readonly net: SimulatedNetwork;
  /** It is the node's own, not a Pod's. */
  readonly isHost: boolean;
  private readonly opened = new Set<string>();

  constructor(options: { net: SimulatedNetwork; node: string; ip: string; isHost: boolean }) {
    this.net = options.net;
    this.node = options.node;
    this.ip = options.ip;
    this.isHost = options.isHost;
  }

  listen(port: number, listener: Listener, transport: Transport = "TCP"): boolean {
    const done = this.net.listen(this.ip, port, listener, transport);
    if (done) this.opened.add(`${transport} ${port}`);
    return done;
  }

  unlisten(port: number, transport: Transport = "TCP"): void {
    if (this.opened.delete(`${transport} ${port}`)) this.net.unlisten(this.ip, port, transport);
  }

  /** A container ended: what it listened on is closed. */
  close(): void {
    for (const key of this.opened) {
      const [transport, port] = key.split(" ");
      this.net.unlisten(this.ip, Number(port), transport as Transport);
    }
    this.opened.clear();
  }

  /** Throws ConnectError. */
  connect(ip: string, port: number, transport: Transport = "TCP", bytes?: number): Connection {
    // What a Pod sends to itself never leaves it; what a node sends to itself still meets its rules.
    const isLoopback = !this.isHost && (ip.startsWith("127.") || ip === this.ip);
    return this.net.connect({ node: this.node, from: this.ip, ip, port, transport, isLoopback, ...(bytes === undefined ? {} : { bytes }) });
  }

  reaches(ip: string): boolean {
    return ip.startsWith("127.") || ip === this.ip || this.net.reaches(this.node, ip);
  }
}
