/** RuntimeClass: which handler of the container runtime runs a Pod. */
import type { FieldError } from "../../base/field-error.ts";
import { checkUnchanged } from "../apps/workload.ts";
import { deprecatedNodeLabel } from "../core/node-label-warnings.ts";
import { checkContainerResources } from "../core/resource-requirements-validation.ts";
import { printedToleration } from "../core/spec-difference.ts";
import { checkTolerations } from "../core/tolerations-validation.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { runtimeClasses } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { RuntimeClass, Scheduling } from "../types/node-v1.ts";
import { duplicate, pushProblems, required } from "../validation/errors.ts";
import { dns1123LabelProblems } from "../validation/names.ts";
import { checkLabels } from "../validation/object-meta.ts";
import { FieldPath } from "../validation/path.ts";

export const runtimeClass: KindDeclaration<RuntimeClass> = {
  ref: runtimeClasses,
  warnings: ({ scheduling }) =>
    Object.keys(scheduling?.nodeSelector ?? {}).flatMap((label) => {
      const text = deprecatedNodeLabel(label);
      return text === undefined ? [] : [`scheduling.nodeSelector: ${text}`];
    }),
  validate(object) {
    const errors: FieldError[] = [];
    const handler = object.handler ?? "";
    if (handler === "") errors.push(required("handler"));
    else pushProblems(errors, "handler", handler, dns1123LabelProblems(handler));
    const amounts = object.overhead?.podFixed;
    // As if the overhead were the limits of a container.
    checkContainerResources(amounts === undefined ? undefined : { limits: amounts }, new Set(), FieldPath.of("overhead"), errors);
    if (object.scheduling !== undefined) checkScheduling(object.scheduling, FieldPath.of("scheduling"), errors);
    return errors;
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = [];
    checkUnchanged(object.handler === old.handler, object.handler, FieldPath.of("handler"), errors);
    return errors;
  },
  table: {
    columns: columns("Name", "Handler", "Age"),
    cells: (object, context) => [object.metadata.name, object.handler, age(object, context)],
  },
};

function checkScheduling({ nodeSelector, tolerations = [] }: Scheduling, path: FieldPath, errors: FieldError[]): void {
  checkLabels(nodeSelector, path.child("nodeSelector"), errors);
  checkTolerations(tolerations, path.child("tolerations"), errors);
  tolerations.forEach((toleration, i) => {
    if (tolerations.slice(0, i).some((other) => sameData(other, toleration))) {
      errors.push(duplicate(path.child("tolerations").index(i), printedToleration(toleration)));
    }
  });
}
