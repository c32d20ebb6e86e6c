/** VolumeAttachment: a volume that is, or shall be, attached to a node. */
import type { KindDeclaration } from "../declaration.ts";
import { volumeAttachments } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { VolumeAttachment } from "../types/storage-v1.ts";

export const volumeAttachment: KindDeclaration<VolumeAttachment> = {
  ref: volumeAttachments,
  hasGeneration: false,
  prepareCreate(draft) {
    draft.status = { attached: false };
  },
  table: {
    columns: columns("Name", "Attacher", "PV", "Node", "Attached:boolean", "Age").map((column) =>
      column.name === "Attacher" ? { ...column, format: "name" } : column,
    ),
    cells: (object, context) => [
      object.metadata.name,
      object.spec.attacher,
      object.spec.source.persistentVolumeName ?? "",
      object.spec.nodeName,
      object.status.attached,
      age(object, context),
    ],
  },
};
