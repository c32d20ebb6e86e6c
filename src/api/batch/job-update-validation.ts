/** What of a Job's spec may change: how many Pods run at once, deadlines, suspension; while suspended also where they run. */
import type { FieldError } from "../../base/field-error.ts";
import { checkUnchanged, immutable } from "../apps/workload.ts";
import { printedPodSpec, printedPodTemplate } from "../core/spec-difference.ts";
import { sameData } from "../equality.ts";
import type { Job } from "../types/batch-v1.ts";
import type { PodTemplateSpec } from "../types/core-v1.ts";
import { invalid } from "../validation/errors.ts";
import { FieldPath } from "../validation/path.ts";

const spec = FieldPath.of("spec");

export function checkJobUpdate(object: Job, old: Job, errors: FieldError[]): void {
  checkCompletions(object, old, errors);
  checkUnchanged(sameData(object.spec.selector, old.spec.selector), object.spec.selector, spec.child("selector"), errors);
  checkTemplateUpdate(object, old, errors);
  for (const field of ["completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"] as const) {
    const given = object.spec[field];
    checkUnchanged(sameData(given, old.spec[field]) && (given === undefined) === (old.spec[field] === undefined), shown(field, given), spec.child(field), errors);
  }
}

/** Policies print with Go's names; of the one without rules that is all there is. */
function shown(field: string, value: unknown): unknown {
  const rules = (value as { readonly rules?: readonly unknown[] } | undefined)?.rules;
  return (field === "podFailurePolicy" || field === "successPolicy") && value !== undefined ? { Rules: rules ?? [] } : value;
}

function checkCompletions(object: Job, old: Job, errors: FieldError[]): void {
  const path = spec.child("completions");
  const { completions, parallelism, completionMode } = object.spec;
  if (completions === old.spec.completions) return;
  if (completionMode !== "Indexed") {
    checkUnchanged(false, completions, path, errors);
  } else if (completions !== parallelism) {
    errors.push(invalid(path, completions, "can only be modified in tandem with spec.parallelism"));
  }
}

/** Before its first Pod a suspended Job may still be told where and with what its Pods run. */
function checkTemplateUpdate(object: Job, old: Job, errors: FieldError[]): void {
  const { template, suspend } = object.spec;
  const path = spec.child("template");
  if (suspend === true && old.spec.suspend === true && old.status.startTime === undefined) {
    if (sameData(withSchedulingOf(template, old.spec.template), old.spec.template)) return;
    errors.push(invalid(path.child("spec"), printedPodSpec(template.spec), immutable));
  } else if (!sameData(template, old.spec.template)) {
    errors.push(invalid(path, printedPodTemplate(template), immutable));
  }
}

function withSchedulingOf(template: PodTemplateSpec, old: PodTemplateSpec): PodTemplateSpec {
  const { metadata: oldMeta, spec: oldSpec } = old;
  if (template.spec === undefined || oldSpec === undefined) return template;
  const nodeAffinity = oldSpec.affinity?.nodeAffinity;
  const affinity = template.spec.affinity === undefined && nodeAffinity === undefined ? undefined : { ...template.spec.affinity, nodeAffinity };
  const resourcesOf = (name: string): unknown => [...oldSpec.containers, ...(oldSpec.initContainers ?? [])].find((container) => container.name === name)?.resources;
  const withResources = <C extends { readonly name: string }>(container: C): C => ({ ...container, resources: resourcesOf(container.name) });
  return {
    ...template,
    metadata: { ...template.metadata, labels: oldMeta?.labels, annotations: oldMeta?.annotations },
    spec: {
      ...template.spec,
      affinity,
      nodeSelector: oldSpec.nodeSelector,
      tolerations: oldSpec.tolerations,
      schedulingGates: oldSpec.schedulingGates,
      // A body may leave out what the type demands.
      containers: (template.spec.containers ?? []).map(withResources),
      initContainers: template.spec.initContainers?.map(withResources),
    },
  } as PodTemplateSpec;
}
