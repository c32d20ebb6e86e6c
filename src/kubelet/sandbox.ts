import type { Pod } from "../api/types/core-v1.ts";
import type { PodMeans } from "./pod-means.ts";
import type { SandboxConfig, SandboxDns } from "./runtime.ts";

/** How a Pod resolves names, by its policy. */
function dnsOf(pod: Pod, means: PodMeans): SandboxDns | undefined {
  const { dnsPolicy = "ClusterFirst", dnsConfig, hostNetwork } = pod.spec;
  const namespace = pod.metadata.namespace ?? "default";
  const clusterFirst = dnsPolicy === "ClusterFirstWithHostNet" || (dnsPolicy === "ClusterFirst" && !hostNetwork);
  const domain = means.clusterDomain;
  const base: SandboxDns | undefined = clusterFirst
    ? { servers: means.clusterDns, searches: [`${namespace}.svc.${domain}`, `svc.${domain}`, domain], options: ["ndots:5"] }
    : undefined;
  if (!dnsConfig) return base;
  const own = (dnsConfig.options ?? []).map(({ name, value }) => (value === undefined ? (name ?? "") : `${name}:${value}`));
  const replaced = new Set(own.map((option) => option.split(":")[0]));
  return {
    servers: [...new Set([...(base?.servers ?? []), ...(dnsConfig.nameservers ?? [])])],
    searches: [...new Set([...(base?.searches ?? []), ...(dnsConfig.searches ?? [])])],
    options: [...(base?.options ?? []).filter((option) => !replaced.has(option.split(":")[0])), ...own],
  };
}

/** Linux allows 63 characters; a longer Pod name is cut, and does not end in a sign. */
function hostnameOf(pod: Pod): string {
  const name = pod.spec.hostnameOverride || pod.spec.hostname || pod.metadata.name;
  return name.slice(0, 63).replace(/[-.]+$/, "");
}

export function sandboxConfig(pod: Pod, means: PodMeans): SandboxConfig {
  const { metadata, spec } = pod;
  const hostname = hostnameOf(pod);
  const namespace = metadata.namespace ?? "default";
  const dns = dnsOf(pod, means);
  const fullName = spec.subdomain && !spec.hostNetwork ? `${hostname}.${spec.subdomain}.${namespace}.svc.${means.clusterDomain}` : undefined;
  return {
    podUid: metadata.uid,
    namespace,
    name: metadata.name,
    hostname: spec.setHostnameAsFQDN && fullName ? fullName : hostname,
    hostNetwork: spec.hostNetwork ?? false,
    labels: metadata.labels ?? {},
    ...(dns ? { dns } : {}),
    ...(fullName === undefined ? {} : { fullName }),
    ...(spec.hostAliases ? { hostAliases: spec.hostAliases.map(({ ip, hostnames }) => ({ ip: ip ?? "", names: hostnames ?? [] })) } : {}),
  };
}
