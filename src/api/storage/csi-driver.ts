/** CSIDriver: what a storage driver can and wants. */
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { csiDrivers } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { CSIDriver } from "../types/storage-v1.ts";

export const csiDriver: KindDeclaration<CSIDriver> = {
  ref: csiDrivers,
  hasGeneration: false,
  generationRises: (object, old) => !sameData(object.spec, old.spec),
  defaults(draft) {
    draft.spec.attachRequired ??= true;
    draft.spec.podInfoOnMount ??= false;
    draft.spec.storageCapacity ??= false;
    draft.spec.fsGroupPolicy ??= "ReadWriteOnceWithFSType";
    if ((draft.spec.volumeLifecycleModes ?? []).length === 0) draft.spec.volumeLifecycleModes = ["Persistent"];
    draft.spec.requiresRepublish ??= false;
    draft.spec.seLinuxMount ??= false;
  },
  table: {
    columns: columns(
      "Name",
      "AttachRequired:boolean",
      "PodInfoOnMount:boolean",
      "StorageCapacity:boolean",
      "TokenRequests",
      "RequiresRepublish:boolean",
      "Modes",
      "Age",
    ),
    cells: (object, context) => [
      object.metadata.name,
      object.spec.attachRequired ?? true,
      object.spec.podInfoOnMount ?? false,
      object.spec.storageCapacity ?? false,
      (object.spec.tokenRequests ?? []).map(({ audience }) => audience).join(",") || "<unset>",
      object.spec.requiresRepublish ?? false,
      (object.spec.volumeLifecycleModes ?? []).join(",") || "<none>",
      age(object, context),
    ],
  },
};
