import type { Pod } from "../api/types/core-v1.ts";

/** Kinds whose Pods are to stand apart from each other even where they do not say so, as upstream's default constraints have it. */
const spreading: ReadonlySet<string> = new Set(["ReplicaSet", "ReplicationController", "StatefulSet"]);

/** Who the Pod's kin are: the Pods of the same set, by its uid. Undefined: it has none that it should stand apart from. */
export function kinOf({ metadata: { ownerReferences } }: Pod): string | undefined {
  if (ownerReferences === undefined) return undefined;
  for (const { controller, kind, uid } of ownerReferences) if (controller === true) return spreading.has(kind) ? uid : undefined;
  return undefined;
}
