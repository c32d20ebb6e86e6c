import { parseIpv4 } from "../base/ipv4.ts";
import { limits } from "../base/limits.ts";
import type { DnsAnswer, DnsRecord, Question } from "./answer.ts";
import { serverFailure } from "./answer.ts";
import type { Directory } from "./directory.ts";
import type { Found } from "./find.ts";
import { findNames } from "./find.ts";

/**
 * Answers questions about the cluster's names as CoreDNS with its kubernetes plugin does: Services, headless Services and their Pods,
 * external names, named ports, Pods by their address, and addresses back to names. A name that does not exist is NXDOMAIN; one that
 * exists without records of the type asked for is an empty answer; both bear the zone's SOA. Names of other zones go to
 * `forward`, and fail without it. Where the real server shuffles records, these come in the order of the objects.
 */

export interface DnsZone {
  readonly directory: Directory;
  /** "cluster.local" */
  readonly domain: string;
  /** Seconds that a resolver may keep an answer: 30 as kubeadm configures it (5 is the plugin's own default). */
  readonly ttl: number;
  /** Of the server itself: the zone names it. */
  readonly serverAddresses: readonly string[];
  /** Asks somebody else about names that are not the cluster's. */
  readonly forward?: (question: Question) => DnsAnswer;
}

/** `now` (milliseconds) is the serial of the zone. */
export function answerQuestion(zone: DnsZone, question: Question, now: number): DnsAnswer {
  const owner = question.name.replace(/\.$/, "");
  const name = owner.toLowerCase();
  const type = question.type.toUpperCase();
  const { domain } = zone;
  if (name.endsWith(".in-addr.arpa") && type === "PTR") {
    const names = reverseNames(zone, name);
    if (names.length > 0) return found(names.map((data) => ({ name: `${owner}.`, ttl: zone.ttl, type: "PTR", data: `${data}.` })));
  }
  if (name !== domain && !name.endsWith(`.${domain}`)) return zone.forward?.({ name, type }) ?? serverFailure;
  const soa: DnsRecord = { name: `${domain}.`, ttl: zone.ttl, type: "SOA", data: `ns.dns.${domain}. hostmaster.${domain}. ${Math.floor(now / 1000)} 7200 1800 86400 30` };
  if (name === domain && type === "SOA") return found([soa]);
  if (name === domain && type === "NS") return nameServers(zone);
  if (name === `dns-version.${domain}` && type === "TXT") return found([{ name: `${owner}.`, ttl: 28_800, type: "TXT", data: '"1.1.0"' }]);
  const names = name === `ns.dns.${domain}` ? zone.serverAddresses.map((host) => ({ host, port: -1, name })) : findNames(zone, name);
  if (names === undefined) return { ...found([]), status: "NXDOMAIN", authority: [soa] };
  const answer = type === "SRV" ? services(zone, owner, names) : { answer: addresses(zone, { owner, type, names, aliases: 0 }), additional: [] };
  return answer.answer.length > 0 ? { ...found(answer.answer), ...answer } : { ...found([]), authority: [soa] };
}

function found(answer: readonly DnsRecord[]): DnsAnswer {
  return { status: "NOERROR", isAuthoritative: true, answer, authority: [], additional: [] };
}

const typeOfAddress = (host: string) => (parseIpv4(host) !== undefined ? "A" : host.includes(":") ? "AAAA" : "CNAME");

interface AddressQuestion {
  /** As the record is to spell it. */
  readonly owner: string;
  readonly type: string;
  readonly names: readonly Found[];
  readonly aliases: number;
}

/** Records of types A, AAAA and CNAME; an alias is followed into the zone, or asked of others. */
function addresses(zone: DnsZone, { owner, type, names, aliases }: AddressQuestion): DnsRecord[] {
  const records: DnsRecord[] = [];
  const seen = new Set<string>();
  for (const { host } of names) {
    if (seen.has(host)) continue;
    seen.add(host);
    const record: DnsRecord = { name: `${owner}.`, ttl: zone.ttl, type: typeOfAddress(host), data: typeOfAddress(host) === "CNAME" ? `${host.replace(/\.$/, "")}.` : host };
    if (record.type === type) records.push(record);
    else if (record.type === "CNAME" && (type === "A" || type === "AAAA")) records.push(...follow(zone, { record, type, aliases: aliases + 1 }));
  }
  return records;
}

function follow(zone: DnsZone, { record, type, aliases }: { record: DnsRecord; type: string; aliases: number }): DnsRecord[] {
  const target = record.data.slice(0, -1);
  const name = target.toLowerCase();
  if (aliases > limits.dnsAliasesMax || `${name}.` === record.name.toLowerCase()) return [];
  if (!name.endsWith(`.${zone.domain}`)) return [record, ...(zone.forward?.({ name, type }).answer ?? [])];
  const names = findNames(zone, name);
  // An alias to a name of the zone that does not exist is no answer at all.
  return names === undefined ? [] : [record, ...addresses(zone, { owner: target, type, names, aliases })];
}

function services(zone: DnsZone, owner: string, names: readonly Found[]): Pick<DnsAnswer, "answer" | "additional"> {
  const targets = names.filter(({ host }) => typeOfAddress(host) !== "CNAME");
  const weight = Math.max(1, Math.floor(100 / Math.max(1, targets.length)));
  const answer = new Map<string, DnsRecord>();
  const additional = new Map<string, DnsRecord>();
  for (const { host, port, name } of targets) {
    if (port === -1) continue;
    answer.set(`${port} ${name}`, { name: `${owner}.`, ttl: zone.ttl, type: "SRV", data: `0 ${weight} ${port} ${name}.` });
    additional.set(`${name} ${host}`, { name: `${name}.`, ttl: zone.ttl, type: typeOfAddress(host), data: host });
  }
  return { answer: [...answer.values()], additional: [...additional.values()] };
}

/** The server's own name: the Service before it, if there is one. */
function nameServers({ directory, domain, ttl, serverAddresses }: DnsZone): DnsAnswer {
  const hosts: { name: string; ip: string }[] = [];
  for (const { service, endpoint } of serverAddresses.flatMap((ip) => directory.endpointsAt(ip))) {
    const [namespace = "", name = ""] = service.split("/");
    const known = directory.service(namespace, name);
    const domainName = `${name}.${namespace}.svc.${domain}`;
    if (known?.isHeadless) hosts.push({ name: `${endpoint.hostname}.${domainName}`, ip: endpoint.ip });
    else for (const ip of known?.clusterIps ?? []) hosts.push({ name: domainName, ip });
  }
  if (hosts.length === 0) hosts.push(...serverAddresses.map((ip) => ({ name: `ns.dns.${domain}`, ip })));
  const names = [...new Set(hosts.map(({ name }) => name))];
  const additional = new Map(hosts.map(({ name, ip }): [string, DnsRecord] => [`${name} ${ip}`, { name: `${name}.`, ttl, type: typeOfAddress(ip), data: ip }]));
  return { ...found(names.map((name) => ({ name: `${domain}.`, ttl, type: "NS", data: `${name}.` }))), additional: [...additional.values()] };
}

/** The names of an address: of the Service with this cluster IP, else of the endpoints. */
function reverseNames({ directory, domain }: DnsZone, name: string): string[] {
  const ip = name.slice(0, -".in-addr.arpa".length).split(".").reverse().join(".");
  const own = directory.servicesAt(ip).map((service) => `${service.name}.${service.namespace}.svc.${domain}`);
  if (own.length > 0) return own;
  return directory.endpointsAt(ip).map(({ service, endpoint }) => {
    const [namespace, serviceName] = service.split("/");
    return `${endpoint.hostname}.${serviceName}.${namespace}.svc.${domain}`;
  });
}
