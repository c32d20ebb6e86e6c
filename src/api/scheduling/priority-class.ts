/** PriorityClass: a name for how important a Pod is. */
import type { FieldError } from "../../base/field-error.ts";
import { checkUnchanged } from "../apps/workload.ts";
import type { KindDeclaration } from "../declaration.ts";
import { priorityClasses } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { PriorityClass } from "../types/scheduling-v1.ts";
import { forbidden, notSupported } from "../validation/errors.ts";
import { FieldPath } from "../validation/path.ts";

/** Above it only the system's own classes stand. */
const userPriorityMax = 1_000_000_000;
const systemPrefix = "system-";
const systemClasses: { readonly [name: string]: number } = { "system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000 };

export const priorityClass: KindDeclaration<PriorityClass> = {
  ref: priorityClasses,
  hasGeneration: true,
  generationRises: () => false,
  defaults(draft) {
    draft.preemptionPolicy ??= "PreemptLowerPriority";
    if (draft.globalDefault === false) delete draft.globalDefault;
  },
  validate(object) {
    const errors: FieldError[] = [];
    const { name = "" } = object.metadata;
    if (name.startsWith(systemPrefix)) {
      if (systemClasses[name] !== object.value) {
        const why = "priority class names with 'system-' prefix are reserved for system use only. error: " + (systemClasses[name] === undefined ? `${name} is not a known system priority class` : `value of ${name} PriorityClass must be ${systemClasses[name]}`);
        errors.push(forbidden("metadata.name", why));
      }
    } else if ((object.value ?? 0) > userPriorityMax) {
      errors.push(forbidden("value", `maximum allowed value of a user defined priority is ${userPriorityMax}`));
    }
    const policies = ["PreemptLowerPriority", "Never"];
    if (object.preemptionPolicy !== undefined && !policies.includes(object.preemptionPolicy)) {
      errors.push(notSupported("preemptionPolicy", object.preemptionPolicy, policies));
    }
    return errors;
  },
  validateOnUpdate: false,
  validateUpdate(object, old) {
    const errors: FieldError[] = [];
    if (object.value !== old.value) errors.push(forbidden("value", "may not be changed in an update."));
    checkUnchanged(object.preemptionPolicy === old.preemptionPolicy, object.preemptionPolicy, FieldPath.of("preemptionPolicy"), errors);
    return errors;
  },
  table: {
    columns: columns("Name", "Value:integer", "Global-Default:boolean", "Age", "PreemptionPolicy"),
    cells: (object, context) => [object.metadata.name, object.value ?? 0, object.globalDefault ?? false, age(object, context), object.preemptionPolicy ?? ""],
  },
};
