/** RuntimeClass: which handler of the container runtime runs a Pod. */
import type { FieldError } from "../../base/field-error.ts";
import { checkUnchanged } from "../apps/workload.ts";
import type { KindDeclaration } from "../declaration.ts";
import { runtimeClasses } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { RuntimeClass } from "../types/node-v1.ts";
import { pushProblems, required } from "../validation/errors.ts";
import { dns1123LabelProblems } from "../validation/names.ts";
import { FieldPath } from "../validation/path.ts";

export const runtimeClass: KindDeclaration<RuntimeClass> = {
  ref: runtimeClasses,
  validate(object) {
    const errors: FieldError[] = [];
    const handler = object.handler ?? "";
    if (handler === "") errors.push(required("handler"));
    else pushProblems(errors, "handler", handler, dns1123LabelProblems(handler));
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
