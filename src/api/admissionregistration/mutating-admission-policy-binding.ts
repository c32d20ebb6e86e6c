/** MutatingAdmissionPolicyBinding: where a policy applies, with which parameters. */
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { mutatingAdmissionPolicyBindings } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { MutatingAdmissionPolicyBinding } from "../types/admissionregistration-v1.ts";
import { FieldPath } from "../validation/path.ts";
import { defaultMatchResources, paramText } from "./defaults.ts";
import { checkBinding } from "./policy-validation.ts";

export const mutatingAdmissionPolicyBinding: KindDeclaration<MutatingAdmissionPolicyBinding> = {
  ref: mutatingAdmissionPolicyBindings,
  hasGeneration: true,
  generationRises: (object, old) => !sameData(object.spec, old.spec),
  defaults(draft) {
    if (draft.spec.matchResources !== undefined && draft.spec.matchResources !== null) defaultMatchResources(draft.spec.matchResources);
  },
  validate(object) {
    const errors: FieldError[] = [];
    checkBinding(object.spec, FieldPath.of("spec"), errors);
    return errors;
  },
  table: {
    columns: columns("Name", "PolicyName", "ParamRef", "Age"),
    cells: (object, context) => [object.metadata.name, object.spec.policyName ?? "", paramText(object.spec.paramRef), age(object, context)],
  },
};
