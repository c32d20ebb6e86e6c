import type { KubeObject } from "../../api/kind-ref.ts";

interface Entry {
  readonly nodes: Set<string>;
  /** How many of the nodes hold up the owner's deletion in the foreground. */
  blocking: number;
}

/**
 * Who depends on whom, by the owners' uids: what to look at when an owner goes. Holds names only; the objects are read from the
 * views when they are needed. An owner need not exist.
 */
export class Dependents {
  private readonly byOwner = new Map<string, Entry>();

  /** `node` names the object whose owners changed from those of `previous` to those of `current`. */
  change(node: string, current: KubeObject | undefined, previous: KubeObject | undefined): void {
    for (const { uid, blockOwnerDeletion } of previous?.metadata.ownerReferences ?? []) {
      const entry = this.byOwner.get(uid);
      if (!entry?.nodes.delete(node)) continue;
      if (blockOwnerDeletion === true) entry.blocking--;
      if (entry.nodes.size === 0) this.byOwner.delete(uid);
    }
    for (const { uid, blockOwnerDeletion } of current?.metadata.ownerReferences ?? []) {
      let entry = this.byOwner.get(uid);
      if (!entry) this.byOwner.set(uid, (entry = { nodes: new Set(), blocking: 0 }));
      if (entry.nodes.has(node)) continue;
      entry.nodes.add(node);
      if (blockOwnerDeletion === true) entry.blocking++;
    }
  }

  /** In the order in which they came. */
  of(ownerUid: string): readonly string[] {
    return [...(this.byOwner.get(ownerUid)?.nodes ?? [])];
  }

  /** Whether some dependent must be gone before the owner, where that is deleted in the foreground. */
  block(ownerUid: string): boolean {
    return (this.byOwner.get(ownerUid)?.blocking ?? 0) > 0;
  }
}

export function ownerUids(object: KubeObject | undefined): readonly string[] {
  return object?.metadata.ownerReferences?.map(({ uid }) => uid) ?? [];
}
