/** VolumeAttributesClass: attributes of a volume that may change while it lives. */
import type { KindDeclaration } from "../declaration.ts";
import { volumeAttributesClasses } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { VolumeAttributesClass } from "../types/storage-v1.ts";

export const volumeAttributesClass: KindDeclaration<VolumeAttributesClass> = {
  ref: volumeAttributesClasses,
  table: {
    columns: columns("Name", "DriverName", "Age"),
    cells: (object, context) => [object.metadata.name, object.driverName, age(object, context)],
  },
};
