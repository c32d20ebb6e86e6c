/** ControllerRevision: a snapshot of what a DaemonSet or StatefulSet was told to run. */
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { controllerRevisions } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { ControllerRevision } from "../types/apps-v1.ts";
import { required } from "../validation/errors.ts";
import { checkNonNegative } from "../validation/numbers.ts";
import { FieldPath, objectPath } from "../validation/path.ts";
import { checkUnchanged } from "./workload.ts";

const data = FieldPath.of("data");

export const controllerRevision: KindDeclaration<ControllerRevision> = {
  ref: controllerRevisions,
  validate(object) {
    const errors: FieldError[] = [];
    if (object.data === undefined || object.data === null) errors.push(required(data, "data is mandatory"));
    else if (typeof object.data !== "object" || Array.isArray(object.data)) errors.push(required(data, "data must be a valid JSON object"));
    checkNonNegative(object.revision, objectPath, "revision", errors);
    return errors;
  },
  validateOnUpdate: false,
  validateUpdate(object, old) {
    const errors: FieldError[] = [];
    checkNonNegative(object.revision, objectPath, "revision", errors);
    checkUnchanged(sameData(object.data, old.data), object.data, data, errors);
    return errors;
  },
  table: {
    columns: columns("Name", "Controller", "Revision", "Age"),
    cells: (object, context) => {
      const controller = object.metadata.ownerReferences?.find((reference) => reference.controller === true);
      return [object.metadata.name, controller === undefined ? "<none>" : ownerText(controller), object.revision, age(object, context)];
    },
  },
};

/** `daemonset.apps/fluentd` */
function ownerText(owner: { readonly apiVersion: string; readonly kind: string; readonly name: string }): string {
  const slash = owner.apiVersion.indexOf("/");
  const group = slash < 0 ? "" : `.${owner.apiVersion.slice(0, slash)}`;
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`;
}
