import type { Draft } from "../base/json.ts";
import type { KubeObject } from "../api/kind-ref.ts";
import type { Kind } from "../api/registry.ts";
import type { ResourceCall } from "./context.ts";

/** Who owns which field: keeps `metadata.managedFields` of a write. */
export interface OwnedWrite {
  readonly draft: Draft<KubeObject>;
  readonly old: KubeObject | undefined;
  readonly manager: string;
}

export function takeOwnership(call: ResourceCall, kind: Kind, write: OwnedWrite): void {
  void call;
  void kind;
  if (write.old?.metadata.managedFields === undefined) delete write.draft.metadata.managedFields;
}
