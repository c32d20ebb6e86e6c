import type { FieldError } from "../../base/field-error.ts";
import { metaFields } from "../meta-fields.ts";
import type { PersistentVolumeClaimSpec, PersistentVolumeClaimTemplate, TypedObjectReference } from "../types/core-v1.ts";
import type { ObjectMeta } from "../types/meta-v1.ts";
import { forbidden, invalid, notSupported, pushProblems, required } from "../validation/errors.ts";
import { checkLabelSelector } from "../validation/label-selector.ts";
import { dns1123LabelProblems, dns1123SubdomainProblems } from "../validation/names.ts";
import { checkAnnotations, checkLabels } from "../validation/object-meta.ts";
import type { FieldPath } from "../validation/path.ts";
import { checkPositiveAmount, checkResourceAmount, checkSubdomain } from "../validation/quantities.ts";

/** Validation of what is asked of a persistent volume: by a claim, or by a template for one. */
const accessModes: readonly string[] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

export function checkClaimTemplate(template: PersistentVolumeClaimTemplate, path: FieldPath, errors: FieldError[]): void {
  if (template.metadata !== undefined) checkTemplateMeta(template.metadata, path.child("metadata"), errors);
  checkClaimSpec(template.spec ?? { resources: {} }, path.child("spec"), errors);
}

/** Labels and annotations alone may be given in advance. */
function checkTemplateMeta(meta: ObjectMeta, path: FieldPath, errors: FieldError[]): void {
  checkAnnotations(meta.annotations, path.child("annotations"), errors);
  checkLabels(meta.labels, path.child("labels"), errors);
  for (const field of metaFields) {
    if (field === "labels" || field === "annotations") continue;
    const value = meta[field] ?? "";
    if (value !== "" && value !== 0) errors.push(forbidden(path.child(field), "cannot be set"));
  }
}

export function checkClaimSpec(spec: PersistentVolumeClaimSpec, path: FieldPath, errors: FieldError[]): void {
  checkAccessModes(spec.accessModes, "at least 1 access mode is required", path.child("accessModes"), errors);
  checkLabelSelector(spec.selector, path.child("selector"), errors);
  const storage = spec.resources?.requests?.["storage"];
  const storagePath = path.child("resources").key("storage");
  if (storage === undefined) errors.push(required(storagePath));
  else {
    const before = errors.length;
    checkPositiveAmount(storage, storagePath, errors);
    if (errors.length === before) checkResourceAmount("storage", storage, storagePath, errors);
  }
  if ((spec.storageClassName ?? "") !== "") checkSubdomain(spec.storageClassName ?? "", path.child("storageClassName"), errors);
  const mode: string | undefined = spec.volumeMode;
  if (mode !== undefined && mode !== "Block" && mode !== "Filesystem") errors.push(notSupported(path.child("volumeMode"), mode, ["Block", "Filesystem"]));
  if (spec.dataSource !== undefined) checkDataSource(spec.dataSource, path.child("dataSource"), errors);
  if (spec.dataSourceRef !== undefined) checkDataSource(spec.dataSourceRef, path.child("dataSourceRef"), errors);
  checkSourcesAgree(spec, path, errors);
  if ((spec.volumeAttributesClassName ?? "") !== "") checkSubdomain(spec.volumeAttributesClassName ?? "", path.child("volumeAttributesClassName"), errors);
}

/** Shared with PersistentVolumes, which word the missing list differently. */
export function checkAccessModes(modes: readonly string[] | undefined, missing: string, path: FieldPath, errors: FieldError[]): void {
  if (modes === undefined || modes.length === 0) errors.push(required(path, missing));
  for (const mode of modes ?? []) if (!accessModes.includes(mode)) errors.push(notSupported(path, mode, accessModes));
  const known = (modes ?? []).filter((mode) => accessModes.includes(mode));
  if (known.includes("ReadWriteOncePod") && known.some((mode) => mode !== "ReadWriteOncePod")) {
    errors.push(forbidden(path, "may not use ReadWriteOncePod with other access modes"));
  }
}

function checkDataSource(source: TypedObjectReference, path: FieldPath, errors: FieldError[]): void {
  if ((source.name ?? "") === "") errors.push(required(path.child("name")));
  if ((source.kind ?? "") === "") errors.push(required(path.child("kind")));
  const group = source.apiGroup ?? "";
  if (group === "" && source.kind !== "PersistentVolumeClaim") {
    errors.push(invalid(path, source.kind ?? "", "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  }
  if (group !== "") pushProblems(errors, path.child("apiGroup"), group, dns1123SubdomainProblems(group));
  if ((source.namespace ?? "") !== "") pushProblems(errors, path.child("namespace"), source.namespace, dns1123LabelProblems(source.namespace ?? ""));
}

function checkSourcesAgree(spec: PersistentVolumeClaimSpec, path: FieldPath, errors: FieldError[]): void {
  const { dataSource, dataSourceRef } = spec;
  if (dataSource === undefined || dataSourceRef === undefined) return;
  // Upstream prints its path object here, which has no exported fields.
  if ((dataSourceRef.namespace ?? "") !== "") {
    errors.push(invalid(path, {}, "may not be specified when dataSourceRef.namespace is specified"));
  } else if (dataSource.apiGroup !== dataSourceRef.apiGroup || dataSource.kind !== dataSourceRef.kind || dataSource.name !== dataSourceRef.name) {
    errors.push(invalid(path, {}, "must match dataSourceRef"));
  }
}
