import type { FieldError } from "../../base/field-error.ts";
import { requirementHolds } from "../label-selector.ts";
import type { Operator } from "../label-selector.ts";
import type { LabelSelector, LabelSelectorRequirement } from "../types/meta-v1.ts";
import { forbidden, invalid, pushProblems, required } from "./errors.ts";
import { labelValueProblems } from "./names.ts";
import { checkLabelKey, checkLabels } from "./object-meta.ts";
import type { FieldPath } from "./path.ts";

/** Validation of label selectors, and whether one selects labels. A selector that is not there selects nothing; an empty one, everything. */
export function checkLabelSelector(selector: LabelSelector | undefined, path: FieldPath, errors: FieldError[]): void {
  if (selector === undefined) return;
  if (selector.matchLabels !== undefined) checkLabels(selector.matchLabels, path.child("matchLabels"), errors);
  selector.matchExpressions?.forEach((requirement, i) => checkRequirement(requirement, path.child("matchExpressions").index(i), errors));
}

function checkRequirement(requirement: LabelSelectorRequirement, path: FieldPath, errors: FieldError[]): void {
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case "In":
    case "NotIn":
      if (values.length === 0) errors.push(required(path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'"));
      break;
    case "Exists":
    case "DoesNotExist":
      if (values.length > 0) errors.push(forbidden(path.child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
      break;
    default:
      errors.push(invalid(path.child("operator"), requirement.operator ?? "", "not a valid selector operator"));
  }
  checkLabelKey(requirement.key ?? "", path.child("key"), errors);
  values.forEach((value, i) => pushProblems(errors, path.child("values").index(i), value, labelValueProblems(value)));
}

export function isEmptySelector(selector: LabelSelector | undefined): boolean {
  if (selector === undefined) return false;
  return Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0;
}

export function selectorMatches(selector: LabelSelector | undefined, labels: { readonly [key: string]: string } | undefined): boolean {
  if (selector === undefined) return false;
  const wanted = selector.matchLabels;
  for (const key in wanted) if (labels?.[key] !== wanted[key]) return false;
  for (const requirement of selector.matchExpressions ?? []) {
    if (!requirementHolds({ key: requirement.key, operator: requirement.operator as Operator, values: requirement.values ?? [] }, labels)) return false;
  }
  return true;
}
