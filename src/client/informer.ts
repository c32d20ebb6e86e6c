import type { Environment } from "../base/environment.ts";
import type { KindRef, KubeObject } from "../api/kind-ref.ts";
import type { WatchEvent } from "../server/request.ts";
import type { Client, Watch } from "./client.ts";

/** "namespace/name", or "name" for cluster-scoped objects. */
export function keyOf(object: KubeObject): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined || namespace === "" ? name : `${namespace}/${name}`;
}

/** The parts of a key. */
export function splitKey(key: string): { namespace: string | undefined; name: string } {
  const slash = key.indexOf("/");
  return slash < 0 ? { namespace: undefined, name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

export type ChangeListener<T> = (current: T | undefined, previous: T | undefined) => void;

/**
 * A view of all objects of one kind, kept up to date by list and watch. It may lag behind the store, never runs ahead of it,
 * and sees each object's changes in order (states in between may be skipped after a new list). Objects are the store's own.
 */
export interface Informer<T extends KubeObject> {
  get(key: string): T | undefined;
  /** In order of key. */
  list(namespace?: string): readonly T[];
  /** Objects for which `values` gives this value are found by `byIndex`. Adding the same name again changes nothing. */
  addIndex(name: string, values: (object: T) => readonly string[]): void;
  /** In order of key. */
  byIndex(name: string, value: string): readonly T[];
  /**
   * Calls back after each change is in the view: (new, old), (new, undefined) for added, (undefined, old) for deleted. What
   * is there already is told first, as added. Returns a stop function.
   */
  onChange(listener: ChangeListener<T>): () => void;
  readonly hasSynced: boolean;
}

/** Objects by key, listed in order of key. The order is kept once somebody has asked for it, the list until something changes. */
class Ordered<T> {
  private readonly objects = new Map<string, T>();
  private keys: string[] | undefined;
  private listed: readonly T[] | undefined;

  get size(): number {
    return this.objects.size;
  }

  get(key: string): T | undefined {
    return this.objects.get(key);
  }

  set(key: string, object: T): void {
    this.listed = undefined;
    if (this.keys && !this.objects.has(key)) this.keys.splice(this.placeOf(key), 0, key);
    this.objects.set(key, object);
  }

  delete(key: string): void {
    this.listed = undefined;
    if (this.objects.delete(key)) this.keys?.splice(this.placeOf(key), 1);
  }

  list(): readonly T[] {
    if (this.objects.size === 0) return nothing;
    if (this.listed) return this.listed;
    this.keys ??= [...this.objects.keys()].sort();
    const { keys, objects } = this;
    const list = new Array<T>(keys.length);
    for (let i = 0; i < keys.length; i++) list[i] = objects.get(keys[i] as string) as T;
    this.listed = list;
    return list;
  }

  *entries(): Iterable<[string, T]> {
    yield* this.objects;
  }

  /** Where the key stands among the sorted ones, or would stand. */
  private placeOf(key: string): number {
    const keys = this.keys as string[];
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((keys[middle] as string) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

interface Index<T> {
  readonly values: (object: T) => readonly string[];
  readonly buckets: Map<string, Ordered<T>>;
}

const nothing: readonly never[] = [];
/** Pause before a failed list is tried again: client-go's reflector starts at 800 ms. */
const relistMs = 800;

class SharedInformer<T extends KubeObject> implements Informer<T> {
  private readonly kind: KindRef<T>;
  private readonly client: Client;
  private readonly environment: Environment;
  private readonly objects = new Ordered<T>();
  private readonly indexes = new Map<string, Index<T>>();
  private readonly listeners = new Set<ChangeListener<T>>();
  private resourceVersion = "";
  private running: Watch | undefined;
  private stopped = false;
  private synced = false;
  private waiting: (() => void)[] = [];

  constructor(options: { kind: KindRef<T>; client: Client; environment: Environment }) {
    this.kind = options.kind;
    this.client = options.client;
    this.environment = options.environment;
    this.addIndex("namespace", (object) => [object.metadata.namespace ?? ""]);
  }

  get hasSynced(): boolean {
    return this.synced;
  }

  whenSynced(): Promise<void> {
    return this.synced ? Promise.resolve() : new Promise((resolve) => void this.waiting.push(resolve));
  }

  get(key: string): T | undefined {
    return this.objects.get(key);
  }

  list(namespace?: string): readonly T[] {
    return namespace === undefined ? this.objects.list() : this.byIndex("namespace", namespace);
  }

  addIndex(name: string, values: (object: T) => readonly string[]): void {
    if (this.indexes.has(name)) return;
    const index: Index<T> = { values, buckets: new Map() };
    this.indexes.set(name, index);
    for (const [key, object] of this.objects.entries()) follow(index, key, object, undefined);
  }

  byIndex(name: string, value: string): readonly T[] {
    const index = this.indexes.get(name);
    if (!index) throw new Error(`informer of ${this.kind.plural} has no index ${name}`);
    const bucket = index.buckets.get(value);
    return bucket ? bucket.list() : nothing;
  }

  onChange(listener: ChangeListener<T>): () => void {
    for (const object of this.objects.list()) listener(object, undefined);
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  start(): void {
    void this.relist();
  }

  stop(): void {
    this.stopped = true;
    this.running?.stop();
  }

  private async relist(): Promise<void> {
    let page;
    try {
      page = await this.client.list(this.kind);
    } catch (error) {
      if (this.stopped) return;
      this.environment.log.warn(`list of ${this.kind.plural} failed, trying again`, { error: String(error) });
      this.environment.clock.after(relistMs, () => void this.relist());
      return;
    }
    if (this.stopped) return;
    this.resourceVersion = page.resourceVersion;
    const fresh = new Map(page.items.map((object) => [keyOf(object), object]));
    for (const object of this.objects.list()) if (!fresh.has(keyOf(object))) this.apply(keyOf(object), undefined);
    for (const [key, object] of fresh) this.apply(key, object);
    if (!this.synced) {
      this.synced = true;
      for (const resolve of this.waiting.splice(0)) resolve();
    }
    this.follow();
  }

  private follow(): void {
    if (this.stopped) return;
    this.running = this.client.watch(this.kind, { resourceVersion: this.resourceVersion }, {
      event: (event) => this.take(event),
      ended: (reason) => {
        if (this.stopped) return;
        if (reason === "gone") void this.relist();
        else this.environment.clock.after(relistMs, () => this.follow());
      },
    });
  }

  private take(event: WatchEvent<T>): void {
    this.resourceVersion = event.object.metadata.resourceVersion;
    if (event.type === "BOOKMARK") return;
    this.apply(keyOf(event.object), event.type === "DELETED" ? undefined : event.object);
  }

  private apply(key: string, current: T | undefined): void {
    const previous = this.objects.get(key);
    if (previous === current || (previous && current && previous.metadata.resourceVersion === current.metadata.resourceVersion)) return;
    for (const index of this.indexes.values()) follow(index, key, current, previous);
    if (current) this.objects.set(key, current);
    else this.objects.delete(key);
    for (const listener of this.listeners) listener(current, previous);
  }
}

/** Nearly every change leaves an object under the values that it had: then it takes the place of its former state. */
function follow<T>(index: Index<T>, key: string, current: T | undefined, previous: T | undefined): void {
  const before = previous ? index.values(previous) : nothing;
  const now = current ? index.values(current) : nothing;
  for (const value of before) if (!now.includes(value)) remove(index, key, value);
  if (current) for (const value of now) put(index, key, value, current);
}

function put<T>(index: Index<T>, key: string, value: string, object: T): void {
  let bucket = index.buckets.get(value);
  if (!bucket) index.buckets.set(value, (bucket = new Ordered()));
  bucket.set(key, object);
}

function remove<T>(index: Index<T>, key: string, value: string): void {
  const bucket = index.buckets.get(value);
  if (!bucket) return;
  bucket.delete(key);
  if (bucket.size === 0) index.buckets.delete(value);
}

/** One shared view per kind, started when it is first asked for. */
export class Informers {
  private readonly client: Client;
  private readonly environment: Environment;
  private readonly views = new Map<string, SharedInformer<KubeObject>>();

  constructor(options: { client: Client; environment: Environment }) {
    this.client = options.client;
    this.environment = options.environment;
  }

  of<T extends KubeObject>(kind: KindRef<T>): Informer<T> {
    const id = `${kind.apiVersion}/${kind.plural}`;
    let view = this.views.get(id);
    if (!view) {
      view = new SharedInformer<KubeObject>({ kind, client: this.client, environment: this.environment });
      this.views.set(id, view);
      view.start();
    }
    return view as unknown as Informer<T>;
  }

  /** Resolves when every view asked for so far holds a first full list. */
  async synced(): Promise<void> {
    for (const view of this.views.values()) await view.whenSynced();
  }

  stop(): void {
    for (const view of this.views.values()) view.stop();
  }
}
