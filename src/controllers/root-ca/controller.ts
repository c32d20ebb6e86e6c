import { isStatus } from "../../base/status-error.ts";
import { configMaps, namespaces } from "../../api/kinds.ts";
import type { ConfigMap } from "../../api/types/core-v1.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { isNamespaceEnding } from "../creation-failure.ts";

const mapName = "kube-root-ca.crt";
const fileName = "ca.crt";
const descriptionKey = "kubernetes.io/description";
/** Upstream's text, which `kubectl describe` shows. */
const description =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. " +
  "No other usage is guaranteed across distributions of Kubernetes clusters.";

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
  const data = { [fileName]: options.caPem };

  function isRight({ data: found, metadata }: ConfigMap): boolean {
    return found?.[fileName] === options.caPem && Object.keys(found).length === 1 && metadata.annotations?.[descriptionKey] !== undefined;
  }

  async function sync(namespace: string): Promise<void> {
    await synced;
    const space = spaces.get(namespace);
    if (!space || space.status.phase === "Terminating") return;
    const found = maps.get(`${namespace}/${mapName}`);
    if (found && isRight(found)) return;
    try {
      if (found) {
        const annotations = { ...found.metadata.annotations, [descriptionKey]: description };
        await client.update(configMaps, { ...found, metadata: { ...found.metadata, annotations }, data });
      } else {
        await client.create(configMaps, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: mapName, namespace, annotations: { [descriptionKey]: description } }, data });
      }
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
