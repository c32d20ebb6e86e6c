/** IngressClass: which controller serves an Ingress. */
import type { FieldError } from "../../base/field-error.ts";
import { checkUnchanged } from "../apps/workload.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { ingressClasses } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { IngressClass } from "../types/networking-v1.ts";
import { forbidden, notSupported, pushProblems, required } from "../validation/errors.ts";
import { domainPrefixedPathProblems } from "../validation/names.ts";
import { FieldPath } from "../validation/path.ts";

export const ingressClass: KindDeclaration<IngressClass> = {
  ref: ingressClasses,
  hasGeneration: true,
  generationRises: (object, old) => !sameData(object.spec, old.spec),
  defaults(draft) {
    const parameters = draft.spec?.parameters;
    if (parameters !== undefined && parameters !== null) parameters.scope ??= "Cluster";
  },
  validate(object) {
    const errors: FieldError[] = [];
    const spec = FieldPath.of("spec");
    const { controller = "", parameters } = object.spec;
    if (controller === "") errors.push(required(spec.child("controller")));
    else pushProblems(errors, spec.child("controller"), controller, domainPrefixedPathProblems(controller));
    if (parameters === undefined) return errors;
    const path = spec.child("parameters");
    if ((parameters.kind ?? "") === "") errors.push(required(path.child("kind")));
    if ((parameters.name ?? "") === "") errors.push(required(path.child("name")));
    const scopes = ["Cluster", "Namespace"];
    const { scope, namespace } = parameters;
    if (scope === undefined) errors.push(required(path.child("scope")));
    else if (!scopes.includes(scope)) errors.push(notSupported(path.child("scope"), scope, scopes));
    if (scope === "Namespace" && (namespace ?? "") === "") {
      errors.push(required(path.child("namespace"), "`parameters.scope` is set to 'Namespace'"));
    }
    if (scope === "Cluster" && namespace !== undefined) {
      errors.push(forbidden(path.child("namespace"), "`parameters.scope` is set to 'Cluster'"));
    }
    return errors;
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
