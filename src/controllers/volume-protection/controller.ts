import type { KindRef, KubeObject } from "../../api/kind-ref.ts";
import { persistentVolumeClaims, persistentVolumes, pods } from "../../api/kinds.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import { isStatus } from "../../base/status-error.ts";
import type { Client } from "../../client/client.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import { keyOf } from "../../client/informer.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { claimNameOf } from "../../placement/volume-match.ts";
import { indexByClaim, podsUsing } from "../indexes.ts";
import { claimFinalizer, isClaimUsed, isVolumeUsed, protectedObject, volumeFinalizer } from "./plan.ts";

/** Lets a volume go when no claim is bound to it. */
export function startVolumeProtectionController(context: ControllerContext): Controller {
  const { environment, informers } = context;
  const client = context.client("pv-protection-controller");
  const volumes = informers.of(persistentVolumes);
  async function sync(name: string): Promise<void> {
    const volume = volumes.get(name);
    if (volume) await write(client, persistentVolumes, protectedObject(volume, volumeFinalizer, isVolumeUsed(volume)));
  }
  const queue = new Reconciler({ name: "volume protection", environment, reconcile: sync });
  const stop = volumes.onChange((current) => {
    if (current && protectedObject(current, volumeFinalizer, false)) queue.add(current.metadata.name);
  });
  return stopping(queue, [stop]);
}

/** Lets a claim go when no Pod that has a node uses it. */
export function startClaimProtectionController(context: ControllerContext): Controller {
  const { environment, informers } = context;
  const client = context.client("pvc-protection-controller");
  const claims = informers.of(persistentVolumeClaims);
  const podView = informers.of(pods);
  const synced = informers.synced();
  indexByClaim(podView);
  async function sync(key: string): Promise<void> {
    await synced;
    const claim = claims.get(key);
    if (claim) await write(client, persistentVolumeClaims, protectedObject(claim, claimFinalizer, isClaimUsed(claim, podsUsing(podView, key))));
  }
  const queue = new Reconciler({ name: "claim protection", environment, reconcile: sync });
  const wakeClaims = (pod: Pod): void => {
    for (const volume of pod.spec.volumes ?? []) {
      const name = claimNameOf(pod, volume);
      if (name !== undefined) queue.add(`${pod.metadata.namespace}/${name}`);
    }
  };
  return stopping(queue, [
    claims.onChange((current) => {
      if (current && protectedObject(current, claimFinalizer, false)) queue.add(keyOf(current));
    }),
    podView.onChange((current, previous) => {
      if (current === undefined || (previous !== undefined && current.status.phase !== previous.status.phase)) wakeClaims((current ?? previous) as Pod);
    }),
  ]);
}

async function write<T extends KubeObject>(client: Client, kind: KindRef<T>, object: T | undefined): Promise<void> {
  if (object === undefined) return;
  try {
    await client.update(kind, object);
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}

function stopping(queue: Reconciler, stops: readonly (() => void)[]): Controller {
  return {
    stop() {
      for (const stop of stops) stop();
      queue.stop();
    },
  };
}
