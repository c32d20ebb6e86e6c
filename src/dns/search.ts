import type { Pod } from "../api/types/core-v1.ts";

/**
 * The resolver's side of names: the `resolv.conf` that a Pod gets by its dnsPolicy and dnsConfig, and the order in which a resolver
 * that reads it (glibc's) tries names.
 */

export interface ResolverConfig {
  readonly nameservers: readonly string[];
  readonly searches: readonly string[];
  /** "ndots:5", "timeout:2", "edns0". */
  readonly options: readonly string[];
}

export interface ClusterDns {
  /** "cluster.local" */
  readonly domain: string;
  /** Addresses of the cluster's DNS Service; without any, Pods resolve as their node does. */
  readonly addresses: readonly string[];
  /** What the node itself uses: Pods with the policy Default get it, and all others its search path after the cluster's. */
  readonly node: ResolverConfig;
}

/** The resolver's own limits, as the node agent keeps to them: three servers, and a search path of 32 names and 2,048 characters. */
const nameserversMax = 3;
const searchesMax = 32;
const searchCharactersMax = 2048;

export function resolverConfigOf(pod: Pod, cluster: ClusterDns): ResolverConfig {
  const { dnsPolicy = "ClusterFirst", dnsConfig, hostNetwork = false } = pod.spec;
  const isClusterFirst = dnsPolicy === "ClusterFirstWithHostNet" || (dnsPolicy === "ClusterFirst" && !hostNetwork);
  const base = dnsPolicy === "None" ? empty : isClusterFirst && cluster.addresses.length > 0 ? clusterFirst(pod, cluster) : cluster.node;
  const options = new Map(base.options.map((option) => [optionName(option), option]));
  for (const { name = "", value } of dnsConfig?.options ?? []) options.set(name, value ? `${name}:${value}` : name);
  return {
    nameservers: unique([...base.nameservers, ...(dnsConfig?.nameservers ?? [])]).slice(0, nameserversMax),
    searches: fitting(unique([...base.searches, ...(dnsConfig?.searches ?? [])])),
    options: [...options.values()],
  };
}

const empty: ResolverConfig = { nameservers: [], searches: [], options: [] };

function clusterFirst({ metadata }: Pod, { domain, addresses, node }: ClusterDns): ResolverConfig {
  const searches = [`${metadata.namespace ?? "default"}.svc.${domain}`, `svc.${domain}`, domain, ...node.searches];
  return { nameservers: addresses, searches, options: ["ndots:5"] };
}

const optionName = (option: string) => option.split(":")[0] ?? option;

const unique = (texts: readonly string[]) => [...new Set(texts)];

function fitting(searches: readonly string[]): readonly string[] {
  const kept: string[] = [];
  let characters = 0;
  for (const search of searches.slice(0, searchesMax)) {
    characters += search.length + (kept.length > 0 ? 1 : 0);
    if (characters > searchCharactersMax) break;
    kept.push(search);
  }
  return kept;
}

/** The text of the file, as the container runtime writes it. */
export function resolvConfText({ nameservers, searches, options }: ResolverConfig): string {
  const search = searches.length > 0 ? `search ${searches.join(" ")}\n` : "";
  const servers = nameservers.map((nameserver) => `nameserver ${nameserver}\n`).join("");
  return search + servers + (options.length > 0 ? `options ${options.join(" ")}\n` : "");
}

/** Reads such a file, a container's own included: the last search line counts, comments and unknown lines do not. */
export function parseResolvConf(text: string): ResolverConfig {
  const nameservers: string[] = [];
  const options: string[] = [];
  let searches: readonly string[] = [];
  for (const line of text.split("\n")) {
    const [keyword, ...values] = line.replace(/[#;].*/, "").trim().split(/\s+/);
    if (keyword === "nameserver" && values[0]) nameservers.push(values[0]);
    else if (keyword === "search" || keyword === "domain") searches = values.map((value) => (value === "." ? value : value.replace(/\.$/, "")));
    else if (keyword === "options") options.push(...values);
  }
  return { nameservers, searches, options };
}

/** Fewer dots than this, and the search path comes first. The resolver's default, and its upper bound. */
const ndotsDefault = 1;
const ndotsMax = 15;

/** The full names, without the final dot, that a resolver asks for one after another until one exists. */
export function candidateNames(name: string, { searches, options }: Pick<ResolverConfig, "searches" | "options">): string[] {
  if (name.endsWith(".")) return [name.slice(0, -1)];
  const wanted = Number(options.findLast((option) => optionName(option) === "ndots")?.split(":")[1] ?? ndotsDefault);
  const ndots = Number.isInteger(wanted) && wanted >= 0 ? Math.min(wanted, ndotsMax) : ndotsDefault;
  const searched = searches.map((search) => (search === "." ? name : `${name}.${search}`));
  const isFull = name.split(".").length - 1 >= ndots;
  return unique(isFull ? [name, ...searched] : [...searched, name]);
}
