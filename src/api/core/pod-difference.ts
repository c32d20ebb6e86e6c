import { loadSchema } from "../schema/schema.ts";
import type { PodSpec, PodTemplateSpec, SecurityContext } from "../types/core-v1.ts";
import { unifiedDifference } from "../validation/difference.ts";
import { goValue } from "../validation/go-value.ts";

/** Pod specs and templates as upstream's messages show them: whole, or how two of them differ. Only for refusals: it is slow. */
const podSpecType = "io.k8s.api.core.v1.PodSpec";

/** Lines that differ, with their surroundings. */
export function podSpecDifference(before: PodSpec, now: PodSpec): string {
  const schema = loadSchema();
  const lines = (spec: PodSpec): string[] => JSON.stringify(goValue(schema, podSpecType, spec), undefined, 1).split("\n");
  return unifiedDifference(lines(before), lines(now));
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
