/** The counts that ReplicaSet and ReplicationController report. */
import type { FieldError } from "../../base/field-error.ts";
import { invalid } from "../validation/errors.ts";
import { checkNonNegative } from "../validation/numbers.ts";
import { FieldPath } from "../validation/path.ts";

export interface ReplicaCounts {
  readonly replicas: number;
  readonly fullyLabeledReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly terminatingReplicas?: number;
  readonly observedGeneration?: number;
}

export function checkReplicaStatus(status: ReplicaCounts): FieldError[] {
  const errors: FieldError[] = [];
  const path = FieldPath.of("status");
  for (const field of ["replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "terminatingReplicas", "observedGeneration"] as const) {
    checkNonNegative(status[field], path, field, errors);
  }
  for (const field of ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"] as const) {
    const value = status[field] ?? 0;
    if (value > status.replicas) errors.push(invalid(path.child(field), value, "cannot be greater than status.replicas"));
  }
  const { availableReplicas = 0, readyReplicas = 0 } = status;
  if (availableReplicas > readyReplicas) {
    errors.push(invalid(path.child("availableReplicas"), availableReplicas, "cannot be greater than readyReplicas"));
  }
  return errors;
}
