import { loadSchema } from "../schema/schema.ts";
import type { EphemeralContainer, PersistentVolumeClaimSpec, PersistentVolumeSpec, PodSpec, PodTemplateSpec, ScopeSelector, SecurityContext, Toleration, VolumeNodeAffinity } from "../types/core-v1.ts";
import { unifiedDifference } from "../validation/difference.ts";
import { goValue } from "../validation/go-value.ts";

/** Specs and templates as upstream's messages show them: whole, or how two of them differ. Only for refusals: it is slow. */
const podSpecType = "io.k8s.api.core.v1.PodSpec";

/** Lines that differ, with their surroundings. */
function difference<T>(typeName: string, before: T, now: T): string {
  const schema = loadSchema();
  const lines = (value: T): string[] => JSON.stringify(goValue(schema, typeName, value), undefined, 1).split("\n");
  return unifiedDifference(lines(before), lines(now));
}

export function podSpecDifference(before: PodSpec, now: PodSpec): string {
  return difference(podSpecType, before, now);
}

export function ephemeralContainerDifference(before: EphemeralContainer, now: EphemeralContainer): string {
  return difference("io.k8s.api.core.v1.EphemeralContainer", before, now);
}

export function claimSpecDifference(before: PersistentVolumeClaimSpec, now: PersistentVolumeClaimSpec): string {
  return difference("io.k8s.api.core.v1.PersistentVolumeClaimSpec", before, now);
}

/** Of where the volumes are, and nothing else. */
export function volumeSourceDifference(before: PersistentVolumeSpec, now: PersistentVolumeSpec): string {
  return difference("io.k8s.api.core.v1.PersistentVolumeSpec", before, now);
}

/** The value to hand to `invalid(…)`. */
export function printedPodSpec(spec: PodSpec): unknown {
  return goValue(loadSchema(), podSpecType, spec);
}

/** As above; the metadata of a template stands among its fields. */
export function printedPodTemplate(template: PodTemplateSpec): unknown {
  return { ...template.metadata, Spec: printedPodSpec(template.spec) };
}

export function printedSecurityContext(context: SecurityContext): unknown {
  return goValue(loadSchema(), "io.k8s.api.core.v1.SecurityContext", context);
}

export function printedVolumeAffinity(affinity: VolumeNodeAffinity | undefined): unknown {
  return affinity === undefined ? undefined : goValue(loadSchema(), "io.k8s.api.core.v1.VolumeNodeAffinity", affinity);
}

export function printedScopeSelector(selector: ScopeSelector): unknown {
  return goValue(loadSchema(), "io.k8s.api.core.v1.ScopeSelector", selector);
}

export function printedToleration(toleration: Toleration): unknown {
  return goValue(loadSchema(), "io.k8s.api.core.v1.Toleration", toleration);
}
