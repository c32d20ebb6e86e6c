import type { FieldError } from "../../base/field-error.ts";
import { equalJson } from "../schema/json-data.ts";
import type { Container, NodeAffinity, NodeSelectorTerm, Pod, PodSpec, Toleration } from "../types/core-v1.ts";
import { forbidden, invalid, required } from "../validation/errors.ts";
import { inRangeText } from "../validation/numbers.ts";
import { FieldPath } from "../validation/path.ts";
import { checkImageSpaces } from "./container-validation.ts";
import { podSpecDifference } from "./spec-difference.ts";
import { checkAnnotationUpdate } from "./pod-annotations.ts";
import { checkPod } from "./pod-validation.ts";

/**
 * What an update may change in a Pod: images, a deadline that only shortens, more tolerations, fewer scheduling gates, a grace
 * period that was negative; while it is gated, also where it may go, if that gets narrower.
 */
const int32Max = 2147483647;
const specPath = FieldPath.of("spec");

const updatableFields = [
  "`spec.containers[*].image`",
  "`spec.initContainers[*].image`",
  "`spec.activeDeadlineSeconds`",
  "`spec.tolerations` (only additions to existing tolerations)",
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
];

export function validatePodUpdate(object: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = [];
  checkPod(object, errors);
  checkAnnotationUpdate(object, old, errors);
  const spec = object.spec ?? { containers: [] };
  const before = old.spec ?? { containers: [] };
  for (const field of ["containers", "initContainers"] as const) {
    if (!checkContainerUpdates(spec[field] ?? [], before[field] ?? [], specPath.child(field), errors)) return errors;
  }
  if (!checkDeadlineUpdate(spec, before, errors)) return errors;
  checkTolerationUpdate(spec.tolerations ?? [], before.tolerations ?? [], errors);
  checkGateUpdate(spec, before, errors);
  if (equalJson(spec, before)) return errors;
  const compared = withAllowedChangesUndone(spec, before, errors);
  if (!equalJson(compared, before)) {
    const difference = podSpecDifference(before, compared);
    errors.push(forbidden(specPath, `pod updates may not change fields other than ${updatableFields.join(",")}\n${difference}`));
  }
  return errors;
}

/** False: there is no point in looking further. */
function checkContainerUpdates(now: readonly Container[], before: readonly Container[], path: FieldPath, errors: FieldError[]): boolean {
  if (now.length !== before.length) {
    errors.push(forbidden(path, "pod updates may not add or remove containers"));
    return false;
  }
  now.forEach((container, i) => {
    if ((container.image ?? "") === "") errors.push(required(path.index(i).child("image")));
    checkImageSpaces(container, path.index(i), errors);
  });
  return true;
}

function checkDeadlineUpdate(spec: PodSpec, before: PodSpec, errors: FieldError[]): boolean {
  const seconds = spec.activeDeadlineSeconds;
  const path = specPath.child("activeDeadlineSeconds");
  if (seconds === undefined) {
    if (before.activeDeadlineSeconds !== undefined) errors.push(invalid(path, undefined, "must not update from a positive integer to nil value"));
    return true;
  }
  if (seconds < 0 || seconds > int32Max) {
    errors.push(invalid(path, seconds, inRangeText(0, int32Max)));
    return false;
  }
  if (before.activeDeadlineSeconds !== undefined && before.activeDeadlineSeconds < seconds) {
    errors.push(invalid(path, seconds, "must be less than or equal to previous value"));
    return false;
  }
  return true;
}

function checkTolerationUpdate(now: readonly Toleration[], before: readonly Toleration[], errors: FieldError[]): void {
  const sameButSeconds = (a: Toleration, b: Toleration): boolean =>
    (a.key ?? "") === (b.key ?? "") && (a.operator ?? "") === (b.operator ?? "") && (a.value ?? "") === (b.value ?? "") && (a.effect ?? "") === (b.effect ?? "");
  if (!before.every((old) => now.some((toleration) => sameButSeconds(old, toleration)))) {
    errors.push(forbidden(specPath.child("tolerations"), "existing toleration can not be modified except its tolerationSeconds"));
  }
}

function checkGateUpdate(spec: PodSpec, before: PodSpec, errors: FieldError[]): void {
  const known = new Set((before.schedulingGates ?? []).map(({ name }) => name));
  spec.schedulingGates?.forEach(({ name }, i) => {
    if (known.has(name)) return;
    const path = specPath.child("schedulingGates").index(i).child("name");
    errors.push(forbidden(path, `only deletion is allowed, but found new scheduling gate '${name}'`));
  });
}

type Changeable = { -readonly [Key in keyof PodSpec]: PodSpec[Key] };

function restore<Key extends keyof PodSpec>(target: Changeable, source: PodSpec, key: Key): void {
  const value = source[key];
  if (value === undefined) delete target[key];
  else target[key] = value;
}

function withOldImages(now: readonly Container[] | undefined, before: readonly Container[] | undefined): readonly Container[] | undefined {
  return now?.map((container, i) => {
    const image = before?.[i]?.image;
    return image === undefined ? container : { ...container, image };
  });
}

/** The new spec with the old values where a change is allowed: what then differs is not. */
function withAllowedChangesUndone(spec: PodSpec, before: PodSpec, errors: FieldError[]): PodSpec {
  const compared: Changeable = { ...spec };
  compared.containers = withOldImages(spec.containers, before.containers) ?? [];
  const initContainers = withOldImages(spec.initContainers, before.initContainers);
  if (initContainers !== undefined) compared.initContainers = initContainers;
  restore(compared, before, "activeDeadlineSeconds");
  restore(compared, before, "schedulingGates");
  restore(compared, before, "tolerations");
  if ((before.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1) restore(compared, before, "terminationGracePeriodSeconds");
  if ((before.schedulingGates ?? []).length > 0) undoGatedChanges(compared, before, errors);
  return compared;
}

function undoGatedChanges(compared: Changeable, before: PodSpec, errors: FieldError[]): void {
  if (!equalJson(compared.nodeSelector, before.nodeSelector)) {
    for (const [key, value] of Object.entries(before.nodeSelector ?? {})) {
      if (compared.nodeSelector?.[key] === value) continue;
      errors.push(invalid(specPath.child("nodeSelector"), compared.nodeSelector, "only additions are allowed (no mutations or deletions)"));
      break;
    }
    restore(compared, before, "nodeSelector");
  }
  const now = compared.affinity?.nodeAffinity;
  const old = before.affinity?.nodeAffinity;
  if (equalJson(now, old)) return;
  checkNodeAffinityNarrows(now, old, errors);
  if (compared.affinity === undefined) {
    if (old !== undefined) compared.affinity = { nodeAffinity: old };
  } else if (before.affinity === undefined && compared.affinity.podAffinity === undefined && compared.affinity.podAntiAffinity === undefined) {
    delete compared.affinity;
  } else {
    const { nodeAffinity: _, ...rest } = compared.affinity;
    compared.affinity = old === undefined ? rest : { nodeAffinity: old, ...rest };
  }
}

function checkNodeAffinityNarrows(now: NodeAffinity | undefined, old: NodeAffinity | undefined, errors: FieldError[]): void {
  const path = specPath.child("affinity").child("nodeAffinity").child("requiredDuringSchedulingIgnoredDuringExecution");
  const before = old?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (before === undefined) return;
  const terms = now?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (terms.length !== before.length) {
    errors.push(invalid(path.child("nodeSelectorTerms"), terms, "no additions/deletions to non-empty NodeSelectorTerms list are allowed"));
    return;
  }
  terms.forEach((term, i) => {
    if (!narrows(term, before[i] ?? {})) errors.push(invalid(path.child("nodeSelectorTerms").index(i), term, "only additions are allowed (no mutations or deletions)"));
  });
}

/** What was required still is, in the same place; an empty term matches nothing and stays so. */
function narrows(now: NodeSelectorTerm, before: NodeSelectorTerm): boolean {
  const empty = (before.matchExpressions ?? []).length === 0 && (before.matchFields ?? []).length === 0;
  if (empty) return (now.matchExpressions ?? []).length === 0 && (now.matchFields ?? []).length === 0;
  const keeps = (list: readonly unknown[] = [], old: readonly unknown[] = []): boolean => old.every((item, i) => equalJson(item, list[i]));
  return keeps(now.matchExpressions, before.matchExpressions) && keeps(now.matchFields, before.matchFields);
}
