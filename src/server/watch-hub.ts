import type { Kind } from "../api/registry.ts";
import type { KubeObject } from "../api/kind-ref.ts";
import type { Change, Store } from "../store/contract.ts";
import { keyOf, prefixOf, tableKey } from "./keys.ts";
import { requiredValue } from "./selection.ts";
import type { Selection } from "./selection.ts";

/**
 * Brings changes to watches. A watch of one name, or of the Pods of one node, is found by that value: 5,000 kubelets that watch
 * their Pods cost a change of a Pod two look-ups. All others hang at the store's own prefixes.
 */
interface WatchScope {
  readonly kind: Kind;
  readonly namespace: string;
  readonly selection: Selection;
}

type Listener = (change: Change) => void;

interface Entry {
  readonly listener: Listener;
  readonly namespacePrefix: string;
}

/** Fields by which watches are found, beside the name. */
const indexedFields: readonly string[] = ["spec.nodeName"];

class FieldIndex {
  readonly byValue = new Map<string, Set<Entry>>();
  private readonly read: (object: KubeObject) => string;

  constructor(read: (object: KubeObject) => string) {
    this.read = read;
  }

  deliver(change: Change): void {
    const now = this.read(change.current.object);
    const before = change.previous === undefined ? now : this.read(change.previous.object);
    this.deliverTo(now, change);
    if (before !== now) this.deliverTo(before, change);
  }

  private deliverTo(value: string, change: Change): void {
    const entries = this.byValue.get(value);
    if (entries === undefined) return;
    for (const entry of entries) if (change.current.key.startsWith(entry.namespacePrefix)) entry.listener(change);
  }
}

export class WatchHub {
  private readonly store: Store;
  private readonly indexes = new Map<string, FieldIndex>();

  constructor(store: Store) {
    this.store = store;
  }

  /**
   * Changes after revision `after` that may concern the scope, in order. The selection is the caller's to apply: more may come
   * than it selects. Throws CompactedError.
   */
  watch(scope: WatchScope, after: number, listener: Listener): { stop(): void } {
    const { kind, namespace, selection } = scope;
    const prefix = prefixOf(kind, namespace);
    const name = requiredValue(selection, "metadata.name");
    if (name !== undefined && (namespace !== "" || !kind.facts.namespaced)) return this.watchIndexed(kind, "", prefix, keyOf(kind, namespace, name), after, listener);
    for (const field of indexedFields) {
      const value = requiredValue(selection, field);
      if (value !== undefined) return this.watchIndexed(kind, field, prefix, value, after, listener);
    }
    return this.store.watch(prefix, after, listener);
  }

  /** `field` "" finds by the whole key. */
  private watchIndexed(kind: Kind, field: string, prefix: string, value: string, after: number, listener: Listener): { stop(): void } {
    const index = this.index(kind, field);
    const newest = this.store.revision;
    // What has happened already comes from the store's history; the index brings what follows.
    if (after < newest) this.store.watch(prefix, after, listener).stop();
    const entry: Entry = {
      namespacePrefix: prefix,
      listener: after <= newest ? listener : (change) => void (change.current.revision > after && listener(change)),
    };
    let entries = index.byValue.get(value);
    if (entries === undefined) index.byValue.set(value, (entries = new Set()));
    entries.add(entry);
    return {
      stop() {
        entries.delete(entry);
        if (entries.size === 0 && index.byValue.get(value) === entries) index.byValue.delete(value);
      },
    };
  }

  private index(kind: Kind, field: string): FieldIndex {
    const name = `${tableKey(kind)} ${field}`;
    let index = this.indexes.get(name);
    if (index === undefined) {
      const storage = kind.storage;
      const read =
        field === ""
          ? (object: KubeObject) => keyOf(storage, object.metadata.namespace ?? "", object.metadata.name ?? "")
          : (object: KubeObject) => storage.declaration?.selectableFields?.[field]?.(object) ?? "";
      const made = (index = new FieldIndex(read));
      this.indexes.set(name, made);
      this.store.watch(prefixOf(kind, ""), this.store.revision, (change) => made.deliver(change));
    }
    return index;
  }
}
