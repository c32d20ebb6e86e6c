/** NetworkPolicy: which traffic Pods take and send. */
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { networkPolicies } from "../kinds.ts";
import { labelSelectorText } from "../label-text.ts";
import { age, columns } from "../table.ts";
import type { IPBlock, NetworkPolicy } from "../types/networking-v1.ts";
import { cidrWarnings } from "../validation/ip-warnings.ts";
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
  warnings({ spec: { ingress = [], egress = [] } }) {
    const peers = [
      ...ingress.map((rule, i) => ({ peers: rule.from ?? [], path: FieldPath.of("spec").child("ingress").index(i).child("from") })),
      ...egress.map((rule, i) => ({ peers: rule.to ?? [], path: FieldPath.of("spec").child("egress").index(i).child("to") })),
    ];
    return peers.flatMap((each) => each.peers.flatMap(({ ipBlock }, i) => blockWarnings(ipBlock, each.path.index(i).child("ipBlock"))));
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

function blockWarnings(block: IPBlock | undefined, path: FieldPath): string[] {
  if (block === undefined) return [];
  return [...cidrWarnings(path.child("cidr"), block.cidr), ...(block.except ?? []).flatMap((cidr, i) => cidrWarnings(path.child("except").index(i), cidr))];
}
