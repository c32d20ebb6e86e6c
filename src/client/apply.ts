import type { JsonObject } from "../base/json.ts";
import { isStatus } from "../base/status-error.ts";
import { lastAppliedAnnotation } from "../api/meta-fields.ts";
import { threeWayStrategic } from "../api/patch/three-way.ts";
import type { Schema } from "../api/schema/schema.ts";
import type { KindRef, KubeObject } from "../api/kind-ref.ts";
import type { Client } from "./client.ts";

/** What an apply did, in kubectl's words. */
export interface Applied {
  readonly outcome: "created" | "configured" | "unchanged";
  readonly object: KubeObject;
}

/** The text that kubectl keeps in the annotation: the object as given, without the annotation itself, and a newline. */
function configurationText(object: KubeObject): string {
  const { [lastAppliedAnnotation]: _own, ...annotations } = object.metadata.annotations ?? {};
  return `${JSON.stringify(sortedKeys({ ...object, metadata: { ...object.metadata, annotations } }))}\n`;
}

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== "object" || value === null) return value;
  const from = value as { readonly [key: string]: unknown };
  return Object.fromEntries(
    Object.keys(from)
      .sort()
      .map((key) => [key, sortedKeys(from[key])]),
  );
}

/**
 * Creates the object, or patches it three-way as client-side `kubectl apply` does: fields that the last apply set and this one
 * does not are removed, fields of others stay, fields that the kind does not have are refused. `type` names the schema of the kind.
 */
export async function applyObject(options: {
  readonly client: Client;
  readonly schema: Schema;
  readonly kind: KindRef;
  readonly type: string;
  readonly object: KubeObject;
}): Promise<Applied> {
  const { client, kind } = options;
  const text = configurationText(options.object);
  const modified = {
    ...options.object,
    metadata: { ...options.object.metadata, annotations: { ...options.object.metadata.annotations, [lastAppliedAnnotation]: text } },
  };
  const asKubectl = { fieldManager: "kubectl-client-side-apply", fieldValidation: "Strict" } as const;
  let current: KubeObject;
  try {
    current = await client.get(kind, modified.metadata);
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
    return { outcome: "created", object: await client.create(kind, modified, asKubectl) };
  }
  const original = current.metadata.annotations?.[lastAppliedAnnotation];
  const patch = threeWayStrategic(options.schema, options.type, {
    original: original === undefined ? undefined : (JSON.parse(original) as JsonObject),
    modified: modified as unknown as JsonObject,
    current: current as unknown as JsonObject,
  });
  if (Object.keys(patch).length === 0) return { outcome: "unchanged", object: current };
  const object = await client.patch(kind, modified.metadata, { type: "strategic", body: patch }, asKubectl);
  return { outcome: object.metadata.resourceVersion === current.metadata.resourceVersion ? "unchanged" : "configured", object };
}
