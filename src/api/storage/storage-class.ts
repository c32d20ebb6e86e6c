/** StorageClass: a kind of storage, and who provides it. */
import type { FieldError } from "../../base/field-error.ts";
import { checkUnchanged } from "../apps/workload.ts";
import { deprecatedNodeLabel } from "../core/node-label-warnings.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { storageClasses } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { StorageClass } from "../types/storage-v1.ts";
import { notSupported } from "../validation/errors.ts";
import { FieldPath } from "../validation/path.ts";
import { checkParameters, checkProvisioner, checkTopologies } from "./validation.ts";

export const storageClass: KindDeclaration<StorageClass> = {
  ref: storageClasses,
  defaults(draft) {
    draft.reclaimPolicy ??= "Delete";
    draft.volumeBindingMode ??= "Immediate";
  },
  warnings: ({ allowedTopologies = [] }) =>
    allowedTopologies.flatMap(({ matchLabelExpressions = [] }, i) =>
      matchLabelExpressions.flatMap(({ key }, j) => {
        const text = deprecatedNodeLabel(key);
        return text === undefined ? [] : [`allowedTopologies[${i}].matchLabelExpressions[${j}].key: ${text}`];
      }),
    ),
  validate(object) {
    const errors: FieldError[] = [];
    const { provisioner = "", volumeBindingMode } = object;
    checkProvisioner(provisioner, FieldPath.of("provisioner"), errors);
    checkParameters(object.parameters, FieldPath.of("parameters"), errors);
    const policies = ["Delete", "Retain"];
    const reclaimPolicy = object.reclaimPolicy ?? "";
    if (reclaimPolicy !== "" && !policies.includes(reclaimPolicy)) errors.push(notSupported("reclaimPolicy", reclaimPolicy, policies));
    const modes = ["Immediate", "WaitForFirstConsumer"];
    if (volumeBindingMode !== undefined && !modes.includes(volumeBindingMode)) errors.push(notSupported("volumeBindingMode", volumeBindingMode, modes));
    checkTopologies(object.allowedTopologies ?? [], FieldPath.of("allowedTopologies"), errors);
    return errors;
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = [];
    for (const field of ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"] as const) {
      checkUnchanged(sameData(object[field], old[field]), object[field], FieldPath.of(field), errors);
    }
    return errors;
  },
  table: {
    columns: columns("Name", "Provisioner", "ReclaimPolicy", "VolumeBindingMode", "AllowVolumeExpansion", "Age"),
    cells: (object, context) => [
      isDefault(object.metadata.annotations) ? `${object.metadata.name} (default)` : object.metadata.name,
      object.provisioner,
      object.reclaimPolicy ?? "Delete",
      object.volumeBindingMode ?? "Immediate",
      object.allowVolumeExpansion ?? false,
      age(object, context),
    ],
  },
};

function isDefault(annotations: { readonly [key: string]: string } | undefined): boolean {
  return ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"].some((key) => annotations?.[key] === "true");
}
