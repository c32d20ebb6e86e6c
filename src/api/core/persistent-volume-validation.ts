import type { FieldError } from "../../base/field-error.ts";
import { immutable } from "../apps/workload.ts";
import { sameData } from "../equality.ts";
import type { CSIPersistentVolumeSource, PersistentVolumeSpec, SecretReference, Volume, VolumeNodeAffinity } from "../types/core-v1.ts";
import { forbidden, invalid, notSupported, pushProblems, required } from "../validation/errors.ts";
import { checkNoBacksteps } from "../validation/file-paths.ts";
import { dns1123LabelProblems, dns1123SubdomainProblems } from "../validation/names.ts";
import type { FieldPath } from "../validation/path.ts";
import { checkPositiveAmount, checkSubdomain } from "../validation/quantities.ts";
import { descriptiveVolumeFields } from "../validation/volume-fields.ts";
import { checkNodeSelector } from "./affinity-validation.ts";
import { checkAccessModes } from "./claim-validation.ts";
import { printedVolumeAffinity, volumeSourceDifference } from "./spec-difference.ts";
import { checkCsiDriverName, storageVolumeChecks } from "./storage-volume-validation.ts";
import { checkHostPath } from "./volume-validation.ts";

/** Validation of persistent volumes: where they are (one source, which never changes) and who may use them. */
const descriptive: ReadonlySet<string> = new Set(descriptiveVolumeFields);

const reclaimPolicies = ["Delete", "Recycle", "Retain"];
const volumeModes = ["Block", "Filesystem"];

export function checkVolumeSpec(given: PersistentVolumeSpec, spec: FieldPath, errors: FieldError[]): void {
  checkAccessModes(given.accessModes, "", spec.child("accessModes"), errors);
  checkCapacity(given.capacity, spec.child("capacity"), errors);
  const policy = given.persistentVolumeReclaimPolicy ?? "";
  const policyPath = spec.child("persistentVolumeReclaimPolicy");
  if (policy !== "" && !reclaimPolicies.includes(policy)) errors.push(notSupported(policyPath, policy, reclaimPolicies));
  checkVolumeAffinity(given.nodeAffinity, spec.child("nodeAffinity"), errors);
  checkSource(given, spec, errors);
  if (given.hostPath !== undefined && policy === "Recycle" && /^\/+(\.?\/*)*$/.test(given.hostPath.path ?? "")) {
    errors.push(forbidden(policyPath, "may not be 'recycle' for a hostPath mount of '/'"));
  }
  if ((given.storageClassName ?? "") !== "") checkSubdomain(given.storageClassName ?? "", spec.child("storageClassName"), errors);
  const mode = given.volumeMode;
  if (mode !== undefined && !volumeModes.includes(mode)) errors.push(notSupported(spec.child("volumeMode"), mode, volumeModes));
  checkAttributesClass(given, spec, errors);
}

function checkCapacity(capacity: PersistentVolumeSpec["capacity"], path: FieldPath, errors: FieldError[]): void {
  const names = Object.keys(capacity ?? {});
  if (names.length === 0) errors.push(required(path));
  if (names.length !== 1 || names[0] !== "storage") errors.push(notSupported(path, capacity, ["storage"]));
  for (const [name, amount] of Object.entries(capacity ?? {})) checkPositiveAmount(amount, path.key(name), errors);
}

function checkVolumeAffinity(affinity: VolumeNodeAffinity | undefined, path: FieldPath, errors: FieldError[]): void {
  if (affinity === undefined) return;
  const wanted = affinity.required ?? undefined;
  if (wanted === undefined) errors.push(required(path.child("required"), "must specify required node constraints"));
  else checkNodeSelector(wanted, path.child("required"), errors);
}

function checkAttributesClass(given: PersistentVolumeSpec, spec: FieldPath, errors: FieldError[]): void {
  const name = given.volumeAttributesClassName;
  if (name === undefined) return;
  const path = spec.child("volumeAttributesClassName");
  if (name === "") errors.push(required(path, "an empty string is disallowed"));
  else checkSubdomain(name, path, errors);
  if (given.csi === undefined) errors.push(required(spec.child("csi"), "has to be specified when using volumeAttributesClassName"));
}

type SourceCheck = (given: PersistentVolumeSpec, path: FieldPath, errors: FieldError[]) => void;

/** Sources that Pods do not have, or not in this form. The others are judged as there. */
const sourceChecks: { readonly [field: string]: SourceCheck } = {
  hostPath: ({ hostPath }, path, errors) => {
    if (hostPath !== undefined) checkHostPath(hostPath, path, errors);
  },
  local: ({ local }, path, errors) => {
    if ((local?.path ?? "") === "") errors.push(required(path.child("path")));
    else checkNoBacksteps(local?.path ?? "", path.child("path"), errors);
  },
  csi: ({ csi }, path, errors) => {
    if (csi !== undefined) checkCsi(csi, path, errors);
  },
};

function checkSource(given: PersistentVolumeSpec, spec: FieldPath, errors: FieldError[]): void {
  const sources = Object.keys(given).filter((field) => !descriptive.has(field) && given[field as keyof PersistentVolumeSpec] !== undefined);
  // Upstream looks at a hostPath first.
  sources.sort((a, b) => Number(b === "hostPath") - Number(a === "hostPath"));
  sources.forEach((field, i) => {
    const path = spec.child(field);
    if (i > 0) errors.push(forbidden(path, "may not specify more than 1 volume type"));
    else if (sourceChecks[field] !== undefined) sourceChecks[field](given, path, errors);
    else storageVolumeChecks[field]?.(given as unknown as Volume, path, errors);
  });
  if (sources.length === 0) errors.push(required(spec, "must specify a volume type"));
  if (sources[0] === "local" && given.nodeAffinity === undefined) errors.push(required(spec.child("nodeAffinity"), "Local volume requires node affinity"));
}

const csiSecrets = ["controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef"] as const;

function checkCsi(source: CSIPersistentVolumeSource, path: FieldPath, errors: FieldError[]): void {
  checkCsiDriverName(source.driver ?? "", path.child("driver"), errors);
  if ((source.volumeHandle ?? "") === "") errors.push(required(path.child("volumeHandle")));
  for (const field of csiSecrets) if (source[field] !== undefined) checkSecretReference(source[field], path.child(field), errors);
}

function checkSecretReference({ name = "", namespace = "" }: SecretReference, path: FieldPath, errors: FieldError[]): void {
  if (name === "") errors.push(required(path.child("name")));
  else pushProblems(errors, path.child("name"), name, dns1123SubdomainProblems(name));
  if (namespace === "") errors.push(required(path.child("namespace")));
  else pushProblems(errors, path.child("namespace"), namespace, dns1123LabelProblems(namespace));
}

/** The spec without what says who may use the volume; a secret for its growth may be named later. */
function sourceOf(given: PersistentVolumeSpec, old: PersistentVolumeSpec): PersistentVolumeSpec {
  const source = Object.fromEntries(Object.entries(given).filter(([field]) => !descriptive.has(field))) as PersistentVolumeSpec;
  if (source.csi === undefined || old.csi === undefined || old.csi.controllerExpandSecretRef !== undefined) return source;
  const { controllerExpandSecretRef: _, ...csi } = source.csi;
  return { ...source, csi };
}

export function checkVolumeUpdate(now: PersistentVolumeSpec, old: PersistentVolumeSpec): FieldError[] {
  const errors: FieldError[] = [];
  const [source, before] = [sourceOf(now, old), sourceOf(old, old)];
  if (!sameData(source, before)) {
    errors.push(forbidden("spec.persistentvolumesource", `spec.persistentvolumesource is immutable after creation\n${volumeSourceDifference(before, source)}`));
  }
  if (now.volumeMode !== old.volumeMode) errors.push(invalid("volumeMode", now.volumeMode, immutable));
  if (old.nodeAffinity !== undefined && !sameData(now.nodeAffinity, old.nodeAffinity)) {
    errors.push(invalid("nodeAffinity", printedVolumeAffinity(now.nodeAffinity), immutable));
  }
  return errors;
}
