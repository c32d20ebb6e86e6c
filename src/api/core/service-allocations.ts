/**
 * What becomes of addresses and ports that the cluster gave a Service when a client writes it again: what it left out stays, and
 * what its new type has no use for goes, unless the client changed just that.
 */
import type { Draft } from "../../base/json.ts";
import type { Service, ServiceSpec } from "../types/core-v1.ts";

type Spec = Pick<ServiceSpec, "type" | "externalTrafficPolicy" | "externalIPs">;

export function usesClusterIp({ type }: Spec): boolean {
  return type !== "ExternalName";
}

function usesNodePorts({ type }: Spec): boolean {
  return type === "NodePort" || type === "LoadBalancer";
}

/** Whether the load balancer asks the nodes for those with endpoints. */
export function usesHealthCheckPort({ type, externalTrafficPolicy }: Spec): boolean {
  return type === "LoadBalancer" && externalTrafficPolicy === "Local";
}

export function isExposed({ type, externalIPs = [] }: Spec): boolean {
  return type === "NodePort" || type === "LoadBalancer" || (type === "ClusterIP" && externalIPs.length > 0);
}

export function sameTexts(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}

/** Before anybody looks at the addresses of a new Service: clients that know only the singular mean both. */
export function alignClusterIps({ spec }: Draft<Service>): void {
  if ((spec.clusterIP ?? "") !== "" && (spec.clusterIPs ?? []).length === 0) spec.clusterIPs = [spec.clusterIP as string];
}

/** What was allocated and is left out of an update. */
export function keepAllocations({ spec }: Draft<Service>, { spec: before }: Service): void {
  if (usesClusterIp(before) && usesClusterIp(spec)) {
    if ((spec.clusterIP ?? "") === "" && before.clusterIP !== undefined) spec.clusterIP = before.clusterIP;
    if ((spec.clusterIPs ?? []).length === 0 && (before.clusterIPs ?? []).length > 0) spec.clusterIPs = [...(before.clusterIPs ?? [])];
  }
  if (usesNodePorts(before) && usesNodePorts(spec)) {
    const named = new Map((before.ports ?? []).map(({ name = "", nodePort }) => [name, nodePort]));
    const asked = new Set((spec.ports ?? []).map(({ nodePort }) => nodePort));
    for (const port of spec.ports ?? []) {
      const allocated = named.get(port.name ?? "");
      if (!port.nodePort && allocated !== undefined && !asked.has(allocated)) port.nodePort = allocated;
    }
  }
  if (usesHealthCheckPort(before) && usesHealthCheckPort(spec) && before.healthCheckNodePort !== undefined) spec.healthCheckNodePort ||= before.healthCheckNodePort;
}

/** Who changes the singular address alone means both. */
export function alignChangedIps({ spec }: Draft<Service>, { spec: before }: Service): void {
  const [now, then] = [spec.clusterIP ?? "", before.clusterIP ?? ""];
  if ((spec.clusterIPs ?? []).length === 0 && now === then && (before.clusterIPs ?? []).length > 0) spec.clusterIPs = [...(before.clusterIPs ?? [])];
  if (now === then || !sameTexts(spec.clusterIPs, before.clusterIPs)) return;
  if (now !== "") spec.clusterIPs = [now];
  else delete spec.clusterIPs;
}

/** What only the old type used. */
export function dropUnusable({ spec }: Draft<Service>, { spec: before }: Service): void {
  if (usesClusterIp(before) && !usesClusterIp(spec)) {
    if ((spec.clusterIP ?? "") === (before.clusterIP ?? "") && sameTexts(spec.clusterIPs, before.clusterIPs)) {
      delete spec.clusterIP;
      delete spec.clusterIPs;
    }
    if (sameTexts(spec.ipFamilies, before.ipFamilies)) delete spec.ipFamilies;
    if (spec.ipFamilyPolicy === before.ipFamilyPolicy) delete spec.ipFamilyPolicy;
    if (spec.internalTrafficPolicy === before.internalTrafficPolicy) delete spec.internalTrafficPolicy;
  }
  if (usesNodePorts(before) && !usesNodePorts(spec)) {
    const known = new Set((before.ports ?? []).map(({ nodePort }) => nodePort));
    if ((spec.ports ?? []).every(({ nodePort }) => !nodePort || known.has(nodePort))) for (const port of spec.ports ?? []) delete port.nodePort;
  }
  if (usesHealthCheckPort(before) && !usesHealthCheckPort(spec) && spec.healthCheckNodePort === before.healthCheckNodePort) delete spec.healthCheckNodePort;
  if (before.type === "LoadBalancer" && spec.type !== "LoadBalancer") {
    for (const field of ["loadBalancerClass", "allocateLoadBalancerNodePorts"] as const) if (spec[field] === before[field]) delete spec[field];
  }
  if (isExposed(before) && !isExposed(spec) && spec.externalTrafficPolicy === before.externalTrafficPolicy) delete spec.externalTrafficPolicy;
}
