import type { PersistentVolume, PersistentVolumeClaim } from "../../api/types/core-v1.ts";
import type { StorageClass } from "../../api/types/storage-v1.ts";
import { sameData } from "../../api/equality.ts";
import { defaultClass, hasClass } from "../../api/storage/default-class.ts";
import { bindCompleted, boundByController, className, matchingVolume, mismatch, namesClaim, selectedNode, waitsForConsumer, withClaim } from "../../placement/volume-match.ts";

/**
 * The binding of claims to volumes that exist, purely: each look at a claim or a volume gives one next write, or none when it is at
 * rest. A binding is four writes, the volume first: claim in the volume, volume bound, volume in the claim, claim bound. Whoever dies
 * between two of them finds at the next look what is left to do. Volumes are made by provisioners and people, not here.
 */

export interface StorageView {
  volume(name: string): PersistentVolume | undefined;
  volumes(): readonly PersistentVolume[];
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined;
  readonly classes: { get(name: string): StorageClass | undefined; list(): readonly StorageClass[] };
  /** Pods that use a claim and have no node yet, by name. */
  waitingPods(claim: PersistentVolumeClaim): readonly string[];
}

export type Write =
  | { readonly what: "volume" | "volume status"; readonly volume: PersistentVolume }
  | { readonly what: "claim" | "claim status"; readonly claim: PersistentVolumeClaim }
  | { readonly what: "delete volume"; readonly volume: PersistentVolume };

export interface Told {
  readonly about: PersistentVolume | PersistentVolumeClaim;
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

export interface Step {
  readonly write?: Write;
  /** Told after the write; at every look where there is none. */
  readonly told?: Told;
}

type ClaimPhase = "Pending" | "Bound" | "Lost";
const provisionerKeys = ["volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/storage-provisioner"];
const noClass = "no persistent volumes available for this claim and no storage class is set";

export function planClaim(claim: PersistentVolumeClaim, view: StorageView): Step {
  return claim.metadata.annotations?.[bindCompleted] === undefined ? planUnbound(claim, view) : planBound(claim, view);
}

function planUnbound(claim: PersistentVolumeClaim, view: StorageView): Step {
  const { volumeName = "" } = claim.spec;
  if (volumeName === "") {
    const waits = waitsForConsumer(claim, view.classes);
    const volume = matchingVolume(claim, view.volumes(), { waits });
    return volume ? bindStep(claim, volume) : planUnmatched(claim, view, waits);
  }
  const volume = view.volume(volumeName);
  if (volume === undefined) return pending(claim);
  const tell = (reason: string, message: string): Step => ({ ...pending(claim), told: { about: claim, type: "Warning", reason, message } });
  if (volume.spec.claimRef === undefined) {
    const why = mismatch(volume, claim);
    return why === undefined ? bindStep(claim, volume) : tell("VolumeMismatch", `Cannot bind to requested volume ${JSON.stringify(volumeName)}: ${why}`);
  }
  return namesClaim(volume, claim) ? bindStep(claim, volume) : tell("FailedBinding", `volume ${JSON.stringify(volumeName)} already bound to a different claim.`);
}

/** No volume answers: the claim waits for a Pod, for a provisioner, or for a volume. */
function planUnmatched(claim: PersistentVolumeClaim, view: StorageView, waits: boolean): Step {
  const fallback = hasClass(claim) ? undefined : defaultClass(view.classes.list());
  if (fallback) return { write: { what: "claim", claim: { ...claim, spec: { ...claim.spec, storageClassName: fallback.metadata.name } } } };
  const tell = (reason: string, message: string, type: Told["type"] = "Normal"): Step => ({ ...pending(claim), told: { about: claim, type, reason, message } });
  if (waits && claim.metadata.annotations?.[selectedNode] === undefined) {
    const pods = view.waitingPods(claim);
    if (pods.length === 0) return tell("WaitForFirstConsumer", "waiting for first consumer to be created before binding");
    return tell("WaitForPodScheduled", pods.length === 1 ? `waiting for pod ${pods[0]} to be scheduled` : `waiting for pods ${pods.join(",")} to be scheduled`);
  }
  const name = className(claim);
  if (name === "") return tell("FailedBinding", noClass);
  const provisioner = view.classes.get(name)?.provisioner;
  if (provisioner === undefined) return tell("ProvisioningFailed", `storageclass.storage.k8s.io ${JSON.stringify(name)} not found`, "Warning");
  if (provisioner.startsWith("kubernetes.io/")) return tell("ProvisioningFailed", `no volume plugin matched name: ${provisioner}`, "Warning");
  if (provisionerKeys.every((key) => claim.metadata.annotations?.[key] === provisioner)) return { ...pending(claim), told: external(claim, provisioner) };
  const annotations = { ...claim.metadata.annotations, ...Object.fromEntries(provisionerKeys.map((key) => [key, provisioner])) };
  return { write: { what: "claim", claim: { ...claim, metadata: { ...claim.metadata, annotations } } } };
}

function external(claim: PersistentVolumeClaim, provisioner: string): Told {
  const message =
    `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. ` +
    "If volume creation is delayed, please verify that the provisioner is running and correctly registered.";
  return { about: claim, type: "Normal", reason: "ExternalProvisioning", message };
}

function planBound(claim: PersistentVolumeClaim, view: StorageView): Step {
  const { volumeName = "" } = claim.spec;
  if (volumeName === "") return lost(claim, "ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!");
  const volume = view.volume(volumeName);
  if (volume === undefined) return lost(claim, "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!");
  const { claimRef } = volume.spec;
  if (claimRef === undefined || claimRef.uid === claim.metadata.uid) return bindStep(claim, volume);
  return lost(claim, "ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly");
}

function lost(claim: PersistentVolumeClaim, reason: string, message: string): Step {
  if (claim.status.phase === "Lost") return {};
  return { ...claimStatus(claim, "Lost"), told: { about: claim, type: "Warning", reason, message } };
}

function pending(claim: PersistentVolumeClaim): Step {
  return claimStatus(claim, "Pending");
}

/** The next write of a binding; none when it stands. */
function bindStep(claim: PersistentVolumeClaim, volume: PersistentVolume): Step {
  const named = withClaim(volume, claim);
  if (named !== volume) return { write: { what: "volume", volume: named } };
  const bound = volumePhase(volume, "Bound");
  if (bound.write) return bound;
  const { annotations = {} } = claim.metadata;
  const byUs = claim.spec.volumeName === volume.metadata.name ? {} : { [boundByController]: annotations[boundByController] ?? "yes" };
  const wanted = { ...annotations, ...byUs, [bindCompleted]: annotations[bindCompleted] ?? "yes" };
  if (claim.spec.volumeName !== volume.metadata.name || annotations[bindCompleted] === undefined) {
    return { write: { what: "claim", claim: { ...claim, metadata: { ...claim.metadata, annotations: wanted }, spec: { ...claim.spec, volumeName: volume.metadata.name } } } };
  }
  return claimStatus(claim, "Bound", volume);
}

/** The status of a claim: what its volume gives it while it has one. The size is taken over once, when the claim is bound. */
function claimStatus(claim: PersistentVolumeClaim, phase: ClaimPhase, volume?: PersistentVolume): Step {
  const { accessModes: _, capacity, currentVolumeAttributesClassName: attributes, ...rest } = claim.status;
  const size = claim.status.phase === phase ? capacity : volume?.spec.capacity;
  const attributesClass = claim.status.phase === phase ? attributes : volume?.spec.volumeAttributesClassName;
  const given = volume && {
    ...(volume.spec.accessModes === undefined ? {} : { accessModes: volume.spec.accessModes }),
    ...(size === undefined ? {} : { capacity: size }),
    ...(attributesClass === undefined ? {} : { currentVolumeAttributesClassName: attributesClass }),
  };
  const status = { ...rest, phase, ...given };
  return sameData(status, claim.status) ? {} : { write: { what: "claim status", claim: { ...claim, status } } };
}

export function planVolume(volume: PersistentVolume, view: StorageView): Step {
  const { claimRef } = volume.spec;
  if (claimRef === undefined || (claimRef.uid ?? "") === "") return volumePhase(volume, "Available");
  const found = view.claim(claimRef.namespace ?? "", claimRef.name ?? "");
  const claim = found?.metadata.uid === claimRef.uid ? found : undefined;
  if (claim === undefined) {
    const { phase } = volume.status;
    return phase === "Released" || phase === "Failed" ? reclaim(volume) : volumePhase(volume, "Released");
  }
  const { volumeName = "" } = claim.spec;
  if (volumeName === "") return {};
  return volumeName === volume.metadata.name ? volumePhase(volume, "Bound") : unbindStep(volume);
}

/** The claim has another volume: this one is free again, as far as the binder had bound it. */
function unbindStep(volume: PersistentVolume): Step {
  const { [boundByController]: byUs, ...annotations } = volume.metadata.annotations ?? {};
  const { claimRef, ...spec } = volume.spec;
  if (byUs === undefined) {
    const { uid: _, ...reference } = claimRef ?? {};
    return { write: { what: "volume", volume: { ...volume, spec: { ...spec, claimRef: reference } } } };
  }
  const { annotations: __, ...metadata } = volume.metadata;
  return { write: { what: "volume", volume: { ...volume, metadata: { ...metadata, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) }, spec } } };
}

/** What becomes of a volume whose claim has gone. Of the kinds of volumes only directories below /tmp can be deleted from here, as upstream. */
function reclaim(volume: PersistentVolume): Step {
  const { persistentVolumeReclaimPolicy: policy = "Retain", hostPath } = volume.spec;
  const { name, annotations, deletionTimestamp } = volume.metadata;
  if (policy === "Retain") return {};
  if (policy === "Recycle") return failed(volume, "VolumeFailedRecycle", "No recycler plugin found for the volume!");
  if (policy !== "Delete") return failed(volume, "VolumeUnknownReclaimPolicy", "Volume has unrecognized PersistentVolumeReclaimPolicy");
  // Who provisioned it takes it away.
  if (annotations?.["pv.kubernetes.io/provisioned-by"] !== undefined) return {};
  if (hostPath === undefined) return failed(volume, "VolumeFailedDelete", `error getting deleter volume plugin for volume ${JSON.stringify(name)}: no deletable volume plugin matched`);
  if (!/^\/tmp\/.+/.test(hostPath.path)) return failed(volume, "VolumeFailedDelete", `host_path deleter only supports /tmp/.+ but received provided ${hostPath.path}`);
  return deletionTimestamp === undefined ? { write: { what: "delete volume", volume } } : {};
}

function failed(volume: PersistentVolume, reason: string, message: string): Step {
  const step = volumePhase(volume, "Failed", message);
  return step.write ? { ...step, told: { about: volume, type: "Warning", reason, message } } : {};
}

function volumePhase(volume: PersistentVolume, phase: NonNullable<PersistentVolume["status"]["phase"]>, message?: string): Step {
  if (volume.status.phase === phase) return {};
  const { message: _, ...status } = volume.status;
  return { write: { what: "volume status", volume: { ...volume, status: { ...status, phase, ...(message === undefined ? {} : { message }) } } } };
}
