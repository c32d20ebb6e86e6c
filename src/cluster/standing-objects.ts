import type { Environment } from "../base/environment.ts";
import { isStatus } from "../base/status-error.ts";
import { formatTime } from "../base/time.ts";
import { endpointSlices, endpoints, namespaces, services } from "../api/kinds.ts";
import type { KindRef, KubeObject } from "../api/kind-ref.ts";
import type { Client } from "../client/client.ts";
import type { Informers } from "../client/informer.ts";
import { bootstrapObjects } from "../server/bootstrap/objects.ts";
import { apiServerObjects } from "./system-workloads.ts";
import type { SystemObject } from "./system-workloads.ts";

/**
 * What an API server of upstream keeps up itself, whoever deletes it: the Service `kubernetes` with its addresses, looked after
 * every ten seconds, and the first namespaces, every minute. Nothing is looked at while nothing is deleted: a deletion sets the
 * alarm for the next of these moments.
 */
const serviceEveryMs = 10_000;
const namespacesEveryMs = 60_000;

interface Standing extends SystemObject {
  readonly everyMs: number;
}

function standingObjects(birth: string): readonly Standing[] {
  const stored = bootstrapObjects(birth);
  const from = (path: string, kind: KindRef, everyMs: number): Standing[] =>
    (stored[path] ?? []).map((object) => ({ kind, object: { ...object, apiVersion: kind.apiVersion, kind: kind.kind } as KubeObject, everyMs }));
  return [...from("/api/v1/namespaces", namespaces, namespacesEveryMs), ...from("/api/v1/services", services, serviceEveryMs), ...apiServerObjects().map((each) => ({ ...each, everyMs: serviceEveryMs }))];
}

/** Begins to keep them; the function ends it. */
export function keepStandingObjects({ environment, informers, client }: { environment: Environment; informers: Informers; client: Client }): () => void {
  const { clock } = environment;
  const begun = clock.now();
  // Read when one is gone for the first time.
  let all: readonly Standing[] | undefined;
  let isStopped = false;
  const due = (everyMs: number): number => begun + (Math.floor((clock.now() - begun) / everyMs) + 1) * everyMs;

  function restore(standing: Standing): void {
    const { kind, object, everyMs } = standing;
    clock.at(due(everyMs), () => {
      if (isStopped) return;
      client.create(kind, object).catch((error: unknown) => {
        // Its namespace, or an object of the name that is still going, stands in the way: at the next moment again.
        if (!isStatus(error, "AlreadyExists")) restore(standing);
      });
    });
  }

  const stops = [services, endpoints, endpointSlices, namespaces].map((kind) =>
    informers.of(kind as KindRef<KubeObject>).onChange((current, previous) => {
      if (current !== undefined || previous === undefined) return;
      all ??= standingObjects(formatTime(begun));
      const { name, namespace } = previous.metadata;
      const standing = all.find((each) => each.kind.plural === kind.plural && each.object.metadata?.name === name && each.object.metadata.namespace === namespace);
      if (standing !== undefined) restore(standing);
    }),
  );
  return () => {
    isStopped = true;
    for (const stop of stops) stop();
  };
}
