import type { FieldError } from "../../base/field-error.ts";
import { immutable } from "../apps/workload.ts";
import { sameData } from "../equality.ts";
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec, PersistentVolumeClaimStatus } from "../types/core-v1.ts";
import { forbidden, invalid, notSupported, pushProblems, required } from "../validation/errors.ts";
import { qualifiedNameProblems } from "../validation/names.ts";
import { FieldPath } from "../validation/path.ts";
import { checkNonNegativeAmount, checkResourceAmount, compareAmounts } from "../validation/quantities.ts";
import { claimSpecDifference } from "./spec-difference.ts";
import { storageClassAnnotation } from "./storage.ts";

/** What an update may change of a claim: nothing but what its binding, its growth and its class bring. */
const spec = FieldPath.of("spec");
const immutableButRequests = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";

/** The claim with what the update may change put back: a spec that equals the old one when all is allowed. */
function withoutAllowed(now: PersistentVolumeClaim, old: PersistentVolumeClaim): PersistentVolumeClaimSpec {
  const { resources, volumeAttributesClassName, ...rest } = now.spec;
  const bound = now.status.phase === "Bound";
  const requests = resources?.requests;
  const given = bound && requests !== undefined ? { ...requests, storage: old.spec.resources?.requests?.["storage"] ?? "0" } : requests;
  const attributes = bound && volumeAttributesClassName !== undefined ? old.spec.volumeAttributesClassName : volumeAttributesClassName;
  return {
    ...rest,
    resources: given === undefined ? resources : { ...resources, requests: given },
    ...(attributes === undefined ? {} : { volumeAttributesClassName: attributes }),
  };
}

/** The name of a storage class, from before there was a field for it or from this. */
function checkClassChange(now: PersistentVolumeClaim, old: PersistentVolumeClaim, errors: FieldError[]): "moved" | "filled in" | undefined {
  const before = old.metadata.annotations?.[storageClassAnnotation];
  const after = now.metadata.annotations?.[storageClassAnnotation];
  const [oldName, newName] = [old.spec.storageClassName, now.spec.storageClassName];
  if (before !== undefined && (after === undefined || after === before) && oldName === undefined && newName === before) return "moved";
  if ((before ?? "") !== (after ?? "")) {
    errors.push(invalid(FieldPath.of("metadata").child("annotations").child(storageClassAnnotation), after ?? "", immutable));
  }
  return oldName === undefined && newName !== undefined && (before === undefined || before === newName) ? "filled in" : undefined;
}

export function checkClaimUpdate(now: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const errors: FieldError[] = [];
  let allowed = withoutAllowed(now, old);
  if (checkClassChange(now, old, errors) !== undefined) {
    const { storageClassName: _, ...without } = allowed;
    allowed = without;
  }
  // The binder fills the name in once.
  const before = (old.spec.volumeName ?? "") === "" && now.spec.volumeName !== undefined ? { ...old.spec, volumeName: now.spec.volumeName } : old.spec;
  if (!sameData(allowed, before)) errors.push(forbidden(spec, `${immutableButRequests}\n${claimSpecDifference(before, allowed)}`));
  const size = (claim: PersistentVolumeClaim): string => claim.spec.resources?.requests?.["storage"] ?? "0";
  if (compareAmounts(size(now), size(old)) < 0 && compareAmounts(size(now), old.status.capacity?.["storage"] ?? "0") <= 0) {
    errors.push(forbidden(spec.child("resources").child("requests").child("storage"), "field can not be less than status.capacity"));
  }
  if (now.spec.volumeMode !== old.spec.volumeMode) errors.push(invalid("volumeMode", now.spec.volumeMode, immutable));
  return errors;
}

const resizeStatuses = ["ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible", "NodeResizePending"];

export function checkClaimStatus({ spec: claim, status }: { readonly spec: PersistentVolumeClaimSpec; readonly status: PersistentVolumeClaimStatus }): FieldError[] {
  const errors: FieldError[] = [];
  const path = FieldPath.of("status");
  if ((claim.accessModes ?? []).length === 0) errors.push(required(spec.child("accessModes")));
  for (const [name, amount] of Object.entries(status.capacity ?? {})) {
    if (amount.startsWith("-")) errors.push(invalid(path.child("capacity").key(name), amount, "must be a valid resource quantity"));
  }
  for (const [name, state] of Object.entries(status.allocatedResourceStatuses ?? {})) {
    const place = path.child("allocatedResourceStatuses");
    pushProblems(errors, place, name, qualifiedNameProblems(name));
    // Upstream shows the resource where it means the state.
    if (!resizeStatuses.includes(state)) errors.push(notSupported(place, name, resizeStatuses));
  }
  for (const [name, amount] of Object.entries(status.allocatedResources ?? {})) {
    const place = path.child("allocatedResources");
    const problems = qualifiedNameProblems(name);
    pushProblems(errors, place, name, problems);
    if (problems.length > 0) continue;
    checkNonNegativeAmount(amount, place.key(name), errors);
    checkResourceAmount("storage", amount, place.key(name), errors);
  }
  return errors;
}
