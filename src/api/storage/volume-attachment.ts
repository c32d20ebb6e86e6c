/** VolumeAttachment: a volume that is, or shall be, attached to a node. */
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { volumeAttachments } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { VolumeAttachment } from "../types/storage-v1.ts";
import { pushProblems, required } from "../validation/errors.ts";
import { dns1123SubdomainProblems } from "../validation/names.ts";
import { FieldPath } from "../validation/path.ts";

export const volumeAttachment: KindDeclaration<VolumeAttachment> = {
  ref: volumeAttachments,
  hasGeneration: false,
  prepareCreate(draft) {
    draft.status = { attached: false };
  },
  validate(object) {
    const errors: FieldError[] = [];
    const spec = FieldPath.of("spec");
    const { attacher = "", nodeName = "", source } = object.spec;
    if (attacher === "") errors.push(required(spec.child("attacher")));
    const volume = source?.persistentVolumeName;
    if (volume === undefined && source?.inlineVolumeSpec === undefined) {
      errors.push(required(spec.child("source"), "must specify exactly one of inlineVolumeSpec and persistentVolumeName"));
    } else if (volume !== undefined) {
      const path = spec.child("source").child("persistentVolumeName");
      if (volume === "") errors.push(required(path, "must specify non empty persistentVolumeName"));
      pushProblems(errors, path, volume, dns1123SubdomainProblems(volume));
    }
    pushProblems(errors, spec.child("nodeName"), nodeName, dns1123SubdomainProblems(nodeName));
    return errors;
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
