import { isStatus } from "../../base/status-error.ts";
import { sameData } from "../../api/equality.ts";
import { namespaces, pods } from "../../api/kinds.ts";
import type { Namespace } from "../../api/types/core-v1.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import type { Outcome } from "../../client/reconciler.ts";
import { Reconciler } from "../../client/reconciler.ts";
import type { StoredKind } from "../stored-kinds.ts";
import { storedKinds } from "../stored-kinds.ts";
import { sweepNamespace } from "./content.ts";
import { beginOf, planAfterSweep } from "./plan.ts";

/** Upstream's ConcurrentNamespaceSyncs. */
const concurrency = 10;

/**
 * Empties namespaces that are being deleted and lets them go. It begins five seconds after the deletion, goes on when the last
 * Pod has gone, and looks again by itself while finalizers hold something.
 */
export function startNamespaceController(context: ControllerContext, kinds: readonly StoredKind[] = storedKinds()): Controller {
  const { environment, informers } = context;
  const client = context.client("namespace-controller");
  const view = informers.of(namespaces);
  const podView = informers.of(pods);

  async function sync(name: string): Promise<Outcome> {
    const namespace = await readNamespace(name);
    const begin = namespace && beginOf(namespace);
    if (namespace === undefined || begin === undefined) return;
    if (begin > environment.clock.now()) return { again: begin };
    const plan = planAfterSweep(namespace, await sweepNamespace(client, name, kinds), environment.clock.now());
    const told = plan.status === undefined ? namespace : await client.update(namespaces, { ...namespace, status: plan.status }, { subresource: "status" });
    if (plan.failure !== undefined) throw new Error(plan.failure);
    if (plan.finalizers === undefined) return { again: plan.again };
    await client.update(namespaces, { ...told, spec: { ...told.spec, finalizers: plan.finalizers } }, { subresource: "finalize" });
  }

  async function readNamespace(name: string): Promise<Namespace | undefined> {
    try {
      return await client.get(namespaces, { name });
    } catch (error) {
      if (isStatus(error, "NotFound")) return undefined;
      throw error;
    }
  }

  const queue = new Reconciler({ name: "namespace", environment, concurrency, reconcile: sync });
  /** Pods per namespace, so that the last one's end is noticed without looking at the others. */
  const podCounts = new Map<string, number>();
  function countPod(namespace: string, difference: 1 | -1): void {
    const count = (podCounts.get(namespace) ?? 0) + difference;
    if (count > 0) podCounts.set(namespace, count);
    else podCounts.delete(namespace);
  }

  const stops = [
    view.onChange((current, previous) => {
      if (current?.metadata.deletionTimestamp === undefined) return;
      const isNews = previous?.metadata.deletionTimestamp === undefined || !sameData(previous.spec.finalizers, current.spec.finalizers);
      if (isNews) queue.add(current.metadata.name);
    }),
    podView.onChange((current, previous) => {
      const { namespace = "" } = (current ?? previous)?.metadata ?? {};
      if (current && !previous) countPod(namespace, 1);
      if (current || !previous) return;
      countPod(namespace, -1);
      if (!podCounts.has(namespace) && view.get(namespace)?.metadata.deletionTimestamp !== undefined) queue.add(namespace);
    }),
  ];
  return {
    stop() {
      for (const stop of stops) stop();
      queue.stop();
    },
  };
}
