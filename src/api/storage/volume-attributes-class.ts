/** VolumeAttributesClass: attributes of a volume that may change while it lives. */
import type { FieldError } from "../../base/field-error.ts";
import { checkUnchanged } from "../apps/workload.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { volumeAttributesClasses } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { VolumeAttributesClass } from "../types/storage-v1.ts";
import { required } from "../validation/errors.ts";
import { FieldPath } from "../validation/path.ts";
import { checkParameters, checkProvisioner } from "./validation.ts";

export const volumeAttributesClass: KindDeclaration<VolumeAttributesClass> = {
  ref: volumeAttributesClasses,
  validate(object) {
    const errors: FieldError[] = [];
    checkProvisioner(object.driverName, FieldPath.of("driverName"), errors);
    if (Object.keys(object.parameters ?? {}).length === 0) errors.push(required("parameters", "must contain at least one key/value pair"));
    checkParameters(object.parameters, FieldPath.of("parameters"), errors);
    return errors;
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = [];
    for (const field of ["driverName", "parameters"] as const) checkUnchanged(sameData(object[field], old[field]), object[field], FieldPath.of(field), errors);
    return errors;
  },
  table: {
    columns: columns("Name", "DriverName", "Age"),
    cells: (object, context) => [object.metadata.name, object.driverName, age(object, context)],
  },
};
