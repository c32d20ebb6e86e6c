import type { Draft } from "../base/json.ts";
import { formatTime } from "../base/time.ts";
import { ownCreate, ownUpdate } from "../api/managed-fields/managed-fields.ts";
import type { Ownership } from "../api/managed-fields/managed-fields.ts";
import type { KubeObject } from "../api/kind-ref.ts";
import type { ManagedFieldsEntry } from "../api/types/meta-v1.ts";
import type { Kind } from "../api/registry.ts";
import type { ResourceCall } from "./context.ts";
import { hasSubresource } from "./strategy.ts";

/** Who owns which field: keeps `metadata.managedFields` of a write, before admission adds what nobody asked for. */
interface OwnedWrite {
  readonly draft: Draft<KubeObject>;
  /** Absent: the object is being created. */
  readonly old: KubeObject | undefined;
  readonly manager: string;
}

export function takeOwnership(call: ResourceCall, kind: Kind, { draft, old, manager }: OwnedWrite): void {
  const { schema, environment } = call.server;
  const ownership: Ownership = {
    manager,
    apiVersion: kind.ref.apiVersion,
    time: formatTime(environment.clock.now()),
    ...(call.subresource === "" ? {} : { subresource: call.subresource }),
    reset: resetFields(kind, call.subresource),
  };
  const next = draft as KubeObject;
  const entries = old === undefined ? ownCreate(schema, kind.facts.type, next, ownership) : ownUpdate(schema, kind.facts.type, old, next, ownership);
  if (entries.length > 0) draft.metadata.managedFields = entries as Draft<ManagedFieldsEntry>[];
  else delete draft.metadata.managedFields;
}

const nothing: readonly (readonly string[])[] = [];
const status: readonly (readonly string[])[] = [["status"]];
const spec: readonly (readonly string[])[] = [["spec"]];

/** What a write cannot change, whatever it says. */
function resetFields(kind: Kind, subresource: string): readonly (readonly string[])[] {
  if (subresource === "status") return spec;
  return hasSubresource(kind, "status") ? status : nothing;
}
