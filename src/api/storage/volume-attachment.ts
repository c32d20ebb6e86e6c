/** VolumeAttachment: a volume that is, or shall be, attached to a node. */
import type { FieldError } from "../../base/field-error.ts";
import { immutable } from "../apps/workload.ts";
import { checkCsiDriverName } from "../core/storage-volume-validation.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { volumeAttachments } from "../kinds.ts";
import { loadSchema } from "../schema/schema.ts";
import { age, columns } from "../table.ts";
import type { VolumeAttachment } from "../types/storage-v1.ts";
import { forbidden, invalid, pushProblems, required } from "../validation/errors.ts";
import { goValue } from "../validation/go-value.ts";
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
    checkCsiDriverName(attacher, spec.child("attacher"), errors);
    const volume = source?.persistentVolumeName;
    const one = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
    if (volume === undefined && source?.inlineVolumeSpec === undefined) errors.push(required(spec.child("source"), one));
    else if (volume !== undefined && source?.inlineVolumeSpec !== undefined) errors.push(forbidden(spec.child("source"), one));
    else if (volume !== undefined) {
      const path = spec.child("source").child("persistentVolumeName");
      if (volume === "") errors.push(required(path, "must specify non empty persistentVolumeName"));
      pushProblems(errors, path, volume, dns1123SubdomainProblems(volume));
    }
    pushProblems(errors, spec.child("nodeName"), nodeName, dns1123SubdomainProblems(nodeName));
    return errors;
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = [];
    const printed = (): unknown => goValue(loadSchema(), "io.k8s.api.storage.v1.VolumeAttachmentSpec", object.spec);
    if (!sameData(object.spec, old.spec)) errors.push(invalid("spec", printed(), immutable));
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
