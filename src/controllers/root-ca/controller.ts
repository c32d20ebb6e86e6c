import { isStatus } from "../../base/status-error.ts";
import { configMaps, namespaces } from "../../api/kinds.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { isNamespaceEnding } from "../creation-failure.ts";
import { mapName, planRootCa } from "./plan.ts";

/**
 * Keeps the cluster's CA in every namespace as ConfigMap `kube-root-ca.crt`: made anew when deleted, put right when changed,
 * until the namespace goes.
 */
export function startRootCaController(context: ControllerContext, options: { readonly caPem: string }): Controller {
  const { environment, informers } = context;
  const client = context.client("root-ca-cert-publisher");
  const spaces = informers.of(namespaces);
  const maps = informers.of(configMaps);
  const synced = informers.synced();
  async function sync(namespace: string): Promise<void> {
    await synced;
    const plan = planRootCa({ space: spaces.get(namespace), standing: maps.get(`${namespace}/${mapName}`), caPem: options.caPem });
    try {
      if (plan.create) await client.create(configMaps, plan.create);
      if (plan.update) await client.update(configMaps, plan.update);
    } catch (error) {
      // A stale view: its next change brings the key back.
      if (!isStatus(error, "AlreadyExists") && !isStatus(error, "NotFound") && !isNamespaceEnding(error)) throw error;
    }
  }

  const queue = new Reconciler({ name: "root-ca", environment, reconcile: sync });
  const stops = [
    spaces.onChange((current) => {
      if (current) queue.add(current.metadata.name);
    }),
    maps.onChange((current, previous) => {
      const map = current ?? previous;
      if (map?.metadata.name === mapName) queue.add(map.metadata.namespace ?? "");
    }),
  ];
  return {
    stop() {
      for (const stop of stops) stop();
      queue.stop();
    },
  };
}
