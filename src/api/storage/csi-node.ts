/** CSINode: the storage drivers of one node. */
import type { KindDeclaration } from "../declaration.ts";
import { csiNodes } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { CSINode } from "../types/storage-v1.ts";

export const csiNode: KindDeclaration<CSINode> = {
  ref: csiNodes,
  table: {
    columns: columns("Name", "Drivers:integer", "Age"),
    cells: (object, context) => [object.metadata.name, object.spec.drivers?.length ?? 0, age(object, context)],
  },
};
