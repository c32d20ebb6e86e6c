import type { KubeObject } from "../api/kind-ref.ts";
import type { Soon } from "../base/soon.ts";

/**
 * The one seam of the API server: a function from an ApiRequest to an ApiResponse. It owns no socket. The HTTPS adapter, the
 * in-process client and the browser page call the same function; an in-process caller passes and receives objects instead of
 * bytes (`wants: "object"`) and skips encoding, never authorization, admission or validation.
 */
export interface ApiServer {
  /** Answers at once where nothing is to be waited for. Never rejects for what a client did: errors are Status responses. Throws or rejects only for broken invariants. */
  handle(request: ApiRequest): Soon<ApiResponse>;
  /**
   * The answer to who may not ask for this at all, whatever the body says; undefined for everybody else. Adapters ask before they read a
   * long body, so that nobody fills their memory without a right to.
   */
  refusal?(request: ApiRequest): ApiResponse | undefined;
}

export interface ApiRequest {
  readonly method: string;
  /** Percent-encoded, begins with "/", no query. */
  readonly path: string;
  /** Percent-encoded, without "?"; "" when there is none. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string };
  /** Bytes, or an object of an in-process caller, which the server may keep but never changes. Absent: no body. */
  readonly body?: Uint8Array | KubeObject | undefined;
  readonly credentials: Credentials;
  readonly wants: "object" | "bytes";
  /** Where the caller's connection comes from; absent: from within the process. */
  readonly remoteAddress?: string | undefined;
  /** Aborted when the client went away. */
  readonly signal?: AbortSignal;
}

/** What an adapter knows of the caller; the server authenticates. */
export type Credentials =
  /** A client certificate that the adapter has verified against the cluster's CA. */
  | {
      readonly type: "certificate";
      readonly commonName: string;
      readonly organizations: readonly string[];
      /** SHA-256 of the certificate, in lower-case hexadecimal digits. */
      readonly fingerprint?: string;
    }
  /** An in-process component under upstream's identity. */
  | { readonly type: "component"; readonly user: UserInfo }
  | { readonly type: "token"; readonly token: string }
  | { readonly type: "none" };

export interface UserInfo {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: { readonly [key: string]: readonly string[] };
}

export interface ApiResponse {
  readonly status: number;
  /** Names in lower case. `warning` holds several, each complete (`299 - "text"`). */
  readonly headers: { readonly [name: string]: string | readonly string[] };
  readonly body: ApiBody;
}

export type ApiBody =
  | { readonly type: "none" }
  /** For in-process callers: an object as stored (shared, never to be changed), or a list whose `items` are such objects. */
  | { readonly type: "object"; readonly object: KubeObject | ObjectList }
  /** Already encoded; the parts follow each other. They are shared with the store: never to be changed. */
  | { readonly type: "bytes"; readonly parts: readonly Uint8Array[] }
  /** Bytes over time: watches, followed logs. The adapter calls `start` once. */
  | { readonly type: "stream"; readonly start: (sink: ByteSink) => void }
  /** Watch events over time, for in-process callers. */
  | { readonly type: "watch"; readonly start: (sink: WatchSink) => void }
  /** An upgraded connection with numbered channels (exec, attach). */
  | { readonly type: "channels"; readonly protocols: readonly string[]; readonly start: (channels: Channels) => void }
  /** An upgraded connection over which any number of connections to ports are opened (port-forward). */
  | { readonly type: "ports"; readonly connect: ConnectPort };

/** Opens a connection to a port of a Pod. Rejects with an Error whose message goes to the client as it is. */
export type ConnectPort = (port: number, client: PortClient) => Promise<PortConnection>;

/** The far end of a forwarded connection: what the program at the port receives. */
export interface PortConnection {
  write(bytes: Uint8Array): void;
  /** The client sends no more. */
  end(): void;
  /** The client is gone. */
  close(): void;
}

/** The near end: what the client receives. */
export interface PortClient {
  write(bytes: Uint8Array): void;
  /** The program has closed the connection: nothing more comes. */
  end(): void;
}

export interface ObjectList {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string; readonly remainingItemCount?: number };
  readonly items: readonly KubeObject[];
}

export interface ByteSink {
  /** Takes the bytes; false when the reader lags and the writer should wait for `drained`. Ignored after the end. */
  write(bytes: Uint8Array): boolean;
  /** Calls back once when there is room again. */
  drained(next: () => void): void;
  end(): void;
  /** Calls back once when the reader is gone. */
  closed(then: () => void): void;
}

export interface WatchEvent<T extends KubeObject = KubeObject> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  /** The object as stored; for DELETED its last state; for BOOKMARK only metadata; for ERROR a Status. */
  readonly object: T;
}

export interface WatchSink {
  /** Called in order, as tasks of the runner. */
  event(event: WatchEvent): void;
  /** The watch is over; the client may list and watch anew. */
  end(): void;
  closed(then: () => void): void;
}

/** Channels of exec: 0 stdin, 1 stdout, 2 stderr, 3 error (a Status as JSON), 4 resize. */
export interface Channels {
  send(channel: number, bytes: Uint8Array): boolean;
  drained(next: () => void): void;
  /** Bytes that the client sends; an empty channel end is `onEnd`. Set before `start` returns. */
  onData(listener: (channel: number, bytes: Uint8Array) => void): void;
  onEnd(listener: (channel: number) => void): void;
  /** The client is gone. */
  closed(then: () => void): void;
  close(): void;
  /** Reads nothing more from the client until resumed, so that what nobody takes fills the client's memory and not ours. Absent: there is no need. */
  pause?(): void;
  resume?(): void;
}
