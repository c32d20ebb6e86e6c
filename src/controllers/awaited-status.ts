import type { KubeObject } from "../api/kind-ref.ts";
import type { UnseenWrites } from "./unseen-writes.ts";

/**
 * Keeps a controller from looking at an object before its view shows the status that the controller wrote last. Here a write can
 * only be announced when its answer names the revision, and the event may have come before.
 */
export class AwaitedStatus {
  private readonly unseen: UnseenWrites;
  private readonly revisions = new Map<string, number>();

  constructor(unseen: UnseenWrites) {
    this.unseen = unseen;
  }

  /** `written` is the server's answer, `seen` what the view shows now. */
  wrote(written: KubeObject, seen: KubeObject | undefined): void {
    const { uid, resourceVersion } = written.metadata;
    if (seen?.metadata.uid !== uid || Number(seen.metadata.resourceVersion) >= Number(resourceVersion)) return;
    this.revisions.set(uid, Number(resourceVersion));
    this.unseen.announce(uid, writeOf(uid));
  }

  /** The view shows this state now. */
  shown(object: KubeObject): void {
    const { uid, resourceVersion } = object.metadata;
    const awaited = this.revisions.get(uid);
    if (awaited === undefined || Number(resourceVersion) < awaited) return;
    this.revisions.delete(uid);
    this.unseen.settle(writeOf(uid));
  }

  /** The object is gone. */
  forget(uid: string): void {
    this.revisions.delete(uid);
  }
}

function writeOf(uid: string): string {
  return `status ${uid}`;
}
