import type { Environment } from "../base/environment.ts";
import type { Partially } from "../base/json.ts";
import { StatusError } from "../base/status-error.ts";
import type { Status } from "../base/status-error.ts";
import type { KindRef, KubeObject, ObjectName } from "../api/kind-ref.ts";
import type { ApiRequest, ApiResponse, ApiServer, Credentials, ObjectList, UserInfo, WatchEvent, WatchSink } from "../server/request.ts";
import type { Client, DeleteQuery, ListQuery, ListResult, Patch, Watch, WatchHandler, WatchQuery, WriteOptions } from "./client.ts";
import { collectionPath, objectPath, queryOf } from "./path.ts";

const patchTypes: { readonly [type in Patch["type"]]: string } = {
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  json: "application/json-patch+json",
};

/** Of the requests of a client that gives way, each of this number is answered late. */
const answersInTurn = 64;

/**
 * A client in the same process as the server. Objects pass by reference, without encoding: what it returns is shared with the
 * store and never to be changed, what it is given must not be changed afterwards. Each request and each watch delivery is a
 * step of the runner, so calls of different components interleave in the order in which they were made.
 */
export class InProcessClient implements Client {
  private readonly server: ApiServer;
  private readonly environment: Environment;
  private readonly credentials: Credentials;
  private readonly manager: string;
  /** Of a write that asks for nothing in particular. */
  private readonly plainQuery: string;
  private readonly givesWay: boolean;
  private sent = 0;
  private closed: Error | undefined;
  /** What ends each open watch. */
  private readonly watches = new Set<() => void>();

  /**
   * `user` is the identity under which the component acts; `fieldManager` what managedFields call it. `givesWay` is for programs that may
   * ask again and again without a pause: now and then an answer comes only when all work is done, late steps too, which such a program
   * would hold up for ever otherwise. Requests take effect in their order all the same.
   */
  constructor(options: { server: ApiServer; environment: Environment; user: UserInfo; fieldManager: string; givesWay?: boolean }) {
    this.server = options.server;
    this.environment = options.environment;
    this.credentials = { type: "component", user: options.user };
    this.manager = options.fieldManager;
    this.plainQuery = queryOf({ fieldManager: options.fieldManager });
    this.givesWay = options.givesWay ?? false;
  }

  /** Ends the open watches, each in a step of its own; what is asked from now on rejects with `reason`. */
  close(reason: Error): void {
    this.closed = reason;
    for (const end of this.watches) this.environment.runner.post(end);
  }

  get<T extends KubeObject>(kind: KindRef<T>, name: ObjectName): Promise<T> {
    return this.object("GET", objectPath(kind, name), "") as Promise<T>;
  }

  async list<T extends KubeObject>(kind: KindRef<T>, options: ListQuery = {}): Promise<ListResult<T>> {
    const { namespace, ...rest } = options;
    const list = (await this.object("GET", collectionPath(kind, namespace), queryOf(rest))) as ObjectList;
    return {
      items: list.items as readonly T[],
      resourceVersion: list.metadata.resourceVersion ?? "",
      continue: list.metadata.continue === "" ? undefined : list.metadata.continue,
    };
  }

  create<T extends KubeObject>(kind: KindRef<T>, object: Partially<T>, options: WriteOptions = {}): Promise<T> {
    const meta = object.metadata as Partial<T["metadata"]> | undefined;
    const path =
      options.subresource === undefined
        ? collectionPath(kind, meta?.namespace)
        : objectPath(kind, { namespace: meta?.namespace, name: meta?.name ?? "" }, options.subresource);
    return this.object("POST", path, this.writeQuery(options), object) as Promise<T>;
  }

  update<T extends KubeObject>(kind: KindRef<T>, object: T, options: WriteOptions = {}): Promise<T> {
    return this.object("PUT", objectPath(kind, object.metadata, options.subresource), this.writeQuery(options), object) as Promise<T>;
  }

  patch<T extends KubeObject>(kind: KindRef<T>, name: ObjectName, patch: Patch, options: WriteOptions = {}): Promise<T> {
    const path = objectPath(kind, name, options.subresource);
    return this.object("PATCH", path, this.writeQuery(options), patch.body, patchTypes[patch.type]) as Promise<T>;
  }

  delete(kind: KindRef, name: ObjectName, options: DeleteQuery = {}): Promise<KubeObject> {
    return this.object("DELETE", objectPath(kind, name), "", deleteOptions(options)) as Promise<KubeObject>;
  }

  async deleteCollection(kind: KindRef, options: ListQuery & DeleteQuery = {}): Promise<void> {
    const { namespace, gracePeriodSeconds, propagationPolicy, preconditions, ...list } = options;
    const body = {
      ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
      ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
      ...(preconditions === undefined ? {} : { preconditions }),
    };
    await this.object("DELETE", collectionPath(kind, namespace), queryOf(list), deleteOptions(body));
  }

  watch<T extends KubeObject>(kind: KindRef<T>, options: WatchQuery, handler: WatchHandler<T>): Watch {
    const abort = new AbortController();
    const { namespace, ...rest } = options;
    const { watches } = this;
    let over = false;
    const close = (): void => {
      abort.abort();
      end("closed");
    };
    const end = (reason: "gone" | "closed"): void => {
      watches.delete(close);
      if (over) return;
      over = true;
      handler.ended(reason);
    };
    watches.add(close);
    const closings: (() => void)[] = [];
    const sink: WatchSink = {
      event(event: WatchEvent) {
        if (over) return;
        if (event.type === "ERROR") end((event.object as unknown as Status).code === 410 ? "gone" : "closed");
        else handler.event(event as WatchEvent<T>);
      },
      end: () => end("closed"),
      closed: (then) => void closings.push(then),
    };
    const query = queryOf({ watch: true, allowWatchBookmarks: true, ...rest });
    this.send(this.requestOf("GET", collectionPath(kind, namespace), query, undefined, undefined, abort.signal), (response) => response).then(
      (response) => {
        if (over) return;
        if (response.body.type === "watch") response.body.start(sink);
        else end(response.status === 410 ? "gone" : "closed");
      },
      () => end("closed"),
    );
    return {
      stop() {
        over = true;
        watches.delete(close);
        abort.abort();
        for (const tell of closings.splice(0)) tell();
      },
    };
  }

  request(request: Omit<ApiRequest, "credentials">): Promise<ApiResponse> {
    return this.send({ ...request, credentials: this.credentials }, (response) => response);
  }

  /** What `read` makes of the answer; what it throws is the caller's error. */
  private send<T>(request: ApiRequest, read: (response: ApiResponse) => T): Promise<T> {
    if (this.closed) return Promise.reject(this.closed);
    const { runner } = this.environment;
    const late = this.givesWay && ++this.sent % answersInTurn === 0;
    return new Promise((resolve, reject) => {
      const take = (response: ApiResponse): void => {
        try {
          resolve(read(response));
        } catch (error) {
          reject(error);
        }
      };
      const answer = late ? (response: ApiResponse): void => runner.postLate(() => take(response)) : take;
      runner.post(() => {
        try {
          const response = this.server.handle(request);
          if (response instanceof Promise) response.then(answer, reject);
          else answer(response);
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  private writeQuery(options: WriteOptions): string {
    const { fieldManager, dryRun, fieldValidation } = options;
    if (fieldManager === undefined && dryRun === undefined && fieldValidation === undefined) return this.plainQuery;
    return queryOf({ fieldManager: fieldManager ?? this.manager, dryRun: dryRun ? "All" : undefined, fieldValidation });
  }

  private requestOf(method: string, path: string, query: string, body?: unknown, contentType?: string, signal?: AbortSignal): ApiRequest {
    return {
      credentials: this.credentials,
      method,
      path,
      query,
      headers: contentType === undefined ? {} : { "content-type": contentType },
      body: body as KubeObject | undefined,
      wants: "object",
      ...(signal === undefined ? {} : { signal }),
    };
  }

  /** The answer's object; a refusal becomes a StatusError. */
  private object(method: string, path: string, query: string, body?: unknown, contentType?: string): Promise<KubeObject | ObjectList> {
    return this.send(this.requestOf(method, path, query, body, contentType), ({ status, body: answer }) => {
      if (answer.type !== "object") throw new Error(`${method} ${path} answered ${answer.type} where an object was expected`);
      if (status >= 400) throw asError(answer.object as unknown as Status);
      return answer.object;
    });
  }
}

function asError(status: Status): StatusError {
  return new StatusError({
    code: status.code,
    message: status.message ?? "",
    ...(status.reason === undefined ? {} : { reason: status.reason }),
    ...(status.details === undefined ? {} : { details: status.details }),
  });
}

function deleteOptions(options: DeleteQuery): unknown {
  return { kind: "DeleteOptions", apiVersion: "v1", ...options };
}
