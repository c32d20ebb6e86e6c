import { parseIpv4 } from "../base/ipv4.ts";
import type { Directory, NamedEndpoint, NamedPort } from "./directory.ts";

/**
 * Takes a name of the cluster's zone apart and finds what stands behind it, whatever type is asked for:
 *
 *     web.default.svc                      a Service
 *     _http._tcp.web.default.svc           a named port of it
 *     web-0.web.default.svc                an endpoint of it
 *     10-244-1-5.default.pod               a Pod by its address; no Pod need have it (`pods insecure`)
 */

export interface Found {
  /** An address, or the name that an ExternalName Service stands for. */
  readonly host: string;
  readonly port: number;
  /** The name of the Service or endpoint, in full, without the final dot: what an SRV record points at. */
  readonly name: string;
}

interface PortWanted {
  /** Undefined: any. */
  readonly name: string | undefined;
  readonly protocol: string | undefined;
}

/** Undefined: no such name. Empty: the name exists and holds nothing. */
export function findNames({ directory, domain }: { directory: Directory; domain: string }, name: string): Found[] | undefined {
  if (name === domain) return [];
  const labels = name.slice(0, -domain.length - 1).split(".").reverse();
  const [kind, namespace, own, ...rest] = labels;
  if (kind !== "svc" && kind !== "pod") return undefined;
  if (namespace === undefined) return [];
  if (rest.length > 2 || !directory.hasNamespace(namespace)) return undefined;
  if (own === undefined) return [];
  if (kind === "pod") return findPod(own, name);
  const bare = (label: string | undefined) => label?.replace(/^_/, "");
  const endpoint = rest.length === 1 ? rest[0] : undefined;
  const port: PortWanted = rest.length === 2 ? { protocol: bare(rest[0]), name: bare(rest[1]) } : { name: undefined, protocol: undefined };
  return findService(directory, { namespace, service: own, endpoint, port, domain });
}

/** Dashes stand for dots, or for the colons of the other family. */
function findPod(label: string, name: string): Found[] | undefined {
  const ip = label.replaceAll("-", ".");
  if (parseIpv4(ip) !== undefined) return [{ host: ip, port: -1, name }];
  const wide = label.replaceAll("-", ":");
  return /^[0-9a-f:]+$/.test(wide) && (wide.split(":").length === 8 || wide.includes("::")) ? [{ host: wide, port: -1, name }] : undefined;
}

interface ServiceQuestion {
  readonly namespace: string;
  readonly service: string;
  readonly endpoint: string | undefined;
  readonly port: PortWanted;
  readonly domain: string;
}

function findService(directory: Directory, { namespace, service, endpoint, port, domain }: ServiceQuestion): Found[] | undefined {
  const known = directory.service(namespace, service);
  if (known === undefined) return undefined;
  const name = `${service}.${namespace}.svc.${domain}`;
  const found: Found[] = [];
  if (known.externalName !== undefined) {
    const isPlain = endpoint === undefined && port.name === undefined;
    return isPlain && known.externalName !== "" && parseIpv4(known.externalName) === undefined ? [{ host: known.externalName, port: -1, name }] : undefined;
  }
  if (known.isHeadless || endpoint !== undefined) {
    const isWanted = ({ hostname }: NamedEndpoint) => endpoint === undefined || hostname === endpoint;
    for (const { ip, hostname, ports } of directory.endpoints(namespace, service).filter(isWanted)) {
      for (const each of ports.filter(matches(port))) found.push({ host: ip, port: each.port, name: `${hostname}.${name}` });
    }
  } else {
    for (const each of known.ports.filter(matches(port))) for (const host of known.clusterIps) found.push({ host, port: each.port, name });
  }
  return found.length > 0 ? found : undefined;
}

function matches(wanted: PortWanted): (port: NamedPort) => boolean {
  return ({ name, protocol }) => (wanted.name === undefined || wanted.name === name.toLowerCase()) && (wanted.protocol === undefined || wanted.protocol === protocol.toLowerCase());
}
