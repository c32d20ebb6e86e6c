import type { Partially } from "../base/json.ts";
import type { KindRef, KubeObject, ObjectName } from "../api/kind-ref.ts";
import type { ApiRequest, ApiResponse, WatchEvent } from "../server/request.ts";

/**
 * How everything else reaches the server. In-process implementations pass objects; what they return is shared with the store
 * and must never be changed. Every method rejects with StatusError for what the server refused. Answers are as of some moment
 * between call and return; an object that was read may be out of date, writes carry its resourceVersion to notice.
 */
export interface Client {
  get<T extends KubeObject>(kind: KindRef<T>, name: ObjectName): Promise<T>;
  list<T extends KubeObject>(kind: KindRef<T>, options?: ListQuery): Promise<ListResult<T>>;
  create<T extends KubeObject>(kind: KindRef<T>, object: Partially<T>, options?: WriteOptions): Promise<T>;
  /** Replaces. With metadata.resourceVersion set it is conditional. `subresource: "status"` replaces the status. */
  update<T extends KubeObject>(kind: KindRef<T>, object: T, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(kind: KindRef<T>, name: ObjectName, patch: Patch, options?: WriteOptions): Promise<T>;
  /** The object if it still exists (deletion under way), else the Status of success. */
  delete(kind: KindRef, name: ObjectName, options?: DeleteQuery): Promise<KubeObject>;
  deleteCollection(kind: KindRef, options?: ListQuery & DeleteQuery): Promise<void>;
  /** Changes after `resourceVersion`. `handler` is called in order, as tasks of the runner; `ended` once, with the reason. */
  watch<T extends KubeObject>(kind: KindRef<T>, options: WatchQuery, handler: WatchHandler<T>): Watch;
  /** Anything else: subresources by path, raw paths. */
  request(request: Omit<ApiRequest, "credentials">): Promise<ApiResponse>;
}

/** What a list is narrowed to. */
export interface ListQuery {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

/** One page of a list. `resourceVersion` is where a watch goes on from. */
export interface ListResult<T extends KubeObject> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  readonly continue: string | undefined;
}

/** How a write is to be taken. */
export interface WriteOptions {
  /** "status", "binding", "finalize", … */
  readonly subresource?: string;
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
  /** What becomes of fields that the kind does not have: an error, or (default) they are left out. */
  readonly fieldValidation?: "Strict" | "Warn" | "Ignore";
}

/** How an object is to go. */
export interface DeleteQuery {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan";
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

/** A change to an object, in one of the three languages of patches. */
export interface Patch {
  readonly type: "merge" | "strategic" | "json";
  readonly body: unknown;
}

/** What is watched, and after which revision. */
export interface WatchQuery {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly resourceVersion: string;
}

/** What hears of the changes. */
export interface WatchHandler<T extends KubeObject> {
  event(event: WatchEvent<T>): void;
  /** The watch ended by itself: `gone` asks for a new list, else a new watch from the last seen resourceVersion will do. */
  ended(reason: "gone" | "closed"): void;
}

/** A watch under way. */
export interface Watch {
  stop(): void;
}
