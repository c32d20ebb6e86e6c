import type { Pod } from "../api/types/core-v1.ts";
import type { PodMeans } from "./pod-means.ts";
import type { SandboxConfig } from "./runtime.ts";

/** Linux allows 63 characters; a longer Pod name is cut, and does not end in a sign. */
function hostnameOf(pod: Pod): string {
  const name = pod.spec.hostnameOverride || pod.spec.hostname || pod.metadata.name;
  return name.slice(0, 63).replace(/[-.]+$/, "");
}

export function sandboxConfig(pod: Pod, means: PodMeans): SandboxConfig {
  const { metadata, spec } = pod;
  const hostname = hostnameOf(pod);
  const namespace = metadata.namespace ?? "default";
  const fullName = spec.subdomain && !spec.hostNetwork ? `${hostname}.${spec.subdomain}.${namespace}.svc.${means.clusterDomain}` : undefined;
  return {
    podUid: metadata.uid,
    namespace,
    name: metadata.name,
    hostname: spec.setHostnameAsFQDN && fullName ? fullName : hostname,
    hostNetwork: spec.hostNetwork ?? false,
    labels: metadata.labels ?? {},
    dns: means.resolver(pod),
    ...(fullName === undefined ? {} : { fullName }),
    ...(spec.hostAliases ? { hostAliases: spec.hostAliases.map(({ ip, hostnames }) => ({ ip: ip ?? "", names: hostnames ?? [] })) } : {}),
  };
}
