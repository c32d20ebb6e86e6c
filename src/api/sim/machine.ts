/** Machine: one simulated machine, on or off, connected or cut off. What its kubelet could not register a Node with is refused here. */
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { checkTaints } from "../core/node.ts";
import { age, columns } from "../table.ts";
import { notSupported } from "../validation/errors.ts";
import { dnsSubdomainName, labelValueProblems } from "../validation/names.ts";
import { checkLabels } from "../validation/object-meta.ts";
import { FieldPath } from "../validation/path.ts";
import { checkResourceAmount } from "../validation/quantities.ts";
import { machines } from "./facts.ts";
import type { Machine } from "./types.ts";

const spec = FieldPath.of("spec");

export const machine: KindDeclaration<Machine> = {
  ref: machines,
  /** A Node's name, short enough for the label that says the name of its host. */
  nameErrors(name, prefix) {
    const wrong = dnsSubdomainName(name, prefix);
    return wrong.length > 0 ? wrong : [...labelValueProblems(name)];
  },
  defaults(draft) {
    draft.spec ??= {};
    draft.spec.power ||= "On";
    draft.spec.network ||= "Connected";
  },
  validate(object) {
    const errors: FieldError[] = [];
    const { power, network, labels, taints = [], capacity = {} } = object.spec;
    if (power !== "On" && power !== "Off") errors.push(notSupported(spec.child("power"), power, ["On", "Off"]));
    if (network !== "Connected" && network !== "Partitioned") errors.push(notSupported(spec.child("network"), network, ["Connected", "Partitioned"]));
    if (labels !== undefined) checkLabels(labels, spec.child("labels"), errors);
    checkTaints(taints, spec.child("taints"), errors);
    for (const [resource, amount] of Object.entries(capacity)) checkResourceAmount(resource, amount, spec.child("capacity").key(resource), errors);
    return errors;
  },
  table: {
    columns: columns("Name", "Power", "Network", "Address", "Node", "Age"),
    cells: (object, context) => [
      object.metadata.name,
      object.status?.power ?? object.spec.power ?? "",
      object.spec.network ?? "",
      object.status?.address ?? "<none>",
      object.status?.nodeName ?? "<none>",
      age(object, context),
    ],
  },
};
