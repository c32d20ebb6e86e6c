import type { KubeObject } from "../kind-ref.ts";
import type { PersistentVolumeClaim, Pod, PodSpec, ResourceQuotaSpec, ScopedResourceSelectorRequirement } from "../types/core-v1.ts";

/** Which objects a quota counts: those for which all its scopes hold. Scopes are about Pods, one is about claims. */
type Scope = (object: KubeObject, requirement: ScopedResourceSelectorRequirement) => boolean;

const podScopes: { readonly [scope: string]: Scope } = {
  Terminating: (object) => isTerminating(specOf(object)),
  NotTerminating: (object) => !isTerminating(specOf(object)),
  BestEffort: (object) => isBestEffort(specOf(object)),
  NotBestEffort: (object) => !isBestEffort(specOf(object)),
  PriorityClass: (object, requirement) => valueHolds(specOf(object).priorityClassName ?? "", requirement),
  CrossNamespacePodAffinity: (object) => usesOtherNamespaces(specOf(object)),
};

const claimScopes: { readonly [scope: string]: Scope } = {
  VolumeAttributesClass: (object, requirement) => valueHolds((object as PersistentVolumeClaim).spec.volumeAttributesClassName ?? "", requirement),
};

function specOf(object: KubeObject): PodSpec {
  return (object as Pod).spec;
}

export function scopesHold(spec: ResourceQuotaSpec, resource: string, object: KubeObject): boolean {
  const requirements = requirementsOf(spec);
  if (requirements.length === 0) return true;
  const scopes = resource === "pods" ? podScopes : resource === "persistentvolumeclaims" ? claimScopes : {};
  return requirements.every((requirement) => scopes[requirement.scopeName]?.(object, requirement) ?? false);
}

function requirementsOf({ scopes = [], scopeSelector }: ResourceQuotaSpec): ScopedResourceSelectorRequirement[] {
  return [...scopes.map((scopeName) => ({ scopeName, operator: "Exists" }) as ScopedResourceSelectorRequirement), ...(scopeSelector?.matchExpressions ?? [])];
}

function isTerminating(spec: PodSpec): boolean {
  return spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds >= 0;
}

function isBestEffort(spec: PodSpec): boolean {
  const asks = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].some(({ resources }) =>
    [resources?.requests, resources?.limits].some((amounts) => amounts !== undefined && ["cpu", "memory"].some((name) => (amounts[name] ?? "0") !== "0")),
  );
  return !asks;
}

function valueHolds(value: string, { operator, values = [] }: ScopedResourceSelectorRequirement): boolean {
  switch (operator) {
    case "In":
      return values.includes(value);
    case "NotIn":
      return !values.includes(value);
    case "DoesNotExist":
      return value === "";
    default:
      return value !== "";
  }
}

function usesOtherNamespaces({ affinity }: PodSpec): boolean {
  const terms = [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((part) => [
    ...(part?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(part?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ]);
  return terms.some(({ namespaces = [], namespaceSelector }) => namespaces.length > 0 || namespaceSelector !== undefined);
}
