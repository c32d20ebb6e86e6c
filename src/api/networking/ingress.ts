/** Ingress: HTTP from outside to Services. */
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { ingresses } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { Ingress } from "../types/networking-v1.ts";
import { invalid } from "../validation/errors.ts";
import { FieldPath } from "../validation/path.ts";
import { checkIngressSpec } from "./ingress-validation.ts";

/** Where the class stood before it had a field. */
const classAnnotation = "kubernetes.io/ingress.class";

export const ingress: KindDeclaration<Ingress> = {
  ref: ingresses,
  prepareCreate(draft) {
    draft.status = { loadBalancer: {} };
  },
  warnings: ({ metadata, spec }, old) =>
    old === undefined && spec.ingressClassName === undefined && Object.hasOwn(metadata.annotations ?? {}, classAnnotation)
      ? [`annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`]
      : [],
  validate(object) {
    const errors = validateSpec(object);
    const [older, newer] = [object.metadata.annotations?.[classAnnotation], object.spec.ingressClassName];
    if (older !== undefined && newer !== undefined && older !== newer) {
      errors.push(invalid(FieldPath.of("annotations").child(classAnnotation), older, "must match `ingressClassName` when both are specified"));
    }
    return errors;
  },
  validateOnUpdate: false,
  validateUpdate: validateSpec,
  table: {
    columns: columns("Name", "Class", "Hosts", "Address", "Ports", "Age"),
    cells: (object, context) => [
      object.metadata.name,
      object.spec.ingressClassName ?? object.metadata.annotations?.[classAnnotation] ?? "<none>",
      hostsText(object),
      (object.status.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || "").join(","),
      (object.spec.tls ?? []).length > 0 ? "80, 443" : "80",
      age(object, context),
    ],
  },
};

function validateSpec(object: Ingress): FieldError[] {
  const errors: FieldError[] = [];
  checkIngressSpec(object.spec, FieldPath.of("spec"), errors);
  return errors;
}

/** Hosts that are shown before `+ N more...`. */
const shown = 3;

function hostsText(object: Ingress): string {
  const rules = object.spec.rules ?? [];
  const hosts = rules.map(({ host }) => host ?? "").filter((host) => host !== "");
  if (hosts.length === 0) return "*";
  const text = hosts.slice(0, shown).join(",");
  return hosts.length > shown ? `${text} + ${rules.length - shown} more...` : text;
}
