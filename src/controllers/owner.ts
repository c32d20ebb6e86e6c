import type { Client } from "../client/client.ts";
import type { KindRef, KubeObject } from "../api/kind-ref.ts";
import type { OwnerReference } from "../api/types/meta-v1.ts";
import { isStatus } from "../base/status-error.ts";

/**
 * Who owns what. An object has at most one controlling owner, named by kind, name and uid in its ownerReferences. A
 * controller takes orphans that its selector matches (adoption) and lets go what it owns and its selector no longer matches
 * (release). Deciding is pure (`judgeClaim`); `claimAll` acts: every write is a patch conditional on the object's uid, so it
 * never hits a later object of the same name, and the server refuses a second controlling owner, so of two owners that reach
 * for one orphan one wins.
 */

/** The reference to the controlling owner, if there is one. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  const references = object.metadata.ownerReferences;
  if (references === undefined) return undefined;
  // A loop: controllers ask for every Pod at every look, where the closure of a find shows.
  for (const reference of references) if (reference.controller === true) return reference;
  return undefined;
}

/** The reference that makes `owner` the controlling owner of what carries it. */
export function controllerReference(owner: KubeObject, kind: KindRef): OwnerReference {
  return {
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** For an informer's index: owned objects under the owner's uid, orphans under `orphans/<namespace>`. */
export function ownerIndex(object: KubeObject): readonly string[] {
  return [controllerOf(object)?.uid ?? orphansOf(object.metadata.namespace)];
}

/** The value of `ownerIndex` under which the orphans of a namespace stand. */
export function orphansOf(namespace: string | undefined): string {
  return `orphans/${namespace ?? ""}`;
}

export type Claim = "mine" | "adopt" | "release" | "ignore";

/** What `owner` has to do about `object`; `matches` says whether its selector matches the object. */
export function judgeClaim(owner: KubeObject, object: KubeObject, matches: boolean): Claim {
  const controller = controllerOf(object);
  const leaving = owner.metadata.deletionTimestamp !== undefined;
  if (controller) {
    if (controller.uid !== owner.metadata.uid) return "ignore";
    if (matches) return "mine";
    return leaving ? "ignore" : "release";
  }
  if (leaving || !matches || object.metadata.deletionTimestamp !== undefined) return "ignore";
  return owner.metadata.namespace === object.metadata.namespace ? "adopt" : "ignore";
}

export interface ClaimOptions<T extends KubeObject> {
  readonly client: Client;
  readonly owner: KubeObject;
  readonly ownerKind: KindRef;
  readonly kind: KindRef<T>;
  /** Candidates: at least all that the owner controls and all orphans of its namespace. */
  readonly objects: readonly T[];
  readonly matches: (object: T) => boolean;
  /** Set on adoption, taken off on release (Jobs: the tracking finalizer). */
  readonly finalizers?: readonly string[];
}

/**
 * Adopts and releases, and returns what the owner controls afterwards, in the given order, adopted objects as the server
 * returned them. Before the first adoption the owner is read from the server: one that is gone, replaced or being deleted
 * adopts nothing (rejects, so that its key is tried again). Objects that vanish meanwhile are left out.
 */
export async function claimAll<T extends KubeObject>(options: ClaimOptions<T>): Promise<readonly T[]> {
  const { client, owner, ownerKind, kind, finalizers = [] } = options;
  const claimed: T[] = [];
  let checked: Promise<void> | undefined;
  for (const object of options.objects) {
    const claim = judgeClaim(owner, object, options.matches(object));
    if (claim === "mine") claimed.push(object);
    if (claim === "adopt") {
      await (checked ??= checkOwner(client, owner, ownerKind));
      const adopted = await patchUnlessGone(client, kind, object, adoption(object, controllerReference(owner, ownerKind), finalizers));
      if (adopted) claimed.push(adopted);
    }
    if (claim === "release") await release(client, kind, object, owner.metadata.uid, finalizers);
  }
  return claimed;
}

/** Takes `ownerUid` off the owners of an object. That it is gone, or is not owned any more, is as good. */
export async function release<T extends KubeObject>(
  client: Client,
  kind: KindRef<T>,
  object: T,
  ownerUid: string,
  finalizers: readonly string[] = [],
): Promise<void> {
  const body = {
    metadata: {
      uid: object.metadata.uid,
      ownerReferences: [{ $patch: "delete", uid: ownerUid }],
      ...(finalizers.length === 0 ? {} : { "$deleteFromPrimitiveList/finalizers": finalizers }),
    },
  };
  try {
    await patchUnlessGone(client, kind, object, body);
  } catch (error) {
    if (!isStatus(error, "Invalid")) throw error;
  }
}

function adoption(object: KubeObject, reference: OwnerReference, finalizers: readonly string[]): unknown {
  return { metadata: { uid: object.metadata.uid, ownerReferences: [reference], ...(finalizers.length === 0 ? {} : { finalizers }) } };
}

async function patchUnlessGone<T extends KubeObject>(client: Client, kind: KindRef<T>, object: T, body: unknown): Promise<T | undefined> {
  try {
    return await client.patch(kind, { namespace: object.metadata.namespace, name: object.metadata.name }, { type: "strategic", body });
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}

async function checkOwner(client: Client, owner: KubeObject, kind: KindRef): Promise<void> {
  const { namespace, name, uid } = owner.metadata;
  const fresh = await client.get(kind, { namespace, name });
  const who = `${kind.kind} ${namespace ?? ""}/${name}`;
  if (fresh.metadata.uid !== uid) throw new Error(`original ${who} is gone: got uid ${fresh.metadata.uid}, wanted ${uid}`);
  if (fresh.metadata.deletionTimestamp !== undefined) throw new Error(`${who} has just been deleted at ${fresh.metadata.deletionTimestamp}`);
}
