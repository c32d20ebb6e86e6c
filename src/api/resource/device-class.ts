/** DeviceClass: a kind of device that Pods can claim. */
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { deviceClasses } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { DeviceClass } from "../types/resource-v1.ts";

export const deviceClass: KindDeclaration<DeviceClass> = {
  ref: deviceClasses,
  hasGeneration: true,
  generationRises: (object, old) => !sameData(object.spec, old.spec),
  table: {
    columns: columns("Name", "Age"),
    cells: (object, context) => [object.metadata.name, age(object, context)],
  },
};
