/** Machine: one simulated machine, on or off, connected or cut off. */
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { age, columns } from "../table.ts";
import { notSupported } from "../validation/errors.ts";
import { checkLabels } from "../validation/object-meta.ts";
import { FieldPath } from "../validation/path.ts";
import { machines } from "./facts.ts";
import type { Machine } from "./types.ts";

const spec = FieldPath.of("spec");

export const machine: KindDeclaration<Machine> = {
  ref: machines,
  defaults(draft) {
    draft.spec ??= {};
    draft.spec.power ||= "On";
    draft.spec.network ||= "Connected";
  },
  validate(object) {
    const errors: FieldError[] = [];
    const { power, network, labels } = object.spec;
    if (power !== "On" && power !== "Off") errors.push(notSupported(spec.child("power"), power, ["On", "Off"]));
    if (network !== "Connected" && network !== "Partitioned") errors.push(notSupported(spec.child("network"), network, ["Connected", "Partitioned"]));
    if (labels !== undefined) checkLabels(labels, spec.child("labels"), errors);
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
