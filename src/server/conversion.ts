import type { Draft } from "../base/json.ts";
import type { KubeObject } from "../api/kind-ref.ts";
import type { Kind } from "../api/registry.ts";

/** The draft in the form in which its kind is stored. */
export function withConversion(kind: Kind, draft: Draft<KubeObject>): Draft<KubeObject> {
  return kind.conversion === undefined || kind.storage === kind ? draft : kind.conversion.toStored(draft);
}
