import { persistentVolumeClaims, pods } from "../../api/kinds.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import { isStatus } from "../../base/status-error.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import { keyOf } from "../../client/informer.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { isNamespaceEnding, messageOf } from "../creation-failure.ts";
import { indexByClaim, podsUsing } from "../indexes.ts";
import { planOwnClaims } from "./plan.ts";

/** Makes the claims of generic ephemeral volumes: each Pod's own, named after Pod and volume, gone with the Pod. */
export function startEphemeralVolumeController(context: ControllerContext): Controller {
  const { environment, informers } = context;
  const client = context.client("ephemeral-volume-controller");
  const recorder = context.recorder("ephemeral_volume");
  const podView = informers.of(pods);
  const claims = informers.of(persistentVolumeClaims);
  const synced = informers.synced();
  indexByClaim(podView);

  async function sync(key: string): Promise<void> {
    await synced;
    const pod = podView.get(key);
    if (pod === undefined) return;
    const { create, failures } = planOwnClaims(pod, (name) => claims.get(`${pod.metadata.namespace}/${name}`));
    const wrong = [...failures];
    for (const claim of create) {
      try {
        await client.create(persistentVolumeClaims, claim);
      } catch (error) {
        // One that the view does not show yet: it asks for a look when it does.
        if (isStatus(error, "AlreadyExists") || isNamespaceEnding(error)) continue;
        const { name } = claim.metadata;
        wrong.push(`ephemeral volume ${name.slice(pod.metadata.name.length + 1)}: create PVC ${name}: ${messageOf(error)}`);
      }
    }
    for (const message of wrong) recorder.event(pod, "Warning", "FailedBinding", message);
    if (wrong.length > 0) throw new Error(wrong.join(", "));
  }

  const queue = new Reconciler({ name: "ephemeral volumes", environment, reconcile: sync });
  const wake = (pod: Pod): void => {
    if (pod.spec.volumes?.some(({ ephemeral }) => ephemeral !== undefined)) queue.add(keyOf(pod));
  };
  const stops = [
    podView.onChange((current, previous) => {
      if (current && !previous) wake(current);
    }),
    claims.onChange((current, previous) => {
      if (current === undefined && previous) for (const pod of podsUsing(podView, keyOf(previous))) wake(pod);
    }),
  ];
  return {
    stop() {
      for (const stop of stops) stop();
      queue.stop();
    },
  };
}
