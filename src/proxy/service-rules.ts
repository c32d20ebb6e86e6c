import type { Service } from "../api/types/core-v1.ts";
import type { EndpointSlice } from "../api/types/discovery-v1.ts";
import type { Protocol, ServicePortFacts, ServicePortRules, SliceEndpoints } from "./service-port.ts";
import { mergeEndpoints, portKey, serviceOfSlice, servicePorts, sliceEndpoints } from "./service-port.ts";

/**
 * The rule set: every Service port of the cluster with its endpoints, kept up to date one object at a time. It is the same for
 * all nodes, so that one rule set can serve any number of simulated nodes; a node's view (which endpoints it uses, what it
 * refuses) is derived where packets are routed (walk.ts) and where text is written (iptables.ts).
 *
 * A change marks its Service; reading first brings the marked Services up to date. Work is proportional to the endpoints of the
 * Services that changed. An object that says nothing new to the proxy (an annotation, a status) changes nothing.
 */
export class ServiceRules {
  private readonly services = new Map<string, readonly ServicePortFacts[]>();
  private readonly slices = new Map<string, { readonly service: string; readonly endpoints: SliceEndpoints }>();
  /** By Service, then by slice, so that the order of slices is that of their names. */
  private readonly slicesOf = new Map<string, Map<string, SliceEndpoints>>();
  private readonly stale = new Set<string>();
  /** What stands: exactly the ports of `services` that are not stale, with their endpoints. */
  private readonly byKey = new Map<string, ServicePortRules>();
  private readonly keysOf = new Map<string, readonly string[]>();
  /** Keys of `byKey` in order; undefined when a key came or went since. */
  private order: readonly ServicePortRules[] | undefined;
  private readonly byAddress = new Map<string, ServicePortRules[]>();
  private readonly byNodePort = new Map<string, ServicePortRules[]>();
  private readonly feeds = new Set<Set<string>>();
  private endpoints = 0;

  /** The Service of this key ("default/web") is now so; undefined: gone. */
  setService(key: string, service: Service | undefined): void {
    if (service === undefined) this.services.delete(key);
    else this.services.set(key, servicePorts(service));
    this.stale.add(key);
  }

  /** The EndpointSlice of this key is now so; undefined: gone. */
  setSlice(key: string, slice: EndpointSlice | undefined): void {
    const known = this.slices.get(key);
    if (known !== undefined) this.dropSlice(key, known.service);
    const service = slice === undefined ? undefined : serviceOfSlice(slice);
    if (slice === undefined || service === undefined) return;
    const endpoints = sliceEndpoints(slice);
    this.slices.set(key, { service, endpoints });
    const siblings = this.slicesOf.get(service) ?? new Map<string, SliceEndpoints>();
    this.slicesOf.set(service, siblings.set(key, endpoints));
    this.stale.add(service);
  }

  /** Replaces everything: the rule set of exactly these objects. */
  update(services: readonly Service[], slices: readonly EndpointSlice[]): void {
    const key = ({ metadata }: Service | EndpointSlice) => `${metadata.namespace ?? ""}/${metadata.name ?? ""}`;
    const serviceKeys = new Set(services.map(key));
    const sliceKeys = new Set(slices.map(key));
    for (const known of [...this.services.keys()]) if (!serviceKeys.has(known)) this.setService(known, undefined);
    for (const known of [...this.slices.keys()]) if (!sliceKeys.has(known)) this.setSlice(known, undefined);
    for (const service of services) this.setService(key(service), service);
    for (const slice of slices) this.setSlice(key(slice), slice);
  }

  get(key: string): ServicePortRules | undefined {
    this.settle();
    return this.byKey.get(key);
  }

  /** All, in order of their keys. */
  ports(): readonly ServicePortRules[] {
    this.settle();
    this.order ??= [...this.byKey.values()].sort(byKeyOrder);
    return this.order;
  }

  /** Endpoints of all ports together, ready or not. */
  endpointCount(): number {
    this.settle();
    return this.endpoints;
  }

  /** The ports that answer at an address: by cluster IP, external IP or load balancer IP; in order of their keys. */
  at(protocol: Protocol, ip: string, port: number): readonly ServicePortRules[] {
    this.settle();
    return this.byAddress.get(`${protocol} ${ip} ${port}`) ?? none;
  }

  atNodePort(protocol: Protocol, port: number): readonly ServicePortRules[] {
    this.settle();
    return this.byNodePort.get(`${protocol} ${port}`) ?? none;
  }

  /** From now on `take` gives the keys of the ports that came, changed or went since it was last called. */
  changes(): { take(): ReadonlySet<string>; stop(): void } {
    const feed = new Set<string>();
    this.feeds.add(feed);
    const take = () => {
      this.settle();
      const taken = new Set(feed);
      feed.clear();
      return taken;
    };
    return { take, stop: () => void this.feeds.delete(feed) };
  }

  /** A rule set that stays as this one is now: what a node keeps whose proxy has stopped. */
  copy(): ServiceRules {
    const copy = new ServiceRules();
    for (const [key, ports] of this.services) copy.services.set(key, ports);
    for (const [key, slice] of this.slices) copy.slices.set(key, slice);
    for (const [key, slices] of this.slicesOf) copy.slicesOf.set(key, new Map(slices));
    for (const key of this.services.keys()) copy.stale.add(key);
    return copy;
  }

  private dropSlice(key: string, service: string): void {
    this.slices.delete(key);
    const siblings = this.slicesOf.get(service);
    siblings?.delete(key);
    if (siblings?.size === 0) this.slicesOf.delete(service);
    this.stale.add(service);
  }

  private settle(): void {
    if (this.stale.size === 0) return;
    const stale = [...this.stale];
    this.stale.clear();
    for (const service of stale) this.rebuild(service);
  }

  private rebuild(service: string): void {
    const before = this.keysOf.get(service) ?? none;
    const facts = this.services.get(service) ?? none;
    const siblings = this.slicesOf.get(service);
    const slices = siblings === undefined ? [] : siblings.size === 1 ? [...siblings.values()] : [...siblings].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoints]) => endpoints);
    const keys: string[] = [];
    for (const port of facts) {
      const key = portKey(port.name, port.protocol);
      const own = portKey(port.portName, port.protocol);
      keys.push(key);
      this.put({ key, ...port, endpoints: mergeEndpoints(slices.flatMap((slice) => [slice.get(own) ?? none])) });
    }
    for (const key of before) if (!keys.includes(key)) this.remove(key);
    if (keys.length > 0) this.keysOf.set(service, keys);
    else this.keysOf.delete(service);
  }

  private put(next: ServicePortRules): void {
    const previous = this.byKey.get(next.key);
    if (previous !== undefined) {
      if (JSON.stringify(previous) === JSON.stringify(next)) return;
      this.remove(next.key);
    }
    this.byKey.set(next.key, next);
    this.endpoints += next.endpoints.length;
    for (const address of addressesOf(next)) insert(this.byAddress, address, next);
    if (next.nodePort !== 0) insert(this.byNodePort, `${next.protocol} ${next.nodePort}`, next);
    this.announce(next.key);
  }

  private remove(key: string): void {
    const port = this.byKey.get(key);
    if (port === undefined) return;
    this.byKey.delete(key);
    this.endpoints -= port.endpoints.length;
    for (const address of addressesOf(port)) withdraw(this.byAddress, address, port);
    if (port.nodePort !== 0) withdraw(this.byNodePort, `${port.protocol} ${port.nodePort}`, port);
    this.announce(key);
  }

  private announce(key: string): void {
    this.order = undefined;
    for (const feed of this.feeds) feed.add(key);
  }
}

const none: readonly never[] = [];

const byKeyOrder = (a: ServicePortRules, b: ServicePortRules) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

function addressesOf({ protocol, port, clusterIp, externalIps, loadBalancerIps }: ServicePortRules): Set<string> {
  return new Set([clusterIp, ...externalIps, ...loadBalancerIps].map((ip) => `${protocol} ${ip} ${port}`));
}

function insert(index: Map<string, ServicePortRules[]>, at: string, port: ServicePortRules): void {
  const known = index.get(at);
  index.set(at, known === undefined ? [port] : [...known, port].sort(byKeyOrder));
}

function withdraw(index: Map<string, ServicePortRules[]>, at: string, port: ServicePortRules): void {
  const rest = (index.get(at) ?? []).filter((known) => known !== port);
  if (rest.length > 0) index.set(at, rest);
  else index.delete(at);
}
