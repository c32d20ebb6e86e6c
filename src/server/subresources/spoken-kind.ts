import type { KindRef } from "../../api/kind-ref.ts";
import type { Kind } from "../../api/registry.ts";

/** A kind that is only spoken at a subresource and never stored. */
export function spokenKind(ref: KindRef, type: string, alsoSpoken: readonly string[] = []): Kind {
  const facts = { ...ref, singular: ref.kind.toLowerCase(), verbs: [], stage: "ga", served: "default", type } as const;
  const kind: { -readonly [Key in keyof Kind]: Kind[Key] } = { facts, ref, alsoSpoken, declaration: undefined, conversion: undefined, storage: undefined as unknown as Kind };
  kind.storage = kind;
  return kind;
}
