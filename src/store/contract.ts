import type { KubeObject } from "../api/kind-ref.ts";
import type { Soon } from "../base/soon.ts";

/**
 * The store: revisioned objects under string keys, shaped like etcd. One global revision that only grows; a commit adds
 * exactly one to it. Reads are served from memory and are synchronous; a commit is answered when it is durable: at once, or by a promise.
 *
 * Keys are `<plural>.<group>/<namespace>/<name>` (cluster scope: `<plural>.<group>/<name>`), group "" giving `pods/…`. Lists are in
 * order of key, by UTF-16 units.
 */
export interface Store {
  /** The newest revision: what a list answers with. */
  readonly revision: number;
  /** The newest committed state of a key. */
  get(key: string): Stored | undefined;
  /** All under a prefix (which ends with "/"), as of one revision. Throws `CompactedError` when `at` is older than the window. */
  list(prefix: string, options?: ListOptions): ListPage;
  /** How many keys stand under a prefix now. Constant time for the first path segment. */
  count(prefix: string): number;
  /**
   * Writes one key. `build` is called with the revision that the write will have, and must return an object that nobody
   * changes afterwards; it is called at most once. Throws or rejects with `RevisionConflict` when the key is not at `expected` (0: must not exist).
   */
  put(key: string, expected: number, build: (revision: number) => KubeObject): Soon<Stored>;
  /** Removes one key; `build` makes the last state, which watchers see in the deletion. */
  delete(key: string, expected: number, build: (revision: number) => KubeObject): Soon<Stored>;
  /**
   * Every change under a prefix after revision `after`, in order, without gaps or duplicates, each once it is durable. The
   * listener is called synchronously by the commit (for past changes: before this function returns) and must only take note.
   * Throws `CompactedError` when `after` is older than the window.
   */
  watch(prefix: string, after: number, listener: (change: Change) => void): { stop(): void };
  /** Forgets history up to and including `revision`. */
  compact(revision: number): void;
  close(): Promise<void>;
}

export interface Stored {
  readonly key: string;
  readonly object: KubeObject;
  /** The revision of this state. */
  readonly revision: number;
  /** The object as JSON, UTF-8; made at the first call and kept. */
  bytes(): Uint8Array;
}

export interface ListOptions {
  /** As of this revision; absent: now. */
  readonly at?: number;
  /** Only keys greater than this one. */
  readonly after?: string;
  /** At most this many. */
  readonly limit?: number;
}

export interface ListPage {
  readonly items: readonly Stored[];
  /** The revision the list is as of. */
  readonly revision: number;
  /** Keys after the last item; 0 when the page is the last. */
  readonly remaining: number;
}

export interface Change {
  readonly type: "put" | "delete";
  readonly current: Stored;
  /** The state before; absent when the key was created. */
  readonly previous: Stored | undefined;
}

/** The asked revision is older than the window that the store keeps: 410 to a client. */
export class CompactedError extends Error {
  readonly oldest: number;
  constructor(oldest: number) {
    super(`required revision has been compacted (oldest is ${oldest})`);
    this.oldest = oldest;
  }
}

/** The key was not at the expected revision. `actual` is what stands there. */
export class RevisionConflict extends Error {
  readonly actual: Stored | undefined;
  constructor(key: string, actual: Stored | undefined) {
    super(`revision conflict on ${key}`);
    this.actual = actual;
  }
}
