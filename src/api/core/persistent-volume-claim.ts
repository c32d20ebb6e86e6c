/** PersistentVolumeClaim: a request for storage. */
import type { Draft } from "../../base/json.ts";
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { persistentVolumeClaims } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from "../types/core-v1.ts";
import { forbidden, invalid } from "../validation/errors.ts";
import { FieldPath } from "../validation/path.ts";
import { checkClaimSpec } from "./claim-validation.ts";
import { accessModesText, storageClassAnnotation } from "./storage.ts";

const spec = FieldPath.of("spec");
const immutableButRequests = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";

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
    alignDataSources(draft);
  },
  prepareUpdate(draft, old) {
    draft.status = old.status as Draft<PersistentVolumeClaim>["status"];
    alignDataSources(draft);
  },
  validate(object) {
    const errors: FieldError[] = [];
    checkClaimSpec(object.spec, spec, errors);
    return errors;
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = [];
    const bound = old.status.phase === "Bound";
    const rest = (given: PersistentVolumeClaimSpec): object => ({
      ...given,
      resources: bound ? undefined : given.resources,
      volumeAttributesClassName: bound ? undefined : given.volumeAttributesClassName,
      // The binder fills the name in once.
      volumeName: (old.spec.volumeName ?? "") === "" ? undefined : given.volumeName,
    });
    if (!sameData(rest(object.spec), rest(old.spec))) errors.push(forbidden(spec, immutableButRequests));
    if (object.spec.volumeMode !== old.spec.volumeMode) errors.push(invalid("volumeMode", object.spec.volumeMode, "field is immutable"));
    return errors;
  },
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

/** dataSource and dataSourceRef say the same where both can. */
function alignDataSources(draft: Draft<PersistentVolumeClaim>): void {
  const { dataSource, dataSourceRef } = draft.spec;
  if (dataSource !== undefined && dataSourceRef === undefined) draft.spec.dataSourceRef = { ...dataSource };
  else if (dataSource === undefined && dataSourceRef !== undefined && (dataSourceRef.namespace ?? "") === "") {
    const { namespace: _, ...same } = dataSourceRef;
    draft.spec.dataSource = same;
  }
}
