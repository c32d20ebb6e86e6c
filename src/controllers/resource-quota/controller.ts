import { resourceQuotas } from "../../api/kinds.ts";
import type { KindRef, KubeObject } from "../../api/kind-ref.ts";
import { concerns, resourceOfName } from "../../api/core/quota-usage.ts";
import { isStatus } from "../../base/status-error.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import type { Informer } from "../../client/informer.ts";
import { keyOf } from "../../client/informer.ts";
import type { Outcome } from "../../client/reconciler.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { storedKinds } from "../stored-kinds.ts";
import { quotaStatus } from "./plan.ts";

/**
 * Writes into every ResourceQuota what its namespace holds. Admission keeps count by itself; this is for those who read. A kind
 * is watched once a quota bounds it.
 */
export function startResourceQuotaController(context: ControllerContext): Controller {
  const { environment, informers } = context;
  const client = context.client("resourcequota-controller");
  const quotas = informers.of(resourceQuotas);
  const kinds = new Map(storedKinds().map(({ ref }) => [ref.group === "" ? ref.plural : `${ref.plural}.${ref.group}`, ref]));
  const views = new Map<string, { readonly ref: KindRef; readonly view: Informer<KubeObject> }>();
  const stops: (() => void)[] = [];

  /** True when the kind was not watched before. */
  function watch(resource: string): boolean {
    const ref = kinds.get(resource);
    if (ref === undefined || views.has(resource)) return false;
    const view = informers.of(ref) as Informer<KubeObject>;
    views.set(resource, { ref, view });
    stops.push(
      view.onChange((current, previous) => {
        const namespace = (current ?? previous)?.metadata.namespace;
        for (const quota of quotas.list(namespace)) if (concerns(quota.spec, ref)) queue.add(keyOf(quota));
      }),
    );
    return true;
  }

  async function sync(key: string): Promise<Outcome> {
    const first = quotas.get(key);
    if (first === undefined) return;
    const resources = [...new Set(Object.keys(first.spec.hard ?? {}).map(resourceOfName))];
    if (resources.map(watch).some(Boolean)) await informers.synced();
    const quota = quotas.get(key);
    if (quota === undefined) return;
    const held = resources.flatMap((resource) => views.get(resource) ?? []).map(({ ref, view }) => ({ ref, objects: view.list(quota.metadata.namespace) }));
    const status = quotaStatus(quota, held);
    if (status === undefined) return;
    try {
      await client.update(resourceQuotas, { ...quota, status }, { subresource: "status" });
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }

  const queue = new Reconciler({ name: "resource-quota", environment, reconcile: sync });
  stops.push(
    quotas.onChange((current) => {
      if (current !== undefined) queue.add(keyOf(current));
    }),
  );
  return {
    stop() {
      for (const stop of stops) stop();
      queue.stop();
    },
  };
}
