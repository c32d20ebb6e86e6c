import type { KindRef } from "../../api/kind-ref.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import { fnv1a32 } from "../../base/hash.ts";
import type { Partially } from "../../base/json.ts";
import { childName, hashSuffix } from "../../base/names.ts";
import { controllerReference } from "../owner.ts";
import type { ReplicaOwner } from "./replica-kind.ts";

/** The Pods of a ReplicaSet: their names and how they are made. */

/** Names of one owner's new Pods. `pods` is all that the view shows of it, Pods on their way out included. */
export interface PodNaming {
  readonly owner: ReplicaOwner;
  readonly pods: readonly Pod[];
  /** A name that is known to have been used before is not used again. */
  readonly isUsed: (name: string) => boolean;
}

/**
 * The next `count` names: a function of the owner and of the Pods that it has, so that whoever acts on the same view chooses
 * the same names, and the second creation fails instead of making a second Pod.
 */
export function newPodNames(naming: PodNaming, count: number): readonly string[] {
  const { owner, pods, isUsed } = naming;
  let there = 0;
  for (const pod of pods) there = (there + fnv1a32(pod.metadata.uid)) >>> 0;
  const names = new Set<string>();
  for (let ordinal = 0; names.size < count; ordinal++) {
    const name = childName(owner.metadata.name, hashSuffix(`${owner.metadata.uid}/${there}/${ordinal}`));
    if (!isUsed(name)) names.add(name);
  }
  return [...names];
}

/** The name to try instead of one that a stranger has. */
export function otherName(owner: ReplicaOwner, taken: string): string {
  return childName(owner.metadata.name, hashSuffix(`${owner.metadata.uid}/instead of ${taken}`));
}

/** The Pod as it is sent. */
export function replicaPod(owner: ReplicaOwner, kind: KindRef, name: string): Partially<Pod> {
  const { metadata, spec } = owner.spec.template as Pod;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      generateName: `${owner.metadata.name}-`,
      namespace: owner.metadata.namespace,
      ...(metadata?.labels === undefined ? {} : { labels: metadata.labels }),
      ...(metadata?.annotations === undefined ? {} : { annotations: metadata.annotations }),
      ownerReferences: [controllerReference(owner, kind)],
      ...(metadata?.finalizers === undefined ? {} : { finalizers: metadata.finalizers }),
    },
    spec,
  };
}
