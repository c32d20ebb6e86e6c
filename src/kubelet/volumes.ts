import { quantityValue } from "../base/quantity.ts";
import type { ConfigMap, DownwardAPIVolumeFile, KeyToPath, Pod, Secret, Volume, VolumeMount, VolumeProjection } from "../api/types/core-v1.ts";
import { claimNameOf } from "../placement/volume-match.ts";
import { writeAtomically } from "./atomic-writer.ts";
import type { VolumeFile } from "./atomic-writer.ts";
import { expand } from "./expansion.ts";
import { podField, resourceField } from "./field-paths.ts";
import type { PodAddresses } from "./field-paths.ts";
import { MissingError } from "./objects.ts";
import type { PodObjects } from "./objects.ts";
import type { Mount, NodeFiles } from "./runtime.ts";

/** Puts the content of a Pod's volumes on the node, under the kubelet's own folder, and says where each is. */
export interface VolumeOptions {
  readonly pod: Pod;
  readonly files: NodeFiles;
  readonly objects: PodObjects;
  readonly addresses: PodAddresses;
  readonly allocatable: { readonly [resource: string]: string };
  /** The content of a token file. Rejects with MissingError. */
  readonly now: number;
  readonly token: (pod: Pod, audience: string | undefined, expirationSeconds: number) => Promise<string>;
}

/** A volume that could not be set up: the event's message. */
export class VolumeError extends Error {}

export function podFolder(uid: string): string {
  return `/var/lib/kubelet/pods/${uid}`;
}

const encoder = new TextEncoder();

/** Files of a ConfigMap or Secret; `where` names it in messages. */
function keyFiles(content: ReadonlyMap<string, Uint8Array>, items: readonly KeyToPath[] | undefined, options: { mode: number; optional: boolean }): VolumeFile[] {
  if (!items || items.length === 0) return [...content].map(([path, bytes]) => ({ path, content: bytes, mode: options.mode }));
  const files: VolumeFile[] = [];
  for (const { key, path, mode } of items) {
    const bytes = content.get(key);
    if (bytes) files.push({ path, content: bytes, mode: mode ?? options.mode });
    else if (!options.optional) throw new MissingError("references non-existent config key: " + key);
  }
  return files;
}

function downwardFiles(items: readonly DownwardAPIVolumeFile[], mode: number, options: VolumeOptions): VolumeFile[] {
  return items.map((item) => {
    const { pod, allocatable } = options;
    const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
    const container = all.find(({ name }) => name === item.resourceFieldRef?.containerName);
    const value = item.fieldRef ? podField(item.fieldRef, pod, options.addresses) : item.resourceFieldRef && container ? resourceField(item.resourceFieldRef, container, allocatable) : "";
    return { path: item.path, content: encoder.encode(value ?? ""), mode: item.mode ?? mode };
  });
}

async function objectFiles(kind: "configmap" | "secret", source: { name: string; items?: readonly KeyToPath[] | undefined; optional?: boolean | undefined; mode: number }, options: VolumeOptions): Promise<VolumeFile[]> {
  const namespace = options.pod.metadata.namespace ?? "";
  const object: ConfigMap | Secret | undefined = kind === "configmap" ? await options.objects.configMap(namespace, source.name) : await options.objects.secret(namespace, source.name);
  if (!object) {
    if (source.optional) return [];
    throw new MissingError(`${kind} "${source.name}" not found`);
  }
  return keyFiles(options.objects.contentOf(object), source.items, { mode: source.mode, optional: source.optional ?? false });
}

async function projectedFiles(source: VolumeProjection, mode: number, options: VolumeOptions): Promise<VolumeFile[]> {
  if (source.configMap) return objectFiles("configmap", { ...source.configMap, name: source.configMap.name ?? "", mode }, options);
  if (source.secret) return objectFiles("secret", { ...source.secret, name: source.secret.name ?? "", mode }, options);
  if (source.downwardAPI) return downwardFiles(source.downwardAPI.items ?? [], mode, options);
  if (source.serviceAccountToken) {
    const { path, audience, expirationSeconds } = source.serviceAccountToken;
    return [{ path, content: encoder.encode(await options.token(options.pod, audience, expirationSeconds ?? 3600)), mode }];
  }
  return [];
}

/** The files of a volume whose content comes from the API; undefined for the other kinds. */
async function apiFiles(volume: Volume, options: VolumeOptions): Promise<VolumeFile[] | undefined> {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap) return objectFiles("configmap", { name: configMap.name ?? "", items: configMap.items, optional: configMap.optional, mode: configMap.defaultMode ?? 0o644 }, options);
  if (secret) return objectFiles("secret", { name: secret.secretName ?? "", items: secret.items, optional: secret.optional, mode: secret.defaultMode ?? 0o644 }, options);
  if (downwardAPI) return downwardFiles(downwardAPI.items ?? [], downwardAPI.defaultMode ?? 0o644, options);
  if (!projected) return undefined;
  const files: VolumeFile[] = [];
  for (const source of projected.sources ?? []) files.push(...(await projectedFiles(source, projected.defaultMode ?? 0o644, options)));
  return files;
}

const pluginOf = (volume: Volume): string => (volume.configMap ? "configmap" : volume.secret ? "secret" : volume.downwardAPI ? "downward-api" : volume.projected ? "projected" : "empty-dir");

async function hostPath(volume: Volume, files: NodeFiles): Promise<string> {
  const { path = "", type = "" } = volume.hostPath ?? {};
  const there = await files.exists(path);
  const fail = (why: string): VolumeError => new VolumeError(`MountVolume.SetUp failed for volume "${volume.name}" : hostPath type check failed: ${path} ${why}`);
  if (type === "DirectoryOrCreate" || type === "") {
    if (!there) await files.mkdir(path);
    else if (type !== "" && there !== "directory") throw fail("is not a directory");
  } else if (type === "FileOrCreate") {
    if (!there) await files.writeFile(path, new Uint8Array(0));
    else if (there !== "file") throw fail("is not a file");
  } else if (type === "Directory") {
    if (there !== "directory") throw fail("is not a directory");
  } else if (type === "File") {
    if (there !== "file") throw fail("is not a file");
  } else if (!there) throw fail(`is not a ${{ Socket: "socket file", CharDevice: "character device", BlockDevice: "block device" }[type] ?? "known type"}`);
  return path;
}

/** Sets up all volumes; resolves with the place of each. Rejects with VolumeError. */
export async function setUpVolumes(options: VolumeOptions): Promise<ReadonlyMap<string, string>> {
  const places = new Map<string, string>();
  for (const volume of options.pod.spec.volumes ?? []) places.set(volume.name, await setUpVolume(volume, options));
  return places;
}

const unmounted = ({ name }: Volume, why: string): VolumeError => new VolumeError(`Unable to attach or mount volumes: unmounted volumes=[${name}], unattached volumes=[], failed to process volumes=[${name}]: ${why}`);

/** The directory of the volume that is bound to a claim: one on the node. */
async function claimedVolume(volume: Volume, claimName: string, { pod, files, objects }: VolumeOptions): Promise<string> {
  const { namespace = "" } = pod.metadata;
  const failed = (why: string): VolumeError => unmounted(volume, `error processing PVC ${namespace}/${claimName}: ${why}`);
  const claim = await objects.claim(namespace, claimName);
  if (claim === undefined) throw failed(`failed to fetch PVC from API server: persistentvolumeclaims ${JSON.stringify(claimName)} not found`);
  const { volumeName = "" } = claim.spec;
  if (claim.status.phase !== "Bound" || volumeName === "") throw failed("PVC is not bound");
  const bound = await objects.volume(volumeName);
  if (bound?.spec.claimRef?.uid !== claim.metadata.uid) throw failed(`failed to fetch PV ${volumeName} from API server: persistentvolumes ${JSON.stringify(volumeName)} not found`);
  const { hostPath: onHost, local } = bound.spec;
  if (onHost) return await hostPath({ name: volumeName, hostPath: onHost }, files);
  if (!local) throw unmounted(volume, "no volume plugin matched");
  if (!(await files.exists(local.path))) throw new VolumeError(`MountVolume.NewMounter initialization failed for volume ${JSON.stringify(volumeName)} : path ${JSON.stringify(local.path)} does not exist`);
  return local.path;
}

async function setUpVolume(volume: Volume, options: VolumeOptions): Promise<string> {
  const { pod, files } = options;
  if (volume.hostPath) return hostPath(volume, files);
  const claimName = claimNameOf(pod, volume);
  if (claimName !== undefined) return await claimedVolume(volume, claimName, options);
  const place = `${podFolder(pod.metadata.uid)}/volumes/kubernetes.io~${pluginOf(volume)}/${volume.name}`;
  const group = pod.spec.securityContext?.fsGroup;
  if (volume.emptyDir) {
    await files.mkdir(place, group === undefined ? { mode: 0o777 } : { mode: 0o2777, group });
    return place;
  }
  let content;
  try {
    content = await apiFiles(volume, options);
  } catch (error) {
    if (!(error instanceof MissingError)) throw error;
    throw new VolumeError(`MountVolume.SetUp failed for volume "${volume.name}" : ${error.message}`);
  }
  if (!content) throw unmounted(volume, "no volume plugin matched");
  await writeAtomically({ files, folder: place, content, now: options.now, group });
  return place;
}

/** Brings volumes that come from the API to their present content; a missing object leaves its volume as it is. */
export async function refreshVolumes(options: VolumeOptions): Promise<void> {
  for (const volume of options.pod.spec.volumes ?? []) {
    if (!volume.configMap && !volume.secret && !volume.downwardAPI && !volume.projected) continue;
    try {
      await setUpVolume(volume, options);
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
    }
  }
}

/** What the API fills is never the container's to change. */
const isFromApi = (volume: Volume): boolean => (volume.configMap ?? volume.secret ?? volume.downwardAPI ?? volume.projected) !== undefined;

/** What a volume in memory may hold, which is never more than its Pod; undefined: it is none. */
function memoryBytesMax({ emptyDir }: Volume, podBytesMax: number): number | undefined {
  if (emptyDir?.medium !== "Memory") return undefined;
  const limit = emptyDir.sizeLimit === undefined ? 0 : quantityValue(emptyDir.sizeLimit);
  return limit > 0 ? Math.min(limit, podBytesMax) : podBytesMax;
}

/** The memory that all containers of a Pod may have together; Infinity where one has no limit. */
export function memoryBytesMaxOf({ spec }: Pod): number {
  const whole = spec.resources?.limits?.["memory"];
  if (whole !== undefined) return quantityValue(whole);
  const ofAll = [...spec.containers, ...(spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always")];
  return ofAll.reduce((sum, { resources }) => sum + (resources.limits?.["memory"] === undefined ? Infinity : quantityValue(resources.limits["memory"])), 0);
}

export interface MountOptions {
  readonly mounts: readonly VolumeMount[];
  readonly volumes: readonly Volume[];
  readonly places: ReadonlyMap<string, string>;
  readonly files: NodeFiles;
  readonly variables: ReadonlyMap<string, string>;
  /** Of the Pod's memory. */
  readonly bytesMax: number;
}

/** Where a container mounts its volumes. Rejects with VolumeError for a sub-path that cannot be. */
export async function mountsOf({ mounts, volumes, places, files, variables, bytesMax: podBytesMax }: MountOptions): Promise<Mount[]> {
  const out: Mount[] = [];
  const sealed = new Set(volumes.filter(isFromApi).map(({ name }) => name));
  const inMemory = new Map(volumes.map((volume) => [volume.name, memoryBytesMax(volume, podBytesMax)]));
  for (const mount of mounts) {
    const place = places.get(mount.name);
    if (place === undefined) throw new VolumeError(`Volume "${mount.name}" not found`);
    const below = mount.subPathExpr ? expand(mount.subPathExpr, variables) : (mount.subPath ?? "");
    const hostPathOfMount = below === "" ? place : `${place}/${below}`;
    if (below !== "" && !(await files.exists(hostPathOfMount))) await files.mkdir(hostPathOfMount);
    const bytesMax = inMemory.get(mount.name);
    out.push({
      containerPath: mount.mountPath.startsWith("/") ? mount.mountPath : `/${mount.mountPath}`,
      hostPath: hostPathOfMount,
      readOnly: sealed.has(mount.name) || (mount.readOnly ?? false),
      ...(bytesMax === undefined ? {} : { memoryBytesMax: bytesMax }),
    });
  }
  return out;
}
