import type { FieldError } from "../../base/field-error.ts";
import type { Container, Volume, VolumeDevice, VolumeMount } from "../types/core-v1.ts";
import { forbidden, invalid, notFound, notSupported, required } from "../validation/errors.ts";
import { checkLocalDescendingPath, hasBacksteps } from "../validation/file-paths.ts";
import type { FieldPath } from "../validation/path.ts";

/** Validation of where a container has its volumes: as directories and as block devices. */
export type Volumes = ReadonlyMap<string, Volume>;

type ContainerLike = Pick<Container, "volumeMounts" | "volumeDevices" | "securityContext">;

export function checkMounts(container: ContainerLike, volumes: Volumes, path: FieldPath, errors: FieldError[]): void {
  if (container.volumeMounts !== undefined) checkVolumeMounts(container, volumes, path.child("volumeMounts"), errors);
  if (container.volumeDevices !== undefined) checkVolumeDevices(container, volumes, path.child("volumeDevices"), errors);
}

function checkVolumeMounts(container: ContainerLike, volumes: Volumes, path: FieldPath, errors: FieldError[]): void {
  const mountPaths = new Set<string>();
  const devices = container.volumeDevices ?? [];
  container.volumeMounts?.forEach((mount, i) => {
    const { name = "", mountPath = "" } = mount;
    const itemPath = path.index(i);
    const volume = volumes.get(name);
    if (name === "") errors.push(required(itemPath.child("name")));
    if (volume === undefined) errors.push(notFound(itemPath.child("name"), name));
    if (mountPath === "") errors.push(required(itemPath.child("mountPath")));
    if (mountPaths.has(mountPath)) errors.push(invalid(itemPath.child("mountPath"), mountPath, "must be unique"));
    mountPaths.add(mountPath);
    if (devices.some((device) => device.name === name)) errors.push(invalid(itemPath.child("name"), name, "must not already exist in volumeDevices"));
    if (devices.some((device) => device.devicePath === mountPath)) {
      errors.push(invalid(itemPath.child("mountPath"), mountPath, "must not already exist as a path in volumeDevices"));
    }
    checkSubPaths(mount, itemPath, path, errors);
    checkPropagation(mount, container, path, errors);
  });
}

/** Upstream names the list, not the item, in some of these. */
function checkSubPaths(mount: VolumeMount, itemPath: FieldPath, listPath: FieldPath, errors: FieldError[]): void {
  const { subPath = "", subPathExpr = "" } = mount;
  if (subPath !== "") checkLocalDescendingPath(subPath, listPath.child("subPath"), errors);
  if (subPathExpr === "") return;
  if (subPath !== "") errors.push(invalid(itemPath.child("subPathExpr"), subPathExpr, "subPathExpr and subPath are mutually exclusive"));
  checkLocalDescendingPath(subPathExpr, listPath.child("subPathExpr"), errors);
}

function checkPropagation(mount: VolumeMount, container: ContainerLike, listPath: FieldPath, errors: FieldError[]): void {
  const propagation: string | undefined = mount.mountPropagation;
  if (propagation !== undefined) {
    const path = listPath.child("mountPropagation");
    const supported = ["Bidirectional", "HostToContainer", "None"];
    if (!supported.includes(propagation)) errors.push(notSupported(path, propagation, supported));
    if (propagation === "Bidirectional" && container.securityContext?.privileged !== true) {
      errors.push(forbidden(path, "Bidirectional mount propagation is available only to privileged containers"));
    }
  }
  if (mount.recursiveReadOnly === undefined || mount.recursiveReadOnly === "Disabled") return;
  const path = listPath.child("recursiveReadOnly");
  if (mount.recursiveReadOnly !== "Enabled" && mount.recursiveReadOnly !== "IfPossible") {
    errors.push(notSupported(path, mount.recursiveReadOnly, ["Disabled", "Enabled", "IfPossible"]));
    return;
  }
  if (mount.readOnly !== true) errors.push(forbidden(path, "may only be specified when readOnly is true"));
  if (propagation !== undefined && propagation !== "None") {
    errors.push(forbidden(path, "may only be specified when mountPropagation is None or not specified"));
  }
}

function checkVolumeDevices(container: ContainerLike, volumes: Volumes, path: FieldPath, errors: FieldError[]): void {
  const names = new Set<string>();
  const paths = new Set<string>();
  const mounts = container.volumeMounts ?? [];
  container.volumeDevices?.forEach((device: VolumeDevice, i) => {
    const { name = "", devicePath = "" } = device;
    const itemPath = path.index(i);
    const volume = volumes.get(name);
    if (name === "") errors.push(required(itemPath.child("name")));
    if (names.has(name)) errors.push(invalid(itemPath.child("name"), name, "must be unique"));
    if (volume === undefined) errors.push(notFound(itemPath.child("name"), name));
    else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
      errors.push(invalid(itemPath.child("name"), name, "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"));
    }
    if (devicePath === "") errors.push(required(itemPath.child("devicePath")));
    if (paths.has(devicePath)) errors.push(invalid(itemPath.child("devicePath"), devicePath, "must be unique"));
    if (hasBacksteps(devicePath)) errors.push(invalid(itemPath.child("devicePath"), devicePath, "can not contain backsteps ('..')"));
    else paths.add(devicePath);
    if (mounts.some((mount) => mount.name === name)) errors.push(invalid(itemPath.child("name"), name, "must not already exist in volumeMounts"));
    if (mounts.some((mount) => mount.mountPath === devicePath)) {
      errors.push(invalid(itemPath.child("devicePath"), devicePath, "must not already exist as a path in volumeMounts"));
    }
    if (name !== "") names.add(name);
  });
}
