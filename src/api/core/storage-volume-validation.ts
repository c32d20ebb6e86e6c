import type { FieldError } from "../../base/field-error.ts";
import type { FCVolumeSource, ISCSIVolumeSource, Volume } from "../types/core-v1.ts";
import { byteLength } from "../validation/byte-length.ts";
import { invalid, notSupported, pushProblems, required, tooLong } from "../validation/errors.ts";
import { dns1123LabelProblems, dns1123SubdomainProblems } from "../validation/names.ts";
import { inRangeText } from "../validation/numbers.ts";
import type { FieldPath } from "../validation/path.ts";

/** Validation of volumes that come from storage systems. Which fields must not be empty is a table; the rest stands below it. */
type SourceCheck = (volume: Volume, path: FieldPath, errors: FieldError[]) => void;

/** A source whose named fields must be given, and nothing more. */
function needs(source: keyof Volume, ...fields: readonly string[]): SourceCheck {
  return (volume, path, errors) => {
    const given = (volume[source] ?? {}) as { readonly [field: string]: unknown };
    for (const field of fields) {
      const value = given[field];
      if (value === undefined || value === "" || (Array.isArray(value) && value.length === 0)) errors.push(required(path.child(field)));
    }
  };
}

export const storageVolumeChecks: { readonly [field: string]: SourceCheck } = {
  gcePersistentDisk: ({ gcePersistentDisk: disk }, path, errors) => {
    // Upstream's path differs from the field.
    checkDisk(disk?.pdName, "pdName", disk?.partition, path, errors);
  },
  awsElasticBlockStore: ({ awsElasticBlockStore: disk }, path, errors) => checkDisk(disk?.volumeID, "volumeID", disk?.partition, path, errors),
  nfs: (volume, path, errors) => {
    needs("nfs", "server", "path")(volume, path, errors);
    const file = volume.nfs?.path ?? "";
    if (!file.startsWith("/")) errors.push(invalid(path.child("path"), file, "must be an absolute path"));
  },
  iscsi: (volume, path, errors) => {
    if (volume.iscsi !== undefined) checkIscsi(volume.iscsi, volume.name ?? "", path, errors);
  },
  glusterfs: needs("glusterfs", "endpoints", "path"),
  flocker: ({ flocker }, path, errors) => {
    const { datasetName = "", datasetUUID = "" } = flocker ?? {};
    if (datasetName === "" && datasetUUID === "") errors.push(required(path, "one of datasetName and datasetUUID is required"));
    if (datasetName !== "" && datasetUUID !== "") errors.push(invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously"));
    if (datasetName.includes("/")) errors.push(invalid(path.child("datasetName"), datasetName, "must not contain '/'"));
  },
  rbd: needs("rbd", "monitors", "image"),
  cinder: (volume, path, errors) => {
    needs("cinder", "volumeID")(volume, path, errors);
    const secret = volume.cinder?.secretRef;
    if (secret !== undefined && (secret.name ?? "") === "") errors.push(required(path.child("secretRef").child("name")));
  },
  cephfs: needs("cephfs", "monitors"),
  quobyte: ({ quobyte }, path, errors) => {
    const { registry = "", tenant = "", volume = "" } = quobyte ?? {};
    const rule = "must be a host:port pair or multiple pairs separated by commas";
    if (registry === "") errors.push(required(path.child("registry"), rule));
    else if (tenant.length >= 65) errors.push(required(path.child("tenant"), "must be a UUID and may not exceed a length of 64 characters"));
    else for (const pair of registry.split(",")) if (!/^([^:[\]]*|\[[^\]]*\]):[^:]*$/.test(pair)) errors.push(invalid(path.child("registry"), registry, rule));
    if (volume === "") errors.push(required(path.child("volume")));
  },
  fc: ({ fc }, path, errors) => {
    if (fc !== undefined) checkFibreChannel(fc, path, errors);
  },
  flexVolume: (volume, path, errors) => {
    needs("flexVolume", "driver")(volume, path, errors);
    for (const key of Object.keys(volume.flexVolume?.options ?? {})) {
      const namespace = `.${(key.split("/")[0] ?? "").toLowerCase()}`;
      if (namespace.endsWith(".kubernetes.io") || namespace.endsWith(".k8s.io")) {
        errors.push(invalid(path.child("options").key(key), key, "kubernetes.io and k8s.io namespaces are reserved"));
      }
    }
  },
  azureFile: needs("azureFile", "secretName", "shareName"),
  vsphereVolume: needs("vsphereVolume", "volumePath"),
  photonPersistentDisk: needs("photonPersistentDisk", "pdID"),
  portworxVolume: needs("portworxVolume", "volumeID"),
  azureDisk: (volume, path, errors) => {
    needs("azureDisk", "diskName", "diskURI")(volume, path, errors);
    const disk = volume.azureDisk;
    const kind: string | undefined = disk?.kind;
    oneOf(disk?.cachingMode, ["None", "ReadOnly", "ReadWrite"], path.child("cachingMode"), errors);
    oneOf(kind, ["Dedicated", "Managed", "Shared"], path.child("kind"), errors);
    const uri = disk?.diskURI ?? "";
    if (kind === "Managed" && !uri.startsWith("/subscriptions/")) {
      const form = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
      errors.push(notSupported(path.child("diskURI"), uri, [form]));
    }
    if (kind !== undefined && kind !== "Managed" && !uri.startsWith("https://")) {
      errors.push(notSupported(path.child("diskURI"), uri, ["https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"]));
    }
  },
  storageos: ({ storageos }, path, errors) => {
    const { volumeName = "", volumeNamespace = "", secretRef } = storageos ?? {};
    if (volumeName === "") errors.push(required(path.child("volumeName")));
    else pushProblems(errors, path.child("volumeName"), volumeName, dns1123LabelProblems(volumeName));
    if (volumeNamespace !== "") pushProblems(errors, path.child("volumeNamespace"), volumeNamespace, dns1123LabelProblems(volumeNamespace));
    if (secretRef !== undefined && (secretRef.name ?? "") === "") errors.push(required(path.child("secretRef").child("name")));
  },
  scaleIO: needs("scaleIO", "gateway", "system", "volumeName"),
};

function oneOf(value: string | undefined, supported: readonly string[], path: FieldPath, errors: FieldError[]): void {
  if (value !== undefined && !supported.includes(value)) errors.push(notSupported(path, value, supported));
}

function checkDisk(id: string | undefined, field: string, partition: number | undefined, path: FieldPath, errors: FieldError[]): void {
  if ((id ?? "") === "") errors.push(required(path.child(field)));
  // Zero is allowed although the text says otherwise.
  if (partition !== undefined && (partition < 0 || partition > 255)) errors.push(invalid(path.child("partition"), partition, inRangeText(1, 255)));
}

const initiatorPatterns: { readonly [prefix: string]: RegExp } = {
  iqn: /iqn\.\d{4}-\d{2}\.([A-Za-z0-9\-.]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[A-Za-z0-9]{16}$/,
  naa: /^naa.[A-Za-z0-9]{32}$/,
};

function checkInitiator(name: string, path: FieldPath, errors: FieldError[]): void {
  const pattern = initiatorPatterns[name.slice(0, 3)];
  if (pattern === undefined) errors.push(invalid(path, name, "must be valid format starting with iqn, eui, or naa"));
  else if (!pattern.test(name)) errors.push(invalid(path, name, "must be valid format"));
}

function checkIscsi(source: ISCSIVolumeSource, volumeName: string, path: FieldPath, errors: FieldError[]): void {
  if ((source.targetPortal ?? "") === "") errors.push(required(path.child("targetPortal")));
  if ((source.iqn ?? "") === "") errors.push(required(path.child("iqn")));
  else checkInitiator(source.iqn, path.child("iqn"), errors);
  const lun = source.lun ?? 0;
  if (lun < 0 || lun > 255) errors.push(invalid(path.child("lun"), lun, inRangeText(0, 255)));
  if ((source.chapAuthDiscovery === true || source.chapAuthSession === true) && source.secretRef === undefined) errors.push(required(path.child("secretRef")));
  if (source.initiatorName === undefined) return;
  checkInitiator(source.initiatorName, path.child("initiatorname"), errors);
  if (`${volumeName}:${source.targetPortal ?? ""}`.length > 64) {
    const rule = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
    errors.push(invalid(path.child("name"), volumeName, rule));
  }
}

function checkFibreChannel(source: FCVolumeSource, path: FieldPath, errors: FieldError[]): void {
  const { targetWWNs = [], wwids = [], lun } = source;
  const namesPath = path.child("targetWWNs");
  if (targetWWNs.length === 0 && wwids.length === 0) errors.push(required(namesPath, "must specify either targetWWNs or wwids, but not both"));
  if (targetWWNs.length > 0 && wwids.length > 0) errors.push(invalid(namesPath, targetWWNs, "targetWWNs and wwids can not be specified simultaneously"));
  if (targetWWNs.length === 0) return;
  if (lun === undefined) errors.push(required(path.child("lun"), "lun is required if targetWWNs is specified"));
  else if (lun < 0 || lun > 255) errors.push(invalid(path.child("lun"), lun, inRangeText(0, 255)));
}

/** The name of a CSI driver, also in PersistentVolumes and CSIDriver objects. */
export function checkCsiDriverName(name: string, path: FieldPath, errors: FieldError[]): void {
  if (name === "") {
    errors.push(required(path));
    return;
  }
  if (byteLength(name) > 63) errors.push(tooLong(path, 63));
  pushProblems(errors, path, name, dns1123SubdomainProblems(name.toLowerCase()));
}
