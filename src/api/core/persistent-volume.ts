/** PersistentVolume: a piece of storage. */
import type { Draft } from "../../base/json.ts";
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { persistentVolumes } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { PersistentVolume, PersistentVolumeSpec } from "../types/core-v1.ts";
import { invalid, notSupported, required } from "../validation/errors.ts";
import { FieldPath } from "../validation/path.ts";
import { checkPositiveAmount, checkSubdomain } from "../validation/quantities.ts";
import { checkNodeSelector } from "./affinity-validation.ts";
import { checkAccessModes } from "./claim-validation.ts";
import { accessModesText, storageClassAnnotation } from "./storage.ts";

export const persistentVolume: KindDeclaration<PersistentVolume> = {
  ref: persistentVolumes,
  hasGeneration: false,
  generationRises: () => false,
  defaults(draft) {
    draft.spec ??= {};
    draft.spec.persistentVolumeReclaimPolicy ||= "Retain";
    draft.spec.volumeMode ??= "Filesystem";
    if (draft.spec.hostPath !== undefined) draft.spec.hostPath.type ??= "";
    draft.status ??= {};
    draft.status.phase ||= "Pending";
  },
  prepareCreate(draft) {
    draft.status = { phase: "Pending" };
  },
  prepareUpdate(draft, old) {
    draft.status = old.status as Draft<PersistentVolume>["status"];
  },
  validate(object) {
    const errors: FieldError[] = [];
    checkVolume(object.spec, errors);
    return errors;
  },
  validateUpdate(object, old) {
    const { volumeMode } = object.spec;
    return volumeMode === old.spec.volumeMode ? [] : [invalid("volumeMode", volumeMode, "field is immutable")];
  },
  table: {
    columns: columns(
      "Name",
      "Capacity",
      "Access Modes",
      "Reclaim Policy",
      "Status",
      "Claim",
      "StorageClass",
      "VolumeAttributesClass",
      "Reason",
      "Age",
      "VolumeMode*",
    ),
    cells: (object, context) => {
      const claim = object.spec.claimRef;
      return [
        object.metadata.name,
        object.spec.capacity?.["storage"] ?? "0",
        accessModesText(object.spec.accessModes),
        object.spec.persistentVolumeReclaimPolicy ?? "",
        object.metadata.deletionTimestamp === undefined ? (object.status.phase ?? "") : "Terminating",
        claim === undefined ? "" : `${claim.namespace ?? ""}/${claim.name ?? ""}`,
        object.metadata.annotations?.[storageClassAnnotation] ?? object.spec.storageClassName ?? "",
        object.spec.volumeAttributesClassName ?? "<unset>",
        object.status.reason ?? "",
        age(object, context),
        object.spec.volumeMode ?? "<unset>",
      ];
    },
  },
};

/** What describes a volume; every other field of the spec says where it is. */
const descriptive = new Set([
  "capacity",
  "accessModes",
  "claimRef",
  "persistentVolumeReclaimPolicy",
  "storageClassName",
  "mountOptions",
  "volumeMode",
  "nodeAffinity",
  "volumeAttributesClassName",
]);

const hostPathTypes = ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];

function checkVolume(given: PersistentVolumeSpec, errors: FieldError[]): void {
  const spec = FieldPath.of("spec");
  checkAccessModes(given.accessModes, "", spec.child("accessModes"), errors);
  const names = Object.keys(given.capacity ?? {});
  if (names.length === 0) errors.push(required(spec.child("capacity")));
  if (names.length !== 1 || names[0] !== "storage") errors.push(notSupported(spec.child("capacity"), given.capacity, ["storage"]));
  for (const [name, amount] of Object.entries(given.capacity ?? {})) checkPositiveAmount(amount, spec.child("capacity").key(name), errors);
  const affinity = given.nodeAffinity;
  if (affinity !== undefined) {
    const path = spec.child("nodeAffinity").child("required");
    if ((affinity.required ?? undefined) === undefined) errors.push(required(path, "must specify required node constraints"));
    else checkNodeSelector(affinity.required as NonNullable<typeof affinity.required>, path, errors);
  }
  if (!Object.keys(given).some((field) => !descriptive.has(field))) errors.push(required(spec, "must specify a volume type"));
  if (given.hostPath !== undefined) {
    const { path, type } = given.hostPath;
    if ((path ?? "") === "") errors.push(required(spec.child("hostPath").child("path")));
    if (type !== undefined && !hostPathTypes.includes(type)) errors.push(notSupported(spec.child("hostPath").child("type"), type, hostPathTypes));
  }
  if ((given.storageClassName ?? "") !== "") checkSubdomain(given.storageClassName ?? "", spec.child("storageClassName"), errors);
  const mode: string | undefined = given.volumeMode;
  if (mode !== undefined && mode !== "Block" && mode !== "Filesystem") errors.push(notSupported(spec.child("volumeMode"), mode, ["Block", "Filesystem"]));
}
