import type { KubeObject } from "../api/kind-ref.ts";
import type { Instant } from "../base/environment.ts";
import { limits } from "../base/limits.ts";
import { AgeMarks } from "./age-marks.ts";
import { ChangeLog } from "./change-log.ts";
import { CompactedError, RevisionConflict } from "./contract.ts";
import type { Change, ListOptions, ListPage, Store, Stored } from "./contract.ts";
import { SortedSlots } from "./sorted-slots.ts";

/**
 * The store in memory: what it promises is the contract, and every commit is answered at once; nothing outlives the process. Every first path segment (a resource)
 * is a table of its own with its keys in order, its part of the history and its watchers, so that a commit or a list costs
 * nothing for the other resources.
 */
export interface MemoryStoreOptions {
  /** How many revisions a list or watch may go back. */
  readonly historyRevisionsMax?: number;
  /** How many bytes those revisions may take, as far as they have been encoded, which all have that came or went over a connection. */
  readonly historyBytesMax?: number;
  /** The cluster's time: with it, revisions are forgotten by their age too (`limits.historyMsMax`). */
  readonly now?: () => Instant;
  /** Freeze every committed object, so that a write to shared data throws. For tests: it costs about as much as encoding. */
  readonly freeze?: boolean;
}

interface Slot {
  readonly key: string;
  stored: Stored;
}

interface Subscription {
  /** Changes up to this revision have been delivered. */
  delivered: number;
  readonly listener: (change: Change) => void;
}

/** Encodes objects, and knows how many bytes it has made of those that the window still holds. */
class Encoding {
  /** Everything after this revision is in the window. */
  compacted = 0;
  windowBytes = 0;
  private readonly encoder = new TextEncoder();

  encode({ object, revision }: StoredObject): Uint8Array {
    const bytes = this.encoder.encode(JSON.stringify(object));
    if (revision > this.compacted) this.windowBytes += bytes.length;
    return bytes;
  }

  forget(stored: StoredObject): void {
    this.compacted = stored.revision;
    this.windowBytes -= stored.encodedLength;
  }
}

class StoredObject implements Stored {
  readonly key: string;
  readonly object: KubeObject;
  readonly revision: number;
  private readonly encoding: Encoding;
  private encoded: Uint8Array | undefined;

  constructor(key: string, object: KubeObject, revision: number, encoding: Encoding) {
    this.key = key;
    this.object = object;
    this.revision = revision;
    this.encoding = encoding;
    this.encoded = undefined;
  }

  bytes(): Uint8Array {
    return (this.encoded ??= this.encoding.encode(this));
  }

  get encodedLength(): number {
    return this.encoded?.length ?? 0;
  }
}

class Table {
  readonly slots = new Map<string, Slot>();
  readonly sorted = new SortedSlots<Slot>();
  readonly log = new ChangeLog();
  readonly watchers = new Map<string, Set<Subscription>>();
}

export class MemoryStore implements Store {
  private newest = 0;
  private readonly tables = new Map<string, Table>();
  /** The table that each revision of the window belongs to, the oldest first. */
  private readonly window = new ChangeLog();
  private readonly historyRevisionsMax: number;
  private readonly historyBytesMax: number;
  private readonly now: (() => Instant) | undefined;
  private readonly ages = new AgeMarks(limits.historyMsMax);
  private readonly freeze: boolean;
  private readonly encoding = new Encoding();

  constructor(options: MemoryStoreOptions = {}) {
    this.historyRevisionsMax = options.historyRevisionsMax ?? limits.historyRevisionsMax;
    this.historyBytesMax = options.historyBytesMax ?? limits.historyBytesMax;
    this.now = options.now;
    this.freeze = options.freeze ?? false;
  }

  get revision(): number {
    return this.newest;
  }

  /** Everything after this revision is known; a start before it is compacted. */
  private get compacted(): number {
    return this.encoding.compacted;
  }

  get(key: string): Stored | undefined {
    return this.tables.get(tableName(key))?.slots.get(key)?.stored;
  }

  list(prefix: string, options: ListOptions = {}): ListPage {
    const at = options.at ?? this.newest;
    if (at < this.compacted) throw new CompactedError(this.compacted);
    const table = this.tables.get(tableName(prefix));
    const revision = Math.min(at, this.newest);
    if (table === undefined) return { items: [], revision, remaining: 0 };
    const from = options.after === undefined ? prefix : `${options.after}\0`;
    return at < this.newest ? this.listPast(table, prefix, from, revision, options.limit) : this.listNow(table, prefix, from, options.limit);
  }

  count(prefix: string): number {
    const table = this.tables.get(tableName(prefix));
    if (table === undefined) return 0;
    if (prefix.indexOf("/") === prefix.length - 1) return table.sorted.size;
    return table.sorted.rank(endOf(prefix)) - table.sorted.rank(prefix);
  }

  put(key: string, expected: number, build: (revision: number) => KubeObject): Stored {
    return this.commit(key, expected, "put", build);
  }

  delete(key: string, expected: number, build: (revision: number) => KubeObject): Stored {
    return this.commit(key, expected, "delete", build);
  }

  watch(prefix: string, after: number, listener: (change: Change) => void): { stop(): void } {
    if (after < this.compacted) throw new CompactedError(this.compacted);
    const table = this.table(tableName(prefix));
    if (after < this.newest) {
      for (const change of table.log.after(after)) if (change.current.key.startsWith(prefix)) listener(change);
    }
    const subscription: Subscription = { delivered: Math.max(this.newest, after), listener };
    let watchers = table.watchers.get(prefix);
    if (watchers === undefined) table.watchers.set(prefix, (watchers = new Set()));
    watchers.add(subscription);
    return {
      stop() {
        watchers.delete(subscription);
        if (watchers.size === 0 && table.watchers.get(prefix) === watchers) table.watchers.delete(prefix);
      },
    };
  }

  compact(revision: number): void {
    while (this.compacted < Math.min(revision, this.newest)) this.forgetOldest();
  }

  async close(): Promise<void> {
    for (const table of this.tables.values()) table.watchers.clear();
  }

  private commit(key: string, expected: number, type: "put" | "delete", build: (revision: number) => KubeObject): Stored {
    const table = this.table(tableName(key));
    const slot = table.slots.get(key);
    const previous = slot?.stored;
    if ((previous?.revision ?? 0) !== expected || (type === "delete" && previous === undefined)) {
      throw new RevisionConflict(key, previous);
    }
    const revision = this.newest + 1;
    const object = build(revision);
    if (this.freeze) deepFreeze(object);
    const current = new StoredObject(key, object, revision, this.encoding);
    this.newest = revision;
    if (type === "put") {
      if (slot === undefined) {
        const added: Slot = { key, stored: current };
        table.slots.set(key, added);
        table.sorted.insert(added);
      } else slot.stored = current;
    } else {
      table.slots.delete(key);
      table.sorted.remove(key);
    }
    this.publish(table, { type, current, previous });
    return current;
  }

  private publish(table: Table, change: Change): void {
    table.log.push(change);
    this.window.push(change);
    const aged = this.now === undefined ? undefined : this.ages.tick(this.now(), this.newest);
    if (aged !== undefined) this.compact(Math.min(aged, this.newest - limits.historyRevisionsMin));
    while (this.window.size > this.historyRevisionsMax || (this.encoding.windowBytes > this.historyBytesMax && this.window.size > 1)) this.forgetOldest();
    if (table.watchers.size === 0) return;
    const { key, revision } = change.current;
    for (let end = key.indexOf("/"); end >= 0; end = key.indexOf("/", end + 1)) {
      const watchers = table.watchers.get(key.slice(0, end + 1));
      if (watchers === undefined) continue;
      for (const subscription of watchers) {
        // A listener that joined during this dispatch starts after this change.
        if (subscription.delivered >= revision) continue;
        subscription.delivered = revision;
        subscription.listener(change);
      }
    }
  }

  private forgetOldest(): void {
    const change = this.window.shift() as Change;
    this.encoding.forget(change.current as StoredObject);
    this.tables.get(tableName(change.current.key))?.log.shift();
  }

  private listNow(table: Table, prefix: string, from: string, limit: number | undefined): ListPage {
    const items: Stored[] = [];
    const end = endOf(prefix);
    const most = limit ?? Number.POSITIVE_INFINITY;
    table.sorted.range(from, end, (slot) => items.push(slot.stored) < most);
    const last = items.at(-1);
    const remaining = last === undefined || items.length < most ? 0 : table.sorted.rank(end) - table.sorted.rank(last.key) - 1;
    return { items, revision: this.newest, remaining };
  }

  /** The state at a past revision: what is there now, with the changes since then undone. */
  private listPast(table: Table, prefix: string, from: string, revision: number, limit: number | undefined): ListPage {
    const end = endOf(prefix);
    const then = new Map<string, Stored | undefined>();
    for (const { current, previous } of table.log.after(revision)) {
      if (current.key >= from && current.key < end && !then.has(current.key)) then.set(current.key, previous);
    }
    const whole: Stored[] = [];
    table.sorted.range(from, end, (slot) => {
      const stored = then.has(slot.key) ? then.get(slot.key) : slot.stored;
      then.delete(slot.key);
      if (stored !== undefined) whole.push(stored);
      return true;
    });
    let gone = false;
    for (const stored of then.values()) {
      if (stored === undefined) continue;
      whole.push(stored);
      gone = true;
    }
    if (gone) whole.sort((a, b) => (a.key < b.key ? -1 : 1));
    const items = limit === undefined ? whole : whole.slice(0, limit);
    return { items, revision, remaining: whole.length - items.length };
  }

  private table(name: string): Table {
    let table = this.tables.get(name);
    if (table === undefined) this.tables.set(name, (table = new Table()));
    return table;
  }
}

function tableName(key: string): string {
  return key.slice(0, key.indexOf("/"));
}

/** The least key above all keys with this prefix: "0" follows "/". */
function endOf(prefix: string): string {
  return `${prefix.slice(0, -1)}0`;
}

function deepFreeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const key in value) deepFreeze((value as { [key: string]: unknown })[key]);
}
