/** NetworkPolicy: which traffic Pods take and send. */
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { networkPolicies } from "../kinds.ts";
import { labelSelectorText } from "../label-text.ts";
import { age, columns } from "../table.ts";
import type { NetworkPolicy } from "../types/networking-v1.ts";
import { FieldPath } from "../validation/path.ts";
import { checkNetworkPolicySpec } from "./network-policy-validation.ts";

export const networkPolicy: KindDeclaration<NetworkPolicy> = {
  ref: networkPolicies,
  hasGeneration: true,
  generationRises: (object, old) => !sameData(object.spec, old.spec),
  defaults(draft) {
    const { ingress = [], egress = [] } = draft.spec;
    for (const rule of [...(ingress ?? []), ...(egress ?? [])]) for (const port of rule?.ports ?? []) if (port !== null) port.protocol ??= "TCP";
    if ((draft.spec.policyTypes ?? []).length === 0) {
      draft.spec.policyTypes = (egress ?? []).length > 0 ? ["Ingress", "Egress"] : ["Ingress"];
    }
  },
  validate(object) {
    const errors: FieldError[] = [];
    checkNetworkPolicySpec(object.spec, FieldPath.of("spec"), errors);
    return errors;
  },
  table: {
    columns: columns("Name", "Pod-Selector", "Age"),
    cells: (object, context) => [object.metadata.name, labelSelectorText(object.spec.podSelector), age(object, context)],
  },
};
