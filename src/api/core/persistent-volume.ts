/** PersistentVolume: a piece of storage. */
import type { Draft } from "../../base/json.ts";
import { formatTime } from "../../base/time.ts";
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { persistentVolumes } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { PersistentVolume } from "../types/core-v1.ts";
import { FieldPath } from "../validation/path.ts";
import { checkVolumeSpec, checkVolumeUpdate } from "./persistent-volume-validation.ts";
import { nodeTermWarnings } from "./node-label-warnings.ts";
import { accessModesText, storageClassAnnotation, storageClassWarnings } from "./storage.ts";

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
    // The moment of its creation stands already.
    const { creationTimestamp } = draft.metadata;
    draft.status = { phase: "Pending", ...(creationTimestamp === undefined ? {} : { lastPhaseTransitionTime: creationTimestamp }) };
  },
  prepareUpdate(draft, old) {
    draft.status = old.status as Draft<PersistentVolume>["status"];
  },
  warnings({ metadata, spec }) {
    const recycled = spec.persistentVolumeReclaimPolicy === "Recycle";
    const terms = FieldPath.of("spec").child("nodeAffinity").child("required").child("nodeSelectorTerms");
    return [
      ...storageClassWarnings(metadata.annotations),
      ...(recycled ? ["spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning."] : []),
      ...(spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).flatMap((term, i) => nodeTermWarnings(term, terms.index(i))),
    ];
  },
  validate(object) {
    const errors: FieldError[] = [];
    checkVolumeSpec(object.spec, FieldPath.of("spec"), errors);
    return errors;
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = [];
    // Upstream judges the whole once more before it looks for changes.
    checkVolumeSpec(object.spec, FieldPath.of("spec"), errors);
    return [...errors, ...checkVolumeUpdate(object.spec, old.spec)];
  },
  status: {
    /** Who changes the phase and leaves its time alone gets the time of the change. */
    prepare(draft, old, now) {
      const { status } = draft;
      if (status !== undefined && status.phase !== old.status?.phase && status.lastPhaseTransitionTime === old.status?.lastPhaseTransitionTime) status.lastPhaseTransitionTime = formatTime(now);
    },
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
