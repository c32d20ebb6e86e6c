import { storageClassAnnotation } from "../api/core/storage.ts";
import { matchesSelector } from "../api/label-selector.ts";
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, Volume } from "../api/types/core-v1.ts";
import type { StorageClass } from "../api/types/storage-v1.ts";
import { compareQuantity, parseQuantity } from "../base/quantity.ts";
import { nodeSelectorHolds } from "./node-affinity.ts";

/**
 * Which volume answers which claim: pure predicates that the binder of volumes and the scheduler share. A claim is bound when volume and
 * claim name each other and the binder has said so with an annotation on the claim.
 */

/** Says that the binder, not a person, made the binding, and so may undo it. */
export const boundByController = "pv.kubernetes.io/bound-by-controller";
/** Says that the binding is complete: from here on a lost volume is a loss. */
export const bindCompleted = "pv.kubernetes.io/bind-completed";
/** The node for which the scheduler asks a provisioner to make a volume. */
export const selectedNode = "volume.kubernetes.io/selected-node";

interface Classed {
  readonly metadata: { readonly annotations?: { readonly [key: string]: string } };
  readonly spec: { readonly storageClassName?: string };
}

/** The class of a volume or claim, "" for none. */
export function className({ metadata, spec }: Classed): string {
  return metadata.annotations?.[storageClassAnnotation] ?? spec.storageClassName ?? "";
}

/** Whether binding waits until a Pod that uses the claim is placed. */
export function waitsForConsumer(claim: PersistentVolumeClaim, classes: { get(name: string): StorageClass | undefined }): boolean {
  const name = className(claim);
  return name !== "" && classes.get(name)?.volumeBindingMode === "WaitForFirstConsumer";
}

/** Whether the volume says that it is this claim's, by name and, where it has one, by uid. */
export function namesClaim({ spec: { claimRef } }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  if (claimRef === undefined || claimRef.name !== metadata.name || claimRef.namespace !== metadata.namespace) return false;
  return (claimRef.uid ?? "") === "" || claimRef.uid === metadata.uid;
}

/** Whether claim and volume are bound for good. */
export function isFullyBound({ metadata, spec }: PersistentVolumeClaim): boolean {
  return (spec.volumeName ?? "") !== "" && metadata.annotations?.[bindCompleted] !== undefined;
}

const modeOf = ({ spec }: { readonly spec: { readonly volumeMode?: string } }): string => spec.volumeMode ?? "Filesystem";
const sizeOf = (amount: string | undefined) => parseQuantity(amount ?? "0") ?? { mantissa: 0n, scale: 0, format: "DecimalSI" as const };

function isLargeEnough(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return compareQuantity(sizeOf(volume.spec.capacity?.["storage"]), sizeOf(claim.spec.resources?.requests?.["storage"])) >= 0;
}

function hasModes(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return (claim.spec.accessModes ?? []).every((mode) => volume.spec.accessModes?.includes(mode));
}

/** Why the volume that a claim names cannot be its volume, in upstream's words. */
export function mismatch(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  if (volume.metadata.deletionTimestamp !== undefined) return `the volume is marked for deletion ${JSON.stringify(volume.metadata.name)}`;
  if (!isLargeEnough(volume, claim)) return "requested PV is too small";
  if (className(volume) !== className(claim)) return "storageClassName does not match";
  if ((volume.spec.volumeAttributesClassName ?? "") !== (claim.spec.volumeAttributesClassName ?? "")) return "volumeAttributesClassName does not match";
  if (modeOf(volume) !== modeOf(claim)) return "incompatible volumeMode";
  return hasModes(volume, claim) ? undefined : "incompatible accessMode";
}

export interface MatchOptions {
  /** The scheduler asks for one node; the binder for none. */
  readonly node?: Node;
  /** The claim's binding is the scheduler's to begin: only what names the claim already counts. */
  readonly waits: boolean;
  /** Taken by others. */
  readonly taken?: (volume: PersistentVolume) => boolean;
}

/** The volume for a claim: one that names it, else the smallest that answers it, of equal ones the one with fewest access modes, then by name. */
export function matchingVolume(claim: PersistentVolumeClaim, volumes: readonly PersistentVolume[], options: MatchOptions): PersistentVolume | undefined {
  const { node, waits, taken } = options;
  const candidates = volumes.filter((volume) => fitsClaim(volume, claim) && taken?.(volume) !== true);
  const own = candidates.find((volume) => volume.spec.claimRef !== undefined);
  if (own) return node === undefined || reachesNode(own, node) ? own : undefined;
  if (waits && node === undefined) return undefined;
  const open = candidates.filter((volume) => isOpenTo(volume, claim) && (node === undefined || reachesNode(volume, node)));
  const order = (a: PersistentVolume, b: PersistentVolume): number =>
    // The binder goes through volumes by their modes, the scheduler by size alone.
    (node === undefined ? (a.spec.accessModes?.length ?? 0) - (b.spec.accessModes?.length ?? 0) : 0) ||
    compareQuantity(sizeOf(a.spec.capacity?.["storage"]), sizeOf(b.spec.capacity?.["storage"])) ||
    (a.metadata.name < b.metadata.name ? -1 : 1);
  return open.toSorted(order)[0];
}

/** What holds for a volume that was promised to the claim, too. */
function fitsClaim(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  if (volume.spec.claimRef !== undefined && !namesClaim(volume, claim)) return false;
  if (volume.metadata.deletionTimestamp !== undefined || modeOf(volume) !== modeOf(claim)) return false;
  return isLargeEnough(volume, claim) && hasModes(volume, claim) && (volume.spec.volumeAttributesClassName ?? "") === (claim.spec.volumeAttributesClassName ?? "");
}

function isOpenTo(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  if (volume.status.phase !== "Available" || className(volume) !== className(claim)) return false;
  return claim.spec.selector === undefined || matchesSelector(claim.spec.selector, volume.metadata.labels);
}

/** Whether a node may use the volume. */
export function reachesNode({ spec }: PersistentVolume, { metadata }: Node): boolean {
  const required = spec.nodeAffinity?.required;
  return required === undefined || nodeSelectorHolds(required, metadata.name, metadata.labels);
}

/** The name of the claim that a volume of a Pod uses; undefined: it uses none. */
export function claimNameOf(pod: Pod, volume: Volume): string | undefined {
  if (volume.persistentVolumeClaim !== undefined) return volume.persistentVolumeClaim.claimName;
  return volume.ephemeral === undefined ? undefined : `${pod.metadata.name}-${volume.name}`;
}

/** The volume with this claim in it. The same object when it names the claim already. */
export function withClaim(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume {
  const { name, namespace = "", uid, resourceVersion } = claim.metadata;
  if (namesClaim(volume, claim) && volume.spec.claimRef?.uid === uid) return volume;
  // Who named the claim beforehand keeps the right to the binding.
  const annotations = namesClaim(volume, claim) ? volume.metadata.annotations : { ...volume.metadata.annotations, [boundByController]: "yes" };
  const claimRef = { kind: "PersistentVolumeClaim", namespace, name, uid, apiVersion: "v1", ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  return { ...volume, metadata: { ...volume.metadata, ...(annotations === undefined ? {} : { annotations }) }, spec: { ...volume.spec, claimRef } };
}
