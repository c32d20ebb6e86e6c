import type { Service } from "../types/core-v1.ts";

/** What upstream warns about in Services: fields that the kind of Service ignores, and what is on its way out. */
export function serviceWarnings({ spec }: Service): string[] {
  const warnings: string[] = [];
  const headless = spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === "None";
  const external = (spec.externalIPs ?? []).length > 0;
  if (headless) {
    if ((spec.loadBalancerIP ?? "") !== "") warnings.push("spec.loadBalancerIP is ignored for headless services");
    if (external) warnings.push("spec.externalIPs is ignored for headless services");
    if (spec.sessionAffinity !== "None") warnings.push("spec.SessionAffinity is ignored for headless services");
  }
  if (external && spec.type === "ExternalName") warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  else if (external && !headless) warnings.push("spec.externalIPs is deprecated and may no longer be implemented in some clusters");
  if ((spec.externalName ?? "") !== "" && spec.type !== "ExternalName") warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (spec.trafficDistribution === "PreferClose") warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  return warnings;
}
