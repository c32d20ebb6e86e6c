/** What the kinds that keep Pods alive (DaemonSet, Deployment, ReplicaSet, StatefulSet, ReplicationController) judge alike. */
import type { FieldError } from "../../base/field-error.ts";
import { validatePodTemplate } from "../core/pod-template.ts";
import type { PodTemplateSpec } from "../types/core-v1.ts";
import type { LabelSelector } from "../types/meta-v1.ts";
import { forbidden, invalid, notSupported, required } from "../validation/errors.ts";
import { checkLabelSelector, isEmptySelector, selectorMatches } from "../validation/label-selector.ts";
import type { FieldPath } from "../validation/path.ts";

/** What upstream writes about a value that may only be set once. */
export const immutable = "field is immutable";

/** `field is immutable` at `path` when `same` is false. */
export function checkUnchanged(same: boolean, value: unknown, path: FieldPath, errors: FieldError[]): void {
  if (!same) errors.push(invalid(path, value, immutable));
}

/** The selector is there (where it must be), well-formed and not empty. `kind` as upstream names it there; `malformed`: what it adds to the faults within. */
export function checkWorkloadSelector(
  selector: LabelSelector | null | undefined,
  options: { readonly kind: string; readonly required: boolean; readonly malformed?: string },
  path: FieldPath,
  errors: FieldError[],
): void {
  if (selector === undefined || selector === null) {
    if (options.required) errors.push(required(path));
    return;
  }
  const before = errors.length;
  checkLabelSelector(selector, path, errors);
  if (errors.length > before && options.malformed !== undefined) errors.push(invalid(path, selector, options.malformed));
  if (isEmptySelector(selector)) errors.push(invalid(path, {}, `empty selector is invalid for ${options.kind}`));
}

/** The template's labels are selected. A selector that is wrong in itself is not judged again. */
export function checkTemplateSelected(
  given: LabelSelector | null | undefined,
  template: PodTemplateSpec | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  // A pointer that the type requires decodes to null.
  const selector = given ?? undefined;
  const problems: FieldError[] = [];
  checkLabelSelector(selector, path, problems);
  if (problems.length > 0) return;
  const labels = template?.metadata?.labels ?? undefined;
  if (!selectorMatches(selector, labels)) {
    errors.push(invalid(path.child("template").child("metadata").child("labels"), labels, "`selector` does not match template `labels`"));
  }
}

/** The template is a good Pod that is kept running. `kind` as upstream names it there. */
export function checkLongRunningTemplate(
  template: PodTemplateSpec | undefined,
  options: { readonly kind: string },
  path: FieldPath,
  errors: FieldError[],
): void {
  for (const error of validatePodTemplate(template, path)) errors.push(error);
  const spec = template?.spec;
  const specPath = path.child("spec");
  if (spec?.restartPolicy !== undefined && spec.restartPolicy !== "Always") {
    errors.push(notSupported(specPath.child("restartPolicy"), spec.restartPolicy, ["Always"]));
  }
  if (spec?.activeDeadlineSeconds !== undefined) {
    errors.push(forbidden(specPath.child("activeDeadlineSeconds"), `activeDeadlineSeconds in ${options.kind} is not Supported`));
  }
}

/** A count or a percentage as a number: 25 for `25%` too. Percentages that cannot be read count as 0. */
export function intOrPercentNumber(value: number | string | undefined): number {
  if (typeof value === "number") return value;
  const percent = /^([0-9]+)%$/.exec(value ?? "");
  return percent ? Number(percent[1]) : 0;
}
