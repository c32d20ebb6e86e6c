import type { Service } from "../api/types/core-v1.ts";
import type { EndpointSlice } from "../api/types/discovery-v1.ts";

/**
 * What the cluster's names are made of: Services, the ready endpoints of EndpointSlices and the namespaces, with the indexes that
 * questions need. Kept up to date one object at a time; a change costs as much as the object is big.
 */

export interface NamedPort {
  readonly name: string;
  readonly protocol: string;
  /** -1: the Service or slice names no port. Addresses are found, SRV records are not. */
  readonly port: number;
}

export interface NamedService {
  readonly namespace: string;
  readonly name: string;
  /** Of an ExternalName Service; undefined of every other. */
  readonly externalName: string | undefined;
  readonly isHeadless: boolean;
  readonly clusterIps: readonly string[];
  readonly ports: readonly NamedPort[];
}

export interface NamedEndpoint {
  readonly ip: string;
  /** The label below the Service's name: the Pod's hostname, else its address with dashes. */
  readonly hostname: string;
  readonly ports: readonly NamedPort[];
}

const noPort: readonly NamedPort[] = [{ name: "", protocol: "", port: -1 }];

export class Directory {
  private readonly services = new Map<string, NamedService>();
  private readonly namespaces = new Set<string>();
  private readonly slices = new Map<string, { readonly service: string; readonly endpoints: readonly NamedEndpoint[] }>();
  private readonly slicesOf = new Map<string, Set<string>>();
  private readonly servicesByIp = new Map<string, Set<string>>();
  private readonly slicesByIp = new Map<string, Set<string>>();

  setNamespace(name: string, exists: boolean): void {
    if (exists) this.namespaces.add(name);
    else this.namespaces.delete(name);
  }

  /** The Service of this key ("default/web") is now so; undefined: gone. */
  setService(key: string, service: Service | undefined): void {
    for (const ip of this.services.get(key)?.clusterIps ?? []) withdraw(this.servicesByIp, ip, key);
    if (service === undefined) {
      this.services.delete(key);
      return;
    }
    const named = namedService(service);
    this.services.set(key, named);
    for (const ip of named.clusterIps) add(this.servicesByIp, ip, key);
  }

  /** The EndpointSlice of this key is now so; undefined: gone. */
  setSlice(key: string, slice: EndpointSlice | undefined): void {
    const before = this.slices.get(key);
    if (before !== undefined) {
      this.slices.delete(key);
      withdraw(this.slicesOf, before.service, key);
      for (const { ip } of before.endpoints) withdraw(this.slicesByIp, ip, key);
    }
    const name = slice?.metadata.labels?.["kubernetes.io/service-name"];
    if (slice === undefined || !name || slice.addressType === "FQDN") return;
    const service = `${slice.metadata.namespace ?? ""}/${name}`;
    const endpoints = readyEndpoints(slice);
    this.slices.set(key, { service, endpoints });
    add(this.slicesOf, service, key);
    for (const { ip } of endpoints) add(this.slicesByIp, ip, key);
  }

  hasNamespace(name: string): boolean {
    return this.namespaces.has(name);
  }

  service(namespace: string, name: string): NamedService | undefined {
    return this.services.get(`${namespace}/${name}`);
  }

  /** The ready endpoints of a Service, slice by slice in order of their names. */
  endpoints(namespace: string, service: string): readonly NamedEndpoint[] {
    const keys = [...(this.slicesOf.get(`${namespace}/${service}`) ?? [])].sort();
    return keys.flatMap((key) => this.slices.get(key)?.endpoints ?? []);
  }

  /** The Services with this cluster IP. */
  servicesAt(ip: string): readonly NamedService[] {
    return [...(this.servicesByIp.get(ip) ?? [])].sort().flatMap((key) => this.services.get(key) ?? []);
  }

  /** The ready endpoints with this address, and the Service ("default/web") that each belongs to; one slice, one entry. */
  endpointsAt(ip: string): readonly { readonly service: string; readonly endpoint: NamedEndpoint }[] {
    return [...(this.slicesByIp.get(ip) ?? [])].sort().flatMap((key) => {
      const slice = this.slices.get(key);
      const endpoint = slice?.endpoints.find((known) => known.ip === ip);
      return slice && endpoint ? [{ service: slice.service, endpoint }] : [];
    });
  }
}

function namedService({ metadata, spec }: Service): NamedService {
  const isExternal = spec.type === "ExternalName";
  const addresses = spec.clusterIPs?.length ? spec.clusterIPs : [spec.clusterIP ?? ""];
  const ports = (spec.ports ?? []).map(({ name = "", protocol = "TCP", port }) => ({ name, protocol, port }));
  return {
    namespace: metadata.namespace ?? "",
    name: metadata.name ?? "",
    externalName: isExternal ? (spec.externalName ?? "") : undefined,
    isHeadless: spec.clusterIP === "None",
    clusterIps: isExternal ? [] : addresses.filter((ip) => ip !== "" && ip !== "None"),
    ports: ports.length > 0 ? ports : noPort,
  };
}

function readyEndpoints(slice: EndpointSlice): NamedEndpoint[] {
  const ports = (slice.ports ?? []).map(({ name = "", protocol = "TCP", port = -1 }) => ({ name, protocol, port }));
  return (slice.endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready ?? true)
    .flatMap(({ addresses, hostname }) => addresses.map((ip) => ({ ip, hostname: hostname || ip.replaceAll(/[.:]/g, "-"), ports: ports.length > 0 ? ports : noPort })));
}

function add(index: Map<string, Set<string>>, at: string, key: string): void {
  const known = index.get(at);
  if (known) known.add(key);
  else index.set(at, new Set([key]));
}

function withdraw(index: Map<string, Set<string>>, at: string, key: string): void {
  const known = index.get(at);
  known?.delete(key);
  if (known?.size === 0) index.delete(at);
}
