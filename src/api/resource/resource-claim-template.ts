/** ResourceClaimTemplate: a ResourceClaim for each Pod that names it. */
import type { KindDeclaration } from "../declaration.ts";
import { resourceClaimTemplates } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { ResourceClaimTemplate } from "../types/resource-v1.ts";

export const resourceClaimTemplate: KindDeclaration<ResourceClaimTemplate> = {
  ref: resourceClaimTemplates,
  table: {
    columns: columns("Name", "Age"),
    cells: (object, context) => [object.metadata.name, age(object, context)],
  },
};
