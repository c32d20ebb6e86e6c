/** ResourceClaim: a wish for devices. */
import type { KindDeclaration } from "../declaration.ts";
import { resourceClaims } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { ResourceClaim } from "../types/resource-v1.ts";

export const resourceClaim: KindDeclaration<ResourceClaim> = {
  ref: resourceClaims,
  hasGeneration: false,
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
