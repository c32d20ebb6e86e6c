import type { Service } from "../types/core-v1.ts";
import { cidrWarnings, ipWarnings } from "../validation/ip-warnings.ts";
import { FieldPath } from "../validation/path.ts";

const path = FieldPath.of("spec");
const hintsAnnotation = "service.kubernetes.io/topology-aware-hints";

/** What upstream warns about in Services: fields that the kind of Service ignores, and what is on its way out. */
export function serviceWarnings({ metadata, spec }: Service): string[] {
  const warnings: string[] = [];
  if (Object.hasOwn(metadata.annotations ?? {}, hintsAnnotation)) warnings.push(`annotation ${hintsAnnotation} is deprecated, please use service.kubernetes.io/topology-mode instead`);
  const headless = spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === "None";
  const external = (spec.externalIPs ?? []).length > 0;
  if (!headless && spec.type !== "ExternalName") spec.clusterIPs?.forEach((ip, i) => warnings.push(...ipWarnings(path.child("clusterIPs").index(i), ip)));
  if (headless) {
    if ((spec.loadBalancerIP ?? "") !== "") warnings.push("spec.loadBalancerIP is ignored for headless services");
    if (external) warnings.push("spec.externalIPs is ignored for headless services");
    if (spec.sessionAffinity !== "None") warnings.push("spec.SessionAffinity is ignored for headless services");
  }
  spec.externalIPs?.forEach((ip, i) => warnings.push(...ipWarnings(path.child("externalIPs").index(i), ip)));
  if ((spec.loadBalancerIP ?? "") !== "") warnings.push(...ipWarnings(path.child("loadBalancerIP"), spec.loadBalancerIP ?? ""));
  spec.loadBalancerSourceRanges?.forEach((range, i) => warnings.push(...cidrWarnings(path.child("loadBalancerSourceRanges").index(i), range)));
  if (external && spec.type === "ExternalName") warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  else if (external && !headless) warnings.push("spec.externalIPs is deprecated and may no longer be implemented in some clusters");
  if ((spec.externalName ?? "") !== "" && spec.type !== "ExternalName") warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (spec.trafficDistribution === "PreferClose") warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  return warnings;
}
