import type { FieldError } from "../../base/field-error.ts";
import type { DownwardAPIVolumeFile, KeyToPath, ProjectedVolumeSource, Volume, VolumeProjection } from "../types/core-v1.ts";
import type { ObjectMeta } from "../types/meta-v1.ts";
import { duplicate, forbidden, invalid, notSupported, pushProblems, required } from "../validation/errors.ts";
import { checkFileMode, checkLocalNonReservedPath, checkNoBacksteps } from "../validation/file-paths.ts";
import { goQuote } from "../validation/go-text.ts";
import { dns1123LabelProblems, dns1123SubdomainProblems } from "../validation/names.ts";
import type { FieldPath } from "../validation/path.ts";
import { compareAmounts } from "../validation/quantities.ts";
import { checkLabelSelector } from "../validation/label-selector.ts";
import { checkPullPolicy } from "./container-validation.ts";
import { checkFieldRef, checkResourceFieldRef, volumeFieldPaths } from "./env-validation.ts";
import { checkClaimTemplate } from "./claim-validation.ts";
import { checkCsiDriverName, storageVolumeChecks } from "./storage-volume-validation.ts";

/**
 * Validation of the volumes of a Pod. A volume with errors counts as absent for the mounts that name it, as upstream has it:
 * one mistake then shows in two places.
 */
export function checkVolumes(volumes: readonly Volume[] | undefined, podMeta: ObjectMeta | undefined, path: FieldPath, errors: FieldError[]): ReadonlyMap<string, Volume> {
  const good = new Map<string, Volume>();
  if (volumes === undefined) return good;
  const podName = podMeta?.name ?? "";
  const created = new Set<string>();
  if (podName !== "") for (const volume of volumes) if (volume.ephemeral !== undefined) created.add(`${podName}-${volume.name ?? ""}`);
  volumes.forEach((volume, i) => {
    const itemPath = path.index(i);
    const name = volume.name ?? "";
    const before = errors.length;
    checkSource(volume, podName, itemPath, errors);
    if (name === "") errors.push(required(itemPath.child("name")));
    else pushProblems(errors, itemPath.child("name"), name, dns1123LabelProblems(name));
    if (good.has(name)) errors.push(duplicate(itemPath.child("name"), name));
    if (errors.length === before) good.set(name, volume);
    const claim = volume.persistentVolumeClaim?.claimName ?? "";
    if (created.has(claim)) {
      const claimPath = itemPath.child("persistentVolumeClaim").child("claimName");
      errors.push(invalid(claimPath, claim, "must not reference a PVC that gets created for an ephemeral volume"));
    }
  });
  return good;
}

type SourceCheck = (volume: Volume, path: FieldPath, errors: FieldError[]) => void;

/** By field, in the order in which upstream looks: of two sources the later one is the one too many. */
const sourceChecks: { readonly [field: string]: SourceCheck } = {
  emptyDir: ({ emptyDir }, path, errors) => {
    if (emptyDir?.sizeLimit !== undefined && compareAmounts(emptyDir.sizeLimit, "0") < 0) {
      errors.push(forbidden(path.child("sizeLimit"), "SizeLimit field must be a valid resource quantity"));
    }
  },
  hostPath: ({ hostPath }, path, errors) => {
    if (hostPath !== undefined) checkHostPath(hostPath, path, errors);
  },
  gitRepo: ({ gitRepo }, path, errors) => {
    if ((gitRepo?.repository ?? "") === "") errors.push(required(path.child("repository")));
    checkLocalNonReservedPath(gitRepo?.directory ?? "", path.child("directory"), errors);
  },
  secret: ({ secret }, path, errors) => {
    if ((secret?.secretName ?? "") === "") errors.push(required(path.child("secretName")));
    checkFileMode(secret?.defaultMode, path.child("defaultMode"), errors);
    checkItems(secret?.items, path, errors);
  },
  persistentVolumeClaim: ({ persistentVolumeClaim }, path, errors) => {
    if ((persistentVolumeClaim?.claimName ?? "") === "") errors.push(required(path.child("claimName")));
  },
  downwardAPI: ({ downwardAPI }, path, errors) => {
    checkFileMode(downwardAPI?.defaultMode, path.child("defaultMode"), errors);
    for (const file of downwardAPI?.items ?? []) checkDownwardFile(file, path, errors);
  },
  configMap: ({ configMap }, path, errors) => {
    if ((configMap?.name ?? "") === "") errors.push(required(path.child("name")));
    checkFileMode(configMap?.defaultMode, path.child("defaultMode"), errors);
    checkItems(configMap?.items, path, errors);
  },
  ...storageVolumeChecks,
  projected: ({ projected }, path, errors) => {
    if (projected !== undefined) checkProjected(projected, path, errors);
  },
  csi: ({ csi }, path, errors) => {
    checkCsiDriverName(csi?.driver ?? "", path.child("driver"), errors);
    if (csi?.nodePublishSecretRef === undefined) return;
    const name = csi.nodePublishSecretRef.name ?? "";
    if (name === "") errors.push(required(path.child("nodePublishSecretRef").child("name")));
    else pushProblems(errors, path.child("name"), name, dns1123SubdomainProblems(name));
  },
  ephemeral: ({ ephemeral }, path, errors) => {
    if (ephemeral?.volumeClaimTemplate === undefined) errors.push(required(path.child("volumeClaimTemplate")));
    else checkClaimTemplate(ephemeral.volumeClaimTemplate, path.child("volumeClaimTemplate"), errors);
  },
  image: ({ image }, path, errors) => {
    if ((image?.reference ?? "") === "") errors.push(required(path.child("reference")));
    checkPullPolicy(image?.pullPolicy, path.child("pullPolicy"), errors);
  },
};

function checkSource(volume: Volume, podName: string, path: FieldPath, errors: FieldError[]): void {
  let sources = 0;
  // Upstream looks for an emptyDir first, then in the order of the fields.
  const fields = volume.emptyDir === undefined ? Object.keys(volume) : ["emptyDir", ...Object.keys(volume).filter((field) => field !== "emptyDir")];
  for (const field of fields) {
    if (field === "name" || volume[field as keyof Volume] === undefined) continue;
    if (sources > 0) errors.push(forbidden(path.child(field), "may not specify more than 1 volume type"));
    else sourceChecks[field]?.(volume, path.child(field), errors);
    sources++;
  }
  if (sources === 0) errors.push(required(path, "must specify a volume type"));
  const name = volume.name ?? "";
  if (volume.ephemeral !== undefined && sources === 1 && podName !== "" && name !== "") {
    const claim = `${podName}-${name}`;
    for (const problem of dns1123SubdomainProblems(claim)) errors.push(invalid(path.child("name"), name, `PVC name ${goQuote(claim)}: ${problem}`));
  }
}

const hostPathTypes: readonly string[] = ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];

/** Shared with PersistentVolumes. */
export function checkHostPath(source: { readonly path: string; readonly type?: string }, path: FieldPath, errors: FieldError[]): void {
  const file = source.path ?? "";
  if (file === "") {
    errors.push(required(path.child("path")));
    return;
  }
  checkNoBacksteps(file, path.child("path"), errors);
  if (source.type !== undefined && !hostPathTypes.includes(source.type)) errors.push(notSupported(path.child("type"), source.type, hostPathTypes));
}

function checkItems(items: readonly KeyToPath[] | undefined, path: FieldPath, errors: FieldError[]): void {
  items?.forEach((item, i) => checkKeyToPath(item, path.child("items").index(i), errors));
}

function checkKeyToPath(item: KeyToPath, path: FieldPath, errors: FieldError[]): void {
  if ((item.key ?? "") === "") errors.push(required(path.child("key")));
  if ((item.path ?? "") === "") errors.push(required(path.child("path")));
  checkLocalNonReservedPath(item.path ?? "", path.child("path"), errors);
  checkFileMode(item.mode, path.child("mode"), errors);
}

function checkDownwardFile(file: DownwardAPIVolumeFile, path: FieldPath, errors: FieldError[]): void {
  if ((file.path ?? "") === "") errors.push(required(path.child("path")));
  checkLocalNonReservedPath(file.path ?? "", path.child("path"), errors);
  if (file.fieldRef !== undefined) {
    checkFieldRef(file.fieldRef, volumeFieldPaths, path.child("fieldRef"), errors);
    if (file.resourceFieldRef !== undefined) errors.push(invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"));
  } else if (file.resourceFieldRef !== undefined) {
    checkResourceFieldRef(file.resourceFieldRef, { container: true }, path.child("resourceFieldRef"), errors);
  } else errors.push(required(path, "one of fieldRef and resourceFieldRef is required"));
  checkFileMode(file.mode, path.child("mode"), errors);
}

function checkProjected(projected: ProjectedVolumeSource, path: FieldPath, errors: FieldError[]): void {
  checkFileMode(projected.defaultMode, path.child("defaultMode"), errors);
  const files = new Set<string>();
  const take = (file: string, value: string): void => {
    if (file === "") return;
    if (files.has(file)) errors.push(invalid(path, value, "conflicting duplicate paths"));
    files.add(file);
  };
  projected.sources?.forEach((source, i) => checkProjection(source, { path, sourcePath: path.child("sources").index(i), take }, errors));
}

interface ProjectionContext {
  readonly path: FieldPath;
  readonly sourcePath: FieldPath;
  /** Notes a file; a second one of the same path is an error with this value. */
  readonly take: (file: string, value: string) => void;
}

function checkProjection(source: VolumeProjection, context: ProjectionContext, errors: FieldError[]): void {
  const { sourcePath, take } = context;
  for (const field of ["secret", "configMap"] as const) {
    const projection = source[field];
    if (projection === undefined) continue;
    const name = projection.name ?? "";
    if (name === "") errors.push(required(sourcePath.child(field).child("name")));
    projection.items?.forEach((item, i) => {
      checkKeyToPath(item, sourcePath.child(field).child("items").index(i), errors);
      take(item.path ?? "", name);
    });
  }
  for (const file of source.downwardAPI?.items ?? []) {
    checkDownwardFile(file, sourcePath.child("downwardAPI"), errors);
    take(file.path ?? "", file.path ?? "");
  }
  if (source.serviceAccountToken !== undefined) checkTokenProjection(source.serviceAccountToken, context, errors);
  if (source.clusterTrustBundle !== undefined) checkTrustBundle(source.clusterTrustBundle, sourcePath.child("clusterTrustBundle"), errors, take);
  if (Object.keys(source).length > 1) errors.push(forbidden(sourcePath, "may not specify more than 1 volume type per source"));
}

const tokenSecondsMin = 600;
const tokenSecondsMax = 2 ** 32;

function checkTokenProjection(token: NonNullable<VolumeProjection["serviceAccountToken"]>, context: ProjectionContext, errors: FieldError[]): void {
  const seconds = token.expirationSeconds ?? 0;
  const secondsPath = context.sourcePath.child("serviceAccountToken").child("expirationSeconds");
  if (seconds < tokenSecondsMin) errors.push(invalid(secondsPath, seconds, "may not specify a duration less than 10 minutes"));
  if (seconds > tokenSecondsMax) errors.push(invalid(secondsPath, seconds, "may not specify a duration larger than 2^32 seconds"));
  // Upstream names the volume here, not the source.
  if ((token.path ?? "") === "") errors.push(required(context.path.child("path")));
  else checkLocalNonReservedPath(token.path, context.path.child("path"), errors);
}

function checkTrustBundle(bundle: NonNullable<VolumeProjection["clusterTrustBundle"]>, path: FieldPath, errors: FieldError[], take: ProjectionContext["take"]): void {
  if (bundle.name !== undefined && bundle.signerName !== undefined) {
    errors.push(invalid(path, bundle, "only one of name and signerName may be used"));
  } else if (bundle.name !== undefined) {
    if (bundle.name === "") errors.push(required(path.child("name"), "must be a valid object name"));
    if (bundle.labelSelector !== undefined) errors.push(invalid(path.child("labelSelector"), bundle.labelSelector, "labelSelector must be unset if name is specified"));
  } else if (bundle.signerName !== undefined) {
    if (bundle.signerName === "") errors.push(required(path.child("signerName"), "must be a valid signer name"));
    checkLabelSelector(bundle.labelSelector, path.child("labelSelector"), errors);
  } else errors.push(required(path, "either name or signerName must be specified"));
  if ((bundle.path ?? "") === "") errors.push(required(path.child("path")));
  checkLocalNonReservedPath(bundle.path ?? "", path.child("path"), errors);
  take(bundle.path ?? "", bundle.path ?? "");
}

