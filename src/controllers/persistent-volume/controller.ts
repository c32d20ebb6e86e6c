import type { KindRef, KubeObject } from "../../api/kind-ref.ts";
import { persistentVolumeClaims, persistentVolumes, pods, storageClasses } from "../../api/kinds.ts";
import type { PersistentVolume } from "../../api/types/core-v1.ts";
import { isStatus } from "../../base/status-error.ts";
import { formatTime } from "../../base/time.ts";
import type { Client } from "../../client/client.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import { keyOf } from "../../client/informer.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { indexByClaim, podsUsing } from "../indexes.ts";
import { NewestWrites } from "./newest-writes.ts";
import { planClaim, planVolume } from "./plan.ts";
import type { Step, StorageView, Write } from "./plan.ts";
import { waitingOf, wakeOnChanges } from "./wakes.ts";

/**
 * Binds PersistentVolumeClaims to PersistentVolumes that exist, and frees or deletes volumes whose claim has gone. A claim or volume is
 * looked at when it or what it names changes, and every claim that waits when a volume becomes free or a class comes; upstream looks at
 * all of them every 15 seconds, and tells why a claim waits each time.
 */
export function startPersistentVolumeController(context: ControllerContext): Controller {
  const { environment, informers } = context;
  const client = context.client("persistent-volume-binder");
  const recorder = context.recorder("persistentvolume-controller");
  const claims = new NewestWrites(informers.of(persistentVolumeClaims));
  const volumes = new NewestWrites(informers.of(persistentVolumes));
  const classes = informers.of(storageClasses);
  const podView = informers.of(pods);
  const synced = informers.synced();
  indexByClaim(podView);

  const view: StorageView = {
    volume: (name) => volumes.get(name),
    volumes: () => volumes.list(),
    claim: (namespace, name) => claims.get(`${namespace}/${name}`),
    classes,
    waitingPods: (claim) => podsUsing(podView, keyOf(claim)).filter(({ spec }) => !spec.nodeName).map(({ metadata }) => metadata.name),
  };

  async function sync(key: string): Promise<void> {
    await synced;
    for (;;) {
      const step = next(key);
      if (step.write && !(await carryOut(step.write))) return;
      if (step.told) recorder.event(step.told.about, step.told.type, step.told.reason, step.told.message);
      if (step.told || !step.write) return;
    }
  }

  function next(key: string): Step {
    const waiting = waitingOf(key);
    const claim = "claim" in waiting ? claims.get(waiting.claim) : undefined;
    const volume = "volume" in waiting ? volumes.get(waiting.volume) : undefined;
    return claim ? planClaim(claim, view) : volume ? planVolume(volume, view) : {};
  }

  /** False when the object has gone. */
  async function carryOut(write: Write): Promise<boolean> {
    try {
      if (write.what === "delete volume") await client.delete(persistentVolumes, { name: write.volume.metadata.name }, { preconditions: { uid: write.volume.metadata.uid } });
      else if ("claim" in write) claims.wrote(await put(client, persistentVolumeClaims, write.claim, write.what === "claim status"));
      else volumes.wrote(await put(client, persistentVolumes, stamped(write.volume, write.what), write.what === "volume status"));
      return write.what !== "delete volume";
    } catch (error) {
      if (isStatus(error, "NotFound")) return false;
      throw error;
    }
  }

  function stamped(volume: PersistentVolume, what: Write["what"]): PersistentVolume {
    if (what !== "volume status") return volume;
    return { ...volume, status: { ...volume.status, lastPhaseTransitionTime: formatTime(environment.clock.now()) } };
  }

  const queue = new Reconciler({ name: "persistent volumes", environment, reconcile: sync });
  const stopWaking = wakeOnChanges({ claims, volumes, classes, queue });
  return {
    stop() {
      stopWaking();
      queue.stop();
    },
  };
}

async function put<T extends KubeObject>(client: Client, kind: KindRef<T>, object: T, isStatus: boolean): Promise<T> {
  return await client.update(kind, object, isStatus ? { subresource: "status" } : {});
}
