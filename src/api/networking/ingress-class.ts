/** IngressClass: which controller serves an Ingress. */
import type { FieldError } from "../../base/field-error.ts";
import { checkUnchanged } from "../apps/workload.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { ingressClasses } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { IngressClass } from "../types/networking-v1.ts";
import { FieldPath } from "../validation/path.ts";

export const ingressClass: KindDeclaration<IngressClass> = {
  ref: ingressClasses,
  hasGeneration: true,
  generationRises: (object, old) => !sameData(object.spec, old.spec),
  defaults(draft) {
    const parameters = draft.spec?.parameters;
    if (parameters !== undefined && parameters !== null) parameters.scope ??= "Cluster";
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = [];
    const path = FieldPath.of("spec").child("controller");
    checkUnchanged(sameData(object.spec.controller, old.spec.controller), object.spec.controller ?? "", path, errors);
    return errors;
  },
  table: {
    columns: columns("Name", "Controller", "Parameters", "Age"),
    cells: (object, context) => {
      const parameters = object.spec.parameters;
      const group = (parameters?.apiGroup ?? "") === "" ? "" : `.${parameters?.apiGroup}`;
      const text = parameters === undefined ? "<none>" : `${parameters.kind}${group}/${parameters.name}`;
      return [object.metadata.name, object.spec.controller ?? "", text, age(object, context)];
    },
  },
};
