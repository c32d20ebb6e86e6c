/** What ReplicaSet and ReplicationController, its forerunner, have in common: the counts that they report, and their columns. */
import type { FieldError } from "../../base/field-error.ts";
import type { TableDeclaration } from "../declaration.ts";
import type { KubeObject } from "../kind-ref.ts";
import { age, columns, containerCells } from "../table.ts";
import type { PodTemplateSpec } from "../types/core-v1.ts";
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

interface Replicated extends KubeObject {
  readonly spec: { readonly replicas?: number; readonly template?: PodTemplateSpec };
  readonly status: ReplicaCounts;
}

/** Their columns; `selector` gives the last one. */
export function replicaTable<T extends Replicated>(selector: (object: T) => string): TableDeclaration<T> {
  return {
    columns: columns("Name", "Desired:integer", "Current:integer", "Ready:integer", "Age", "Containers*", "Images*", "Selector*"),
    cells: (object, context) => [
      object.metadata.name,
      object.spec.replicas ?? 0,
      object.status.replicas,
      object.status.readyReplicas ?? 0,
      age(object, context),
      ...containerCells(object.spec.template?.spec),
      selector(object),
    ],
  };
}
