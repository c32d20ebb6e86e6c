/** IngressClass: which controller serves an Ingress. */
import type { FieldError } from "../../base/field-error.ts";
import { checkUnchanged } from "../apps/workload.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { ingressClasses } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { IngressClass } from "../types/networking-v1.ts";
import { byteLength } from "../validation/byte-length.ts";
import { forbidden, notSupported, pushProblems, required, tooLong } from "../validation/errors.ts";
import { dns1123LabelProblems, dns1123SubdomainProblems, domainPrefixedPathProblems, pathSegmentNameProblems } from "../validation/names.ts";
import { FieldPath } from "../validation/path.ts";

const controllerBytesMax = 250;

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
    if (byteLength(controller) > controllerBytesMax) errors.push(tooLong(spec.child("controller"), controllerBytesMax));
    if (controller === "") errors.push(required(spec.child("controller")));
    else pushProblems(errors, spec.child("controller"), controller, domainPrefixedPathProblems(controller));
    if (parameters === undefined) return errors;
    const path = spec.child("parameters");
    const group = parameters.apiGroup ?? undefined;
    if (group !== undefined) pushProblems(errors, path.child("apiGroup"), group, dns1123SubdomainProblems(group));
    for (const field of ["kind", "name"] as const) {
      const value = parameters[field] ?? "";
      if (value === "") errors.push(required(path.child(field)));
      else pushProblems(errors, path.child(field), value, pathSegmentNameProblems(value, false));
    }
    const scopes = ["Cluster", "Namespace"];
    const { scope, namespace } = parameters;
    if (scope === undefined) errors.push(required(path.child("scope")));
    else if (!scopes.includes(scope)) errors.push(notSupported(path.child("scope"), scope, scopes));
    if (scope === "Namespace" && namespace === undefined) {
      errors.push(required(path.child("namespace"), "`parameters.scope` is set to 'Namespace'"));
    } else if (scope === "Namespace") pushProblems(errors, path.child("namespace"), namespace, dns1123LabelProblems(namespace ?? ""));
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
