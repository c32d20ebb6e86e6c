/** MutatingAdmissionPolicy: expressions that change what is written. */
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { mutatingAdmissionPolicies } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { MutatingAdmissionPolicy } from "../types/admissionregistration-v1.ts";
import { FieldPath } from "../validation/path.ts";
import { defaultMatchResources } from "./defaults.ts";
import { checkMutatingPolicy } from "./policy-validation.ts";

export const mutatingAdmissionPolicy: KindDeclaration<MutatingAdmissionPolicy> = {
  ref: mutatingAdmissionPolicies,
  defaults(draft) {
    draft.spec.failurePolicy ??= "Fail";
    if (draft.spec.matchConstraints !== undefined && draft.spec.matchConstraints !== null) defaultMatchResources(draft.spec.matchConstraints);
    draft.spec.reinvocationPolicy ??= "Never";
  },
  hasGeneration: true,
  generationRises: (object, old) => !sameData(object.spec, old.spec),
  validate(object) {
    const errors: FieldError[] = [];
    checkMutatingPolicy(object.spec, FieldPath.of("spec"), errors);
    return errors;
  },
  table: {
    columns: columns("Name", "Mutations:integer", "ParamKind", "Age"),
    cells: (object, context) => {
      const kind = object.spec.paramKind;
      const text = kind === undefined ? "<unset>" : `${kind.apiVersion}/${kind.kind}`;
      return [object.metadata.name, object.spec.mutations?.length ?? 0, text, age(object, context)];
    },
  },
};
