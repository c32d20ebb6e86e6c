/** PersistentVolumeClaim: a request for storage. */
import type { Draft } from "../../base/json.ts";
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { persistentVolumeClaims } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from "../types/core-v1.ts";
import { FieldPath } from "../validation/path.ts";
import { checkClaimStatus, checkClaimUpdate } from "./claim-update.ts";
import { checkClaimSpec } from "./claim-validation.ts";
import { claimWarnings } from "./pod-warnings.ts";
import { accessModesText, storageClassAnnotation, storageClassWarnings } from "./storage.ts";

const spec = FieldPath.of("spec");

/** Also for the claim templates of StatefulSets. */
export function defaultClaim(draft: Draft<PersistentVolumeClaim>): void {
  draft.status ??= {};
  draft.status.phase ||= "Pending";
  draft.spec ??= {} as Draft<PersistentVolumeClaimSpec>;
  draft.spec.volumeMode ??= "Filesystem";
}

export const persistentVolumeClaim: KindDeclaration<PersistentVolumeClaim> = {
  ref: persistentVolumeClaims,
  hasGeneration: false,
  generationRises: () => false,
  defaults: defaultClaim,
  prepareCreate(draft) {
    draft.status = { phase: "Pending" };
    alignDataSources(draft, undefined);
  },
  prepareUpdate(draft, old) {
    draft.status = old.status as Draft<PersistentVolumeClaim>["status"];
    alignDataSources(draft, old.spec);
  },
  warnings: ({ metadata, spec: given }) => [...storageClassWarnings(metadata.annotations), ...claimWarnings(given, spec)],
  validate(object) {
    const errors: FieldError[] = [];
    checkClaimSpec(object.spec, spec, errors);
    return errors;
  },
  validateUpdate: checkClaimUpdate,
  status: { validate: (object) => checkClaimStatus(object) },
  selectableFields: {},
  table: {
    columns: columns("Name", "Status", "Volume", "Capacity", "Access Modes", "StorageClass", "VolumeAttributesClass", "Age", "VolumeMode*"),
    cells: (object, context) => {
      const volume = object.spec.volumeName ?? "";
      const bound = volume !== "";
      return [
        object.metadata.name,
        object.metadata.deletionTimestamp === undefined ? (object.status.phase ?? "") : "Terminating",
        volume,
        bound ? (object.status.capacity?.["storage"] ?? "0") : "",
        bound ? accessModesText(object.status.accessModes) : "",
        object.metadata.annotations?.[storageClassAnnotation] ?? object.spec.storageClassName ?? "",
        object.spec.volumeAttributesClassName ?? "<unset>",
        age(object, context),
        object.spec.volumeMode ?? "<unset>",
      ];
    },
  },
};

/** What a dataSource may name; a dataSourceRef names anything. */
const knownSources: readonly string[] = ["PersistentVolumeClaim", "snapshot.storage.k8s.io/VolumeSnapshot"];

/**
 * dataSource and dataSourceRef say the same where both can. A dataSource of an unknown kind is dropped, as long as the claim had none
 * before; so is a reference into another namespace, which needs a feature that is off.
 */
function alignDataSources(draft: Draft<PersistentVolumeClaim>, old: PersistentVolumeClaimSpec | undefined): void {
  const { spec } = draft;
  if ((spec.dataSourceRef?.namespace ?? "") !== "" && old?.dataSourceRef === undefined) delete spec.dataSourceRef;
  if (spec.dataSource !== undefined && old?.dataSource === undefined) {
    const { apiGroup, kind } = spec.dataSource;
    if (!knownSources.includes((apiGroup ?? "") === "" ? kind : `${apiGroup}/${kind}`)) delete spec.dataSource;
  }
  const { dataSource, dataSourceRef } = spec;
  if (dataSource !== undefined && dataSourceRef === undefined) spec.dataSourceRef = { ...dataSource };
  else if (dataSource === undefined && dataSourceRef !== undefined && (dataSourceRef.namespace ?? "") === "") {
    const { namespace: _, ...same } = dataSourceRef;
    spec.dataSource = same;
  }
}
