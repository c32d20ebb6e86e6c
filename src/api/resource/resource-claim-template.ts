/** ResourceClaimTemplate: a ResourceClaim for each Pod that names it. */
import { immutable } from "../apps/workload.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { resourceClaimTemplates } from "../kinds.ts";
import { loadSchema } from "../schema/schema.ts";
import { age, columns } from "../table.ts";
import type { ResourceClaimTemplate } from "../types/resource-v1.ts";
import { invalid } from "../validation/errors.ts";
import { goValue } from "../validation/go-value.ts";

export const resourceClaimTemplate: KindDeclaration<ResourceClaimTemplate> = {
  ref: resourceClaimTemplates,
  validateUpdate(object, old) {
    if (sameData(object.spec, old.spec)) return [];
    return [invalid("spec", goValue(loadSchema(), "io.k8s.api.resource.v1.ResourceClaimTemplateSpec", object.spec), immutable)];
  },
  table: {
    columns: columns("Name", "Age"),
    cells: (object, context) => [object.metadata.name, age(object, context)],
  },
};
