import type { Draft } from "../base/json.ts";
import { formatTime } from "../base/time.ts";
import type { KubeObject } from "../api/kind-ref.ts";
import type { Namespace } from "../api/types/core-v1.ts";
import type { Stored } from "../store/contract.ts";
import { sealed, unstored } from "./commit.ts";
import type { ResourceCall } from "./context.ts";
import type { DeleteOptions } from "./delete-options.ts";
import { orderedMeta } from "./meta.ts";

/**
 * A Namespace is deleted in two steps: the first request marks it Terminating; it goes when the finalizers of its spec are
 * gone. Answers with the state of a Namespace that still stands, undefined when nothing holds it any more.
 */
export async function startNamespaceTermination(call: ResourceCall, current: Stored, options: DeleteOptions): Promise<Stored | undefined> {
  const namespace = current.object as Namespace;
  const held = (namespace.spec?.finalizers ?? []).length > 0;
  if (namespace.metadata.deletionTimestamp !== undefined) return held ? current : undefined;
  const deletionTimestamp = formatTime(call.server.environment.clock.now());
  const next = {
    ...namespace,
    metadata: orderedMeta({ ...namespace.metadata, deletionTimestamp }),
    status: { ...namespace.status, phase: "Terminating" },
  } as Draft<KubeObject>;
  if (options.dryRun) return unstored(current.key, next as KubeObject);
  if (!held) return undefined;
  return await call.server.store.put(current.key, current.revision, sealed(next));
}
