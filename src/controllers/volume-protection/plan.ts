import type { KubeObject } from "../../api/kind-ref.ts";
import type { PersistentVolume, PersistentVolumeClaim, Pod } from "../../api/types/core-v1.ts";
import { claimNameOf } from "../../placement/volume-match.ts";
import { isPodTerminal } from "../pod-status.ts";
import { controllerOf } from "../owner.ts";

/** What keeps volumes and claims in use from going: a finalizer, put on by admission, off when nobody needs the object any more. Pure. */

export const claimFinalizer = "kubernetes.io/pvc-protection";
export const volumeFinalizer = "kubernetes.io/pv-protection";

/** The object with its finalizer put on or taken off; undefined: it is as it should be. */
export function protectedObject<T extends KubeObject>(object: T, finalizer: string, isUsed: boolean): T | undefined {
  const { finalizers = [], deletionTimestamp } = object.metadata;
  const has = finalizers.includes(finalizer);
  if (deletionTimestamp === undefined) return has ? undefined : withFinalizers(object, [...finalizers, finalizer]);
  return has && !isUsed ? withFinalizers(object, finalizers.filter((each) => each !== finalizer)) : undefined;
}

function withFinalizers<T extends KubeObject>(object: T, finalizers: readonly string[]): T {
  return { ...object, metadata: { ...object.metadata, finalizers } };
}

export function isVolumeUsed({ status }: PersistentVolume): boolean {
  return status.phase === "Bound";
}

/** Whether a Pod keeps a claim: one that has a node, even when it has ended; one that made the claim for itself only until then. */
export function isClaimUsed({ metadata }: PersistentVolumeClaim, pods: readonly Pod[]): boolean {
  return pods.some((pod) => {
    if (!pod.spec.nodeName) return false;
    return (pod.spec.volumes ?? []).some((volume) => {
      if (claimNameOf(pod, volume) !== metadata.name) return false;
      if (volume.persistentVolumeClaim !== undefined) return true;
      return !isPodTerminal(pod) && controllerOf({ metadata } as KubeObject)?.uid === pod.metadata.uid;
    });
  });
}
