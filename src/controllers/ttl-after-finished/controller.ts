import { isStatus } from "../../base/status-error.ts";
import { jobs } from "../../api/kinds.ts";
import type { Job } from "../../api/types/batch-v1.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import { keyOf } from "../../client/informer.ts";
import type { Outcome } from "../../client/reconciler.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { expiryOf } from "./plan.ts";

/**
 * Deletes finished Jobs, and their Pods before them, when their time to live is over. The Job is read from the server once more
 * before: somebody may just have given it more time.
 */
export function startTtlAfterFinishedController(context: ControllerContext): Controller {
  const { environment, informers } = context;
  const client = context.client("ttl-after-finished-controller");
  const view = informers.of(jobs);

  async function sync(key: string): Promise<Outcome> {
    const seen = view.get(key);
    const due = seen && expiryOf(seen);
    if (!seen || due === undefined) return;
    if (due > environment.clock.now()) return { again: due };
    try {
      await deleteExpired(seen);
    } catch (error) {
      if (!isStatus(error, "NotFound") && !isStatus(error, "Conflict")) throw error;
    }
  }

  async function deleteExpired({ metadata: { namespace, name, uid } }: Job): Promise<void> {
    const fresh = await client.get(jobs, { namespace, name });
    const due = fresh.metadata.uid === uid ? expiryOf(fresh) : undefined;
    if (due === undefined || due > environment.clock.now()) return;
    const { resourceVersion } = fresh.metadata;
    await client.delete(jobs, { namespace, name }, { propagationPolicy: "Foreground", preconditions: { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) } });
  }

  const queue = new Reconciler({ name: "ttl-after-finished", environment, reconcile: sync });
  const stopWatching = view.onChange((current) => {
    if (current && expiryOf(current) !== undefined) queue.add(keyOf(current));
  });
  return {
    stop() {
      stopWatching();
      queue.stop();
    },
  };
}
