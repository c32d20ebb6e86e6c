import type { Draft } from "../base/json.ts";
import { formatTime } from "../base/time.ts";
import { ownCreate, ownUpdate } from "../api/managed-fields/managed-fields.ts";
import type { Ownership } from "../api/managed-fields/managed-fields.ts";
import { resetFields } from "../api/managed-fields/reset-fields.ts";
import type { KubeObject } from "../api/kind-ref.ts";
import type { ManagedFieldsEntry } from "../api/types/meta-v1.ts";
import type { Kind } from "../api/registry.ts";
import type { ResourceCall } from "./context.ts";
import { servedForm } from "./represent.ts";
import type { WriteOptions } from "./write-options.ts";

/** Who owns which field: keeps `metadata.managedFields` of a write, before admission adds what nobody asked for. */
interface OwnedWrite {
  readonly draft: Draft<KubeObject>;
  /** Absent: the object is being created. */
  readonly old: KubeObject | undefined;
  readonly options: WriteOptions;
}

/** What the request claims, whoever else owns what. `kind`: whose fields are meant. */
export function ownershipOf(call: ResourceCall, kind: Kind, manager: string): Ownership {
  return {
    manager,
    apiVersion: kind.ref.apiVersion,
    time: formatTime(call.server.environment.clock.now()),
    ...(call.subresource === "" ? {} : { subresource: call.subresource }),
    reset: resetFields(kind.facts, call.subresource),
  };
}

export function takeOwnership(call: ResourceCall, kind: Kind, { draft, old, options }: OwnedWrite): void {
  const { schema } = call.server;
  const update = (): readonly ManagedFieldsEntry[] => {
    // Fields are owned under the names that they have in the version of the request.
    const spoken = call.kind.storage === kind ? call.kind : kind;
    const ownership = ownershipOf(call, spoken, options.manager);
    const next = servedForm(spoken, draft as KubeObject);
    if (old === undefined) return ownCreate(schema, spoken.facts.type, next, ownership);
    return ownUpdate(schema, spoken.facts.type, servedForm(spoken, old), next, ownership);
  };
  const entries = options.owners ?? update();
  if (entries.length > 0) draft.metadata.managedFields = entries as Draft<ManagedFieldsEntry>[];
  else delete draft.metadata.managedFields;
}
