/** ValidatingAdmissionPolicy: expressions that refuse what is written. */
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { validatingAdmissionPolicies } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { ValidatingAdmissionPolicy } from "../types/admissionregistration-v1.ts";
import { FieldPath } from "../validation/path.ts";
import { defaultMatchResources } from "./defaults.ts";
import { checkValidatingPolicy } from "./policy-validation.ts";

export const validatingAdmissionPolicy: KindDeclaration<ValidatingAdmissionPolicy> = {
  ref: validatingAdmissionPolicies,
  defaults(draft) {
    draft.spec.failurePolicy ??= "Fail";
    if (draft.spec.matchConstraints !== undefined && draft.spec.matchConstraints !== null) defaultMatchResources(draft.spec.matchConstraints);
  },
  hasGeneration: true,
  generationRises: (object, old) => !sameData(object.spec, old.spec),
  validate(object) {
    const errors: FieldError[] = [];
    checkValidatingPolicy(object.metadata.name ?? "", object.spec, FieldPath.of("spec"), errors);
    return errors;
  },
  table: {
    columns: columns("Name", "Validations:integer", "ParamKind", "Age"),
    cells: (object, context) => {
      const kind = object.spec.paramKind;
      const text = kind === undefined ? "<unset>" : `${kind.apiVersion}/${kind.kind}`;
      return [object.metadata.name, object.spec.validations?.length ?? 0, text, age(object, context)];
    },
  },
};
