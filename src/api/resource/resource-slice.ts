/** ResourceSlice: devices of one driver, on one node or reachable from several. */
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { resourceSlices } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { ResourceSlice } from "../types/resource-v1.ts";

export const resourceSlice: KindDeclaration<ResourceSlice> = {
  ref: resourceSlices,
  hasGeneration: true,
  generationRises: (object, old) => !sameData(object.spec, old.spec),
  selectableFields: {
    "spec.nodeName": (object) => object.spec.nodeName ?? "",
    "spec.driver": (object) => object.spec.driver,
  },
  table: {
    columns: columns("Name", "Node", "Driver", "Pool", "Age"),
    cells: (object, context) => [object.metadata.name, object.spec.nodeName ?? "<unset>", object.spec.driver, object.spec.pool.name, age(object, context)],
  },
};
