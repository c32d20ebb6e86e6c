/** ResourceClaim: a wish for devices. */
import { immutable } from "../apps/workload.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { resourceClaims } from "../kinds.ts";
import { loadSchema } from "../schema/schema.ts";
import { age, columns } from "../table.ts";
import type { ResourceClaim } from "../types/resource-v1.ts";
import { invalid } from "../validation/errors.ts";
import { goValue } from "../validation/go-value.ts";

export const resourceClaim: KindDeclaration<ResourceClaim> = {
  ref: resourceClaims,
  hasGeneration: false,
  validateUpdate(object, old) {
    if (sameData(object.spec, old.spec)) return [];
    return [invalid("spec", goValue(loadSchema(), "io.k8s.api.resource.v1.ResourceClaimSpec", object.spec), immutable)];
  },
  table: {
    columns: columns("Name", "State", "Age"),
    cells: (object, context) => [object.metadata.name, stateText(object), age(object, context)],
  },
};

function stateText(object: ResourceClaim): string {
  const states: string[] = [];
  if (object.metadata.deletionTimestamp !== undefined) states.push("deleted");
  if (object.status?.allocation === undefined) {
    if (states.length === 0) states.push("pending");
  } else {
    states.push("allocated");
    if ((object.status.reservedFor ?? []).length > 0) states.push("reserved");
  }
  return states.join(",");
}
