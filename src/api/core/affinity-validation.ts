import type { FieldError } from "../../base/field-error.ts";
import type {
  Affinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinityTerm,
  TopologySpreadConstraint,
  WeightedPodAffinityTerm,
} from "../types/core-v1.ts";
import type { LabelSelector } from "../types/meta-v1.ts";
import { duplicate, forbidden, invalid, notSupported, pushProblems, required } from "../validation/errors.ts";
import { checkLabelSelector } from "../validation/label-selector.ts";
import { dns1123LabelProblems, dns1123SubdomainProblems, labelValueProblems } from "../validation/names.ts";
import { checkLabelKey } from "../validation/object-meta.ts";
import type { FieldPath } from "../validation/path.ts";

/** Validation of where a Pod may or should run: affinity to nodes and Pods, spreading. */
export function checkAffinity(affinity: Affinity | undefined, path: FieldPath, errors: FieldError[]): void {
  if (affinity === undefined) return;
  if (affinity.nodeAffinity !== undefined) {
    const nodePath = path.child("nodeAffinity");
    const { requiredDuringSchedulingIgnoredDuringExecution: hard, preferredDuringSchedulingIgnoredDuringExecution: soft } = affinity.nodeAffinity;
    if (hard !== undefined) checkNodeSelector(hard, nodePath.child("requiredDuringSchedulingIgnoredDuringExecution"), errors);
    soft?.forEach((term, i) => {
      const termPath = nodePath.child("preferredDuringSchedulingIgnoredDuringExecution").index(i);
      checkWeight(term.weight, termPath, errors);
      // Values are not judged here: a preference that no node meets does no harm.
      if (term.preference !== undefined) checkNodeSelectorTerm(term.preference, { values: false }, termPath.child("preference"), errors);
    });
  }
  checkPodAffinity(affinity.podAffinity, path.child("podAffinity"), errors);
  checkPodAffinity(affinity.podAntiAffinity, path.child("podAntiAffinity"), errors);
}

export function checkNodeSelector(selector: NodeSelector, path: FieldPath, errors: FieldError[]): void {
  const terms = selector.nodeSelectorTerms ?? [];
  const termsPath = path.child("nodeSelectorTerms");
  if (terms.length === 0) errors.push(required(termsPath, "must have at least one node selector term"));
  terms.forEach((term, i) => checkNodeSelectorTerm(term, { values: true }, termsPath.index(i), errors));
}

function checkNodeSelectorTerm(term: NodeSelectorTerm, judge: { values: boolean }, path: FieldPath, errors: FieldError[]): void {
  term.matchExpressions?.forEach((requirement, i) => checkNodeRequirement(requirement, judge, path.child("matchExpressions").index(i), errors));
  term.matchFields?.forEach((requirement, i) => checkNodeFieldRequirement(requirement, path.child("matchFields").index(i), errors));
}

function checkNodeRequirement(requirement: NodeSelectorRequirement, judge: { values: boolean }, path: FieldPath, errors: FieldError[]): void {
  const values = requirement.values ?? [];
  switch (requirement.operator as string | undefined) {
    case "In":
    case "NotIn":
      if (values.length === 0) errors.push(required(path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'"));
      break;
    case "Exists":
    case "DoesNotExist":
      if (values.length > 0) errors.push(forbidden(path.child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
      break;
    case "Gt":
    case "Lt":
      if (values.length !== 1) errors.push(required(path.child("values"), "must be specified single value when `operator` is 'Lt' or 'Gt'"));
      break;
    default:
      errors.push(invalid(path.child("operator"), requirement.operator ?? "", "not a valid selector operator"));
  }
  checkLabelKey(requirement.key ?? "", path.child("key"), errors);
  if (judge.values) values.forEach((value, i) => pushProblems(errors, path.child("values").index(i), value, labelValueProblems(value)));
}

function checkNodeFieldRequirement(requirement: NodeSelectorRequirement, path: FieldPath, errors: FieldError[]): void {
  const values = requirement.values ?? [];
  const operator: string = requirement.operator ?? "";
  if (operator !== "In" && operator !== "NotIn") errors.push(invalid(path.child("operator"), operator, "not a valid selector operator"));
  else if (values.length !== 1) {
    errors.push(required(path.child("values"), "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"));
  }
  if (requirement.key !== "metadata.name") errors.push(invalid(path.child("key"), requirement.key ?? "", "not a valid field selector key"));
  else values.forEach((value, i) => pushProblems(errors, path.child("values").index(i), value, dns1123SubdomainProblems(value)));
}

function checkWeight(weight: number | undefined, path: FieldPath, errors: FieldError[]): void {
  const value = weight ?? 0;
  if (value <= 0 || value > 100) errors.push(invalid(path.child("weight"), value, "must be in the range 1-100"));
}

interface PodTerms {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly PodAffinityTerm[];
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly WeightedPodAffinityTerm[];
}

function checkPodAffinity(terms: PodTerms | undefined, path: FieldPath, errors: FieldError[]): void {
  if (terms === undefined) return;
  terms.requiredDuringSchedulingIgnoredDuringExecution?.forEach((term, i) =>
    checkPodTerm(term, path.child("requiredDuringSchedulingIgnoredDuringExecution").index(i), errors),
  );
  terms.preferredDuringSchedulingIgnoredDuringExecution?.forEach((weighted, i) => {
    const termPath = path.child("preferredDuringSchedulingIgnoredDuringExecution").index(i);
    checkWeight(weighted.weight, termPath, errors);
    checkPodTerm(weighted.podAffinityTerm ?? { topologyKey: "" }, termPath.child("podAffinityTerm"), errors);
  });
}

function checkPodTerm(term: PodAffinityTerm, path: FieldPath, errors: FieldError[]): void {
  checkLabelSelector(term.labelSelector, path.child("labelSelector"), errors);
  checkLabelSelector(term.namespaceSelector, path.child("namespaceSelector"), errors);
  for (const name of term.namespaces ?? []) pushProblems(errors, path.child("namespace"), name, dns1123LabelProblems(name));
  checkLabelKeys(term.matchLabelKeys, term.labelSelector, path.child("matchLabelKeys"), errors);
  checkLabelKeys(term.mismatchLabelKeys, term.labelSelector, path.child("mismatchLabelKeys"), errors);
  checkKeysApart(term, path, errors);
  const key = term.topologyKey ?? "";
  if (key === "") errors.push(required(path.child("topologyKey"), "can not be empty"));
  checkLabelKey(key, path.child("topologyKey"), errors);
}

function checkLabelKeys(keys: readonly string[] | undefined, selector: LabelSelector | undefined, path: FieldPath, errors: FieldError[]): void {
  if (keys === undefined || keys.length === 0) return;
  if (selector === undefined) errors.push(forbidden(path, "must not be specified when labelSelector is not set"));
  else keys.forEach((key, i) => checkLabelKey(key, path.index(i), errors));
}

/** A key may not stand twice among the selector, the keys to match and the keys to differ in. */
function checkKeysApart(term: PodAffinityTerm, path: FieldPath, errors: FieldError[]): void {
  const matching = term.matchLabelKeys ?? [];
  if (matching.length === 0) return;
  // Upstream counts from the term itself.
  checkNamedOnce(matching, term.labelSelector, path, errors);
  matching.forEach((key, i) => {
    if (term.mismatchLabelKeys?.includes(key) === true) {
      errors.push(invalid(path.child("matchLabelKeys").index(i), key, "exists in both matchLabelKeys and mismatchLabelKeys"));
    }
  });
}

/** Creation has added one requirement per key to the selector: a second one is the author's own. */
function checkNamedOnce(keys: readonly string[], selector: LabelSelector | undefined, path: FieldPath, errors: FieldError[]): void {
  if (selector === undefined) return;
  const seen = new Set(Object.keys(selector.matchLabels ?? {}));
  for (const { key } of selector.matchExpressions ?? []) {
    const i = keys.lastIndexOf(key);
    if (i >= 0 && seen.has(key)) errors.push(invalid(path.index(i), key, "exists in both matchLabelKeys and labelSelector"));
    seen.add(key);
  }
}

export function checkTopologySpread(constraints: readonly TopologySpreadConstraint[] | undefined, path: FieldPath, errors: FieldError[]): void {
  constraints?.forEach((constraint, i) => {
    const itemPath = path.index(i);
    const action: string = constraint.whenUnsatisfiable ?? "";
    const skew = constraint.maxSkew ?? 0;
    if (skew <= 0) errors.push(invalid(itemPath.child("maxSkew"), skew, "must be greater than zero"));
    if ((constraint.topologyKey ?? "") === "") errors.push(required(itemPath.child("topologyKey"), "can not be empty"));
    if (action !== "DoNotSchedule" && action !== "ScheduleAnyway") {
      errors.push(notSupported(itemPath.child("whenUnsatisfiable"), action, ["DoNotSchedule", "ScheduleAnyway"]));
    }
    if (constraints.slice(i + 1).some((other) => other.topologyKey === constraint.topologyKey && other.whenUnsatisfiable === constraint.whenUnsatisfiable)) {
      errors.push(duplicate(itemPath.child("{topologyKey, whenUnsatisfiable}"), `{${constraint.topologyKey ?? ""}, ${action}}`));
    }
    if (constraint.minDomains !== undefined) {
      const domainsPath = itemPath.child("minDomains");
      if (constraint.minDomains <= 0) errors.push(invalid(domainsPath, constraint.minDomains, "must be greater than zero"));
      if (action !== "DoNotSchedule") {
        errors.push(invalid(domainsPath, constraint.minDomains, `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`));
      }
    }
    checkInclusionPolicy(constraint.nodeAffinityPolicy, itemPath.child("nodeAffinityPolicy"), errors);
    checkInclusionPolicy(constraint.nodeTaintsPolicy, itemPath.child("nodeTaintsPolicy"), errors);
    checkSpreadKeys(constraint, itemPath.child("matchLabelKeys"), errors);
    checkLabelSelector(constraint.labelSelector, itemPath.child("labelSelector"), errors);
  });
}

function checkInclusionPolicy(policy: string | undefined, path: FieldPath, errors: FieldError[]): void {
  if (policy !== undefined && policy !== "Honor" && policy !== "Ignore") errors.push(notSupported(path, policy, ["Honor", "Ignore"]));
}

function checkSpreadKeys(constraint: TopologySpreadConstraint, path: FieldPath, errors: FieldError[]): void {
  const keys = constraint.matchLabelKeys ?? [];
  if (keys.length === 0) return;
  if (constraint.labelSelector === undefined) errors.push(forbidden(path, "must not be specified when labelSelector is not set"));
  keys.forEach((key, i) => checkLabelKey(key, path.index(i), errors));
  checkNamedOnce(keys, constraint.labelSelector, path, errors);
}
