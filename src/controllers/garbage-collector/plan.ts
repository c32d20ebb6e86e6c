import type { KubeObject } from "../../api/kind-ref.ts";

/**
 * What becomes of an object with owners, once it is known how its owners stand. It lives as long as one owner does, and loses its
 * references to the others; with none left it is deleted, the way its own finalizers ask for.
 */

/** `waiting`: the owner is being deleted in the foreground and waits for its dependents to go first. */
export type OwnerState = "solid" | "absent" | "waiting";

export type Decision =
  | { readonly type: "keep" }
  /** Owners to drop from the object's references. */
  | { readonly type: "release"; readonly uids: readonly string[] }
  | {
      readonly type: "delete";
      readonly policy: "Background" | "Foreground" | "Orphan";
      /** The object and one of its dependents wait for each other: it must stop blocking its owners first. */
      readonly unblock: boolean;
    };

export const foregroundFinalizer = "foregroundDeletion";
export const orphanFinalizer = "orphan";

/** The owner goes only after its dependents. */
export function isDeletingForeground({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(foregroundFinalizer) === true;
}

/** The owner goes after its dependents have been let go. */
export function isOrphaning({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(orphanFinalizer) === true;
}

export function judgeDependent(object: KubeObject, states: ReadonlyMap<string, OwnerState>, ownDependents: readonly KubeObject[]): Decision {
  const references = object.metadata.ownerReferences ?? [];
  const isSolid = references.some(({ uid }) => states.get(uid) === "solid");
  const isWaiting = references.some(({ uid }) => states.get(uid) === "waiting");
  if (references.length === 0) return { type: "keep" };
  if (isSolid) {
    const uids = references.filter(({ uid }) => states.get(uid) !== "solid").map(({ uid }) => uid);
    return uids.length === 0 ? { type: "keep" } : { type: "release", uids };
  }
  if (isWaiting && ownDependents.length > 0) return { type: "delete", policy: "Foreground", unblock: ownDependents.some(isDeletingForeground) };
  const { finalizers = [] } = object.metadata;
  const policy = finalizers.includes(orphanFinalizer) ? "Orphan" : finalizers.includes(foregroundFinalizer) ? "Foreground" : "Background";
  return { type: "delete", policy, unblock: false };
}
