/**
 * The simulated network: who listens where, and who can reach whom. It carries requests, not packets: a client resolves a
 * name, its destination is translated (`translate`: the place of the service rules of its node), and the listener of the
 * address found answers. Nothing here takes time; latency belongs to the programs.
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

export interface Listener {
  /** Absent: takes connections but speaks no HTTP. */
  readonly http?: (request: HttpRequest, from: string) => Promise<HttpResponse>;
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
  readonly listeners: Map<number, Listener>;
}

export interface Destination {
  readonly ip: string;
  readonly port: number;
}

export class SimulatedNetwork {
  private readonly endpoints = new Map<string, Endpoint>();
  private readonly severed = new Set<string>();
  /** What a node does to a new connection before it leaves: undefined refuses it. Set by the service proxy. */
  translate: (node: string, from: string, to: Destination) => Destination | undefined = (_node, _from, to) => to;
  /** Answers a name asked from an address; undefined: no such name. Set by the cluster's DNS. */
  resolve: (name: string, from: string) => readonly string[] | undefined = () => undefined;

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
  }

  isSevered(node: string): boolean {
    return this.severed.has(node);
  }

  /** False when the port is taken. */
  listen(ip: string, port: number, listener: Listener): boolean {
    const endpoint = this.endpoints.get(ip);
    if (!endpoint || endpoint.listeners.has(port)) return false;
    endpoint.listeners.set(port, listener);
    return true;
  }

  unlisten(ip: string, port: number): void {
    this.endpoints.get(ip)?.listeners.delete(port);
  }

  portsOf(ip: string): readonly number[] {
    return [...(this.endpoints.get(ip)?.listeners.keys() ?? [])].sort((a, b) => a - b);
  }

  /** Whether an address answers at all from a node: ping. */
  reaches(node: string, ip: string): boolean {
    const endpoint = this.endpoints.get(ip);
    if (!endpoint) return false;
    return endpoint.node === node || (!this.severed.has(node) && !this.severed.has(endpoint.node));
  }

  /** The listener that a connection from `from` on `node` reaches. Throws ConnectError. */
  connect(node: string, from: string, to: Destination): Listener {
    const final = this.translate(node, from, to);
    if (!final) throw new ConnectError("refused");
    if (!this.endpoints.has(final.ip)) throw new ConnectError("unreachable");
    if (!this.reaches(node, final.ip)) throw new ConnectError("timeout");
    const listener = this.endpoints.get(final.ip)?.listeners.get(final.port);
    if (!listener) throw new ConnectError("refused");
    return listener;
  }
}

/** How the processes of one sandbox see the network. Ports that they open are closed with `close`. */
export class NetworkInterface {
  readonly ip: string;
  readonly node: string;
  readonly net: SimulatedNetwork;
  private readonly opened = new Set<number>();

  constructor(options: { net: SimulatedNetwork; node: string; ip: string }) {
    this.net = options.net;
    this.node = options.node;
    this.ip = options.ip;
  }

  listen(port: number, listener: Listener): boolean {
    const done = this.net.listen(this.ip, port, listener);
    if (done) this.opened.add(port);
    return done;
  }

  unlisten(port: number): void {
    if (this.opened.delete(port)) this.net.unlisten(this.ip, port);
  }

  /** A container ended: what it listened on is closed. */
  close(): void {
    for (const port of this.opened) this.net.unlisten(this.ip, port);
    this.opened.clear();
  }

  /** Addresses of a name: a literal, this host, the hosts file, then the cluster's DNS. */
  lookup(name: string, hosts: string): readonly string[] | undefined {
    if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return [name];
    for (const line of hosts.split("\n")) {
      const [address, ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
      if (address && names.includes(name) && !address.includes(":")) return [address];
    }
    if (name === "localhost") return ["127.0.0.1"];
    return this.net.resolve(name, this.ip);
  }

  connect(ip: string, port: number): Listener {
    return this.net.connect(this.node, this.ip, { ip: ip.startsWith("127.") ? this.ip : ip, port });
  }
}
