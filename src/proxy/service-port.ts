import type { EndpointSlice } from "../api/types/discovery-v1.ts";
import type { Service, ServicePort } from "../api/types/core-v1.ts";
import type { Ipv4Range } from "../base/ipv4.ts";
import { parseIpv4, parseIpv4Range } from "../base/ipv4.ts";

/**
 * The vocabulary of the proxy: a Service and its EndpointSlices taken apart into what one port of one Service means to packets.
 * The same for every node; what a node makes of it stands in plan.ts. IPv4 only: addresses of the other family are left out,
 * as upstream's IPv4 proxy does.
 */

export type Protocol = "TCP" | "UDP" | "SCTP";

export interface ProxyEndpoint {
  readonly ip: string;
  readonly port: number;
  /** "10.244.1.5:8080" */
  readonly address: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly node: string;
  readonly zone: string;
  readonly zoneHints: readonly string[];
  readonly nodeHints: readonly string[];
}

export interface ServicePortFacts {
  /** "default/web:http", or "default/web" for a port without a name: upstream's words in comments and hashes. */
  readonly name: string;
  /** "default/web" */
  readonly service: string;
  readonly portName: string;
  readonly protocol: Protocol;
  readonly clusterIp: string;
  readonly port: number;
  /** 0: none, as with `healthCheckNodePort`. */
  readonly nodePort: number;
  readonly externalIps: readonly string[];
  /** Those that nodes answer for themselves (`ipMode: VIP`). */
  readonly loadBalancerIps: readonly string[];
  readonly sourceRanges: readonly Ipv4Range[];
  readonly healthCheckNodePort: number;
  /** How long a client keeps its endpoint; 0: not at all. */
  readonly affinitySeconds: number;
  readonly internalLocal: boolean;
  readonly externalLocal: boolean;
}

/** One port of one Service with the endpoints behind it. Never changed: a change makes the next one. */
export interface ServicePortRules extends ServicePortFacts {
  /** Name and protocol, unique: "default/dns:dns/UDP". */
  readonly key: string;
  /** Ordered by address as text, each address once. */
  readonly endpoints: readonly ProxyEndpoint[];
}

const proxyNameLabel = "service.kubernetes.io/service-proxy-name";
const headlessLabel = "service.kubernetes.io/headless";
const serviceNameLabel = "kubernetes.io/service-name";
/** What the API server would have set. */
const affinitySecondsDefault = 10_800;

/** The ports that this proxy answers for: none of a headless Service, of an ExternalName, or of one that names another proxy. */
export function servicePorts(service: Service): ServicePortFacts[] {
  const { metadata, spec } = service;
  if (spec.type === "ExternalName" || metadata.labels?.[proxyNameLabel] !== undefined) return [];
  const clusterIp = [...(spec.clusterIPs ?? []), spec.clusterIP ?? ""].find(isIpv4);
  if (clusterIp === undefined || spec.clusterIP === "None") return [];
  return (spec.ports ?? []).map((port) => portFacts(service, port, clusterIp));
}

const isIpv4 = (text: string) => parseIpv4(text) !== undefined;

function portFacts({ metadata, spec, status }: Service, port: ServicePort, clusterIp: string): ServicePortFacts {
  const service = `${metadata.namespace ?? ""}/${metadata.name ?? ""}`;
  const externalIps = (spec.externalIPs ?? []).filter(isIpv4);
  const external = spec.type === "NodePort" || spec.type === "LoadBalancer" || externalIps.length > 0;
  const externalLocal = external && spec.externalTrafficPolicy === "Local";
  const ingress = status?.loadBalancer?.ingress ?? [];
  return {
    name: port.name ? `${service}:${port.name}` : service,
    service,
    portName: port.name ?? "",
    protocol: port.protocol ?? "TCP",
    clusterIp,
    port: port.port,
    nodePort: port.nodePort ?? 0,
    externalIps,
    loadBalancerIps: ingress.flatMap(({ ip, ipMode = "VIP" }) => (ip !== undefined && ipMode === "VIP" && isIpv4(ip) ? [ip] : [])),
    sourceRanges: (spec.loadBalancerSourceRanges ?? []).flatMap((range) => parseIpv4Range(range.trim()) ?? []),
    healthCheckNodePort: spec.type === "LoadBalancer" && externalLocal ? (spec.healthCheckNodePort ?? 0) : 0,
    affinitySeconds: spec.sessionAffinity === "ClientIP" ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? affinitySecondsDefault) : 0,
    internalLocal: spec.internalTrafficPolicy === "Local",
    externalLocal,
  };
}

/** The endpoints of a slice by the port they stand behind ("http/TCP"). */
export type SliceEndpoints = ReadonlyMap<string, readonly ProxyEndpoint[]>;

export const portKey = (name: string, protocol: Protocol) => `${name}/${protocol}`;

/** The Service that a slice belongs to; undefined for one that this proxy does not read. */
export function serviceOfSlice(slice: EndpointSlice): string | undefined {
  const labels = slice.metadata.labels ?? {};
  const name = labels[serviceNameLabel];
  if (slice.addressType !== "IPv4" || !name || labels[proxyNameLabel] !== undefined || labels[headlessLabel] !== undefined) return undefined;
  return `${slice.metadata.namespace ?? ""}/${name}`;
}

const unhinted: readonly string[] = [];

export function sliceEndpoints(slice: EndpointSlice): SliceEndpoints {
  const byPort = new Map<string, ProxyEndpoint[]>();
  for (const { name = "", protocol = "TCP", port = 0 } of slice.ports ?? []) {
    if (port === 0) continue;
    const key = portKey(name, protocol);
    const endpoints = byPort.get(key) ?? [];
    for (const { addresses, conditions, nodeName = "", zone = "", hints } of slice.endpoints ?? []) {
      const ip = addresses[0];
      if (ip === undefined || !isIpv4(ip)) continue;
      endpoints.push({
        ip,
        port,
        address: `${ip}:${port}`,
        ready: conditions?.ready ?? true,
        serving: conditions?.serving ?? true,
        terminating: conditions?.terminating ?? false,
        node: nodeName,
        zone,
        zoneHints: hints?.forZones?.map((hint) => hint.name) ?? unhinted,
        nodeHints: hints?.forNodes?.map((hint) => hint.name) ?? unhinted,
      });
    }
    byPort.set(key, endpoints);
  }
  return byPort;
}

/**
 * The endpoints of several slices as one list. A Pod on its way from one slice to another stands in both for a moment and counts
 * once, ready if either says so.
 */
export function mergeEndpoints(lists: readonly (readonly ProxyEndpoint[])[]): readonly ProxyEndpoint[] {
  const all = lists.length === 1 ? [...(lists[0] as readonly ProxyEndpoint[])] : lists.flat();
  const sorted = all.sort((a, b) => (a.address < b.address ? -1 : a.address === b.address ? 0 : 1));
  const merged: ProxyEndpoint[] = [];
  for (const endpoint of sorted) {
    const last = merged.length - 1;
    const known = merged[last];
    if (known?.address !== endpoint.address) merged.push(endpoint);
    else if (endpoint.ready && !known.ready) merged[last] = endpoint;
  }
  return merged;
}
