import type { Draft } from "../../base/json.ts";
import type { Environment } from "../../base/environment.ts";
import { uuid } from "../../base/names.ts";
import { rescued } from "../../base/soon.ts";
import { formatTime } from "../../base/time.ts";
import { ownCreate } from "../../api/managed-fields/managed-fields.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { Kind, KindRegistry } from "../../api/registry.ts";
import type { Schema } from "../../api/schema/schema.ts";
import type { ObjectMeta } from "../../api/types/meta-v1.ts";
import type { Store } from "../../store/contract.ts";
import { RevisionConflict } from "../../store/contract.ts";
import { sealed } from "../commit.ts";
import { keyOf } from "../keys.ts";
import { orderedMeta } from "../meta.ts";
import { withMetrics } from "../metrics/objects.ts";
import type { BootstrapObjects } from "./objects.ts";

/** Writes what is missing, in a fixed order; what is there already is left alone. */
export async function bootstrap(options: { environment: Environment; store: Store; registry: KindRegistry; schema: Schema; objects: BootstrapObjects }): Promise<void> {
  const { environment, store, registry, schema } = options;
  const creationTimestamp = formatTime(environment.clock.now());
  const objects = withMetrics(options.objects, registry, creationTimestamp);
  const random = environment.random.fork("bootstrap");
  const writes: Promise<unknown>[] = [];
  for (const path in objects) {
    const kind = kindOf(registry, path);
    if (kind === undefined) continue;
    for (const item of objects[path] ?? []) {
      const key = keyOf(kind, item.metadata.namespace ?? "", item.metadata.name ?? "");
      if (store.get(key) !== undefined) continue;
      const object = { kind: kind.facts.kind, apiVersion: kind.ref.apiVersion, ...item } as unknown as KubeObject;
      // The spec of a Namespace is filled in by its own strategy, so nobody owns it.
      const reset = kind.facts.kind === "Namespace" ? [["spec"], ["status"]] : [["status"]];
      const managedFields = ownCreate(schema, kind.facts.type, object, { manager: "kube-apiserver", apiVersion: kind.ref.apiVersion, time: creationTimestamp, reset });
      const metadata = orderedMeta({ ...item.metadata, uid: uuid(random), resourceVersion: "0", creationTimestamp, managedFields } as ObjectMeta);
      const draft = { ...object, metadata } as unknown as Draft<KubeObject>;
      const written = rescued<unknown>(() => store.put(key, 0, sealed(draft)), alreadyThere);
      if (written instanceof Promise) writes.push(written);
    }
  }
  await Promise.all(writes);
}

/** Another server of the same store was faster. */
function alreadyThere(error: unknown): void {
  if (!(error instanceof RevisionConflict)) throw error;
}

function kindOf(registry: KindRegistry, path: string): Kind | undefined {
  const [root, ...parts] = path.slice(1).split("/") as [string, ...string[]];
  const [group, version, plural] = root === "api" ? ["", parts[0], parts[1]] : [parts[0], parts[1], parts[2]];
  return registry.byResource(group as string, version as string, plural as string);
}
