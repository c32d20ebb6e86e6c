/**
 * The one port of a cluster: HTTP/2 and HTTP/1.1 over TLS, client certificates, WebSocket upgrades. It translates and decides nothing:
 * bytes become an ApiRequest, an ApiResponse becomes bytes. Limits (bodies, heads, requests in flight) are kept here, before
 * anything is asked of the server.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, createSecureServer } from "node:http2";
import type { Http2SecureServer, IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Log } from "../base/environment.ts";
import { limits } from "../base/limits.ts";
import type { ApiServer, Credentials } from "../server/request.ts";
import type { ClusterCertificates } from "./certificates.ts";
import { credentialsOfConnection, credentialsOfRequest } from "./credentials.ts";
import { EdgeRequest, exchange } from "./exchange.ts";
import type { Exchanges, Headers, Peer, ResponseHeaders } from "./exchange.ts";

export interface HttpsListener {
  readonly host: string;
  readonly port: number;
  /** `https://127.0.0.1:6443` */
  readonly url: string;
  /** Ends every watch and connection and frees the port. */
  close(): Promise<void>;
}

export interface HttpsOptions {
  readonly server: ApiServer;
  readonly certificates: Pick<ClusterCertificates, "authority" | "server">;
  readonly log: Log;
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port?: number;
  /** How long a body may take. Default: the limit of all servers. */
  readonly bodyMsMax?: number;
  /** How long a read waits for a revision that is yet to come. Default: the limit of all servers. */
  readonly futureMsMax?: number;
  /** How long a connection without requests lives. Default: the limit of all servers. */
  readonly idleMsMax?: number;
}

/** Connections get this long to send what they have after the listener closed. */
const closeMsMax = 200;

const ignore = () => {};

class Http2Peer implements Peer {
  readonly output: ServerHttp2Stream;

  constructor(stream: ServerHttp2Stream) {
    this.output = stream;
  }

  head(status: number, headers: ResponseHeaders, body: "none" | "bytes" | "stream"): void {
    this.output.respond({ ...(headers as Record<string, string>), ":status": status }, body === "none" ? { endStream: true } : undefined);
  }

  discard(): void {
    this.output.once("finish", () => this.output.close(constants.NGHTTP2_NO_ERROR));
  }
}

class Http1Peer implements Peer {
  readonly output: ServerResponse;

  constructor(response: ServerResponse) {
    this.output = response;
  }

  head(status: number, headers: ResponseHeaders, body: "none" | "bytes" | "stream"): void {
    this.output.writeHead(status, headers as Record<string, string | string[] | number>);
    if (body === "none") this.output.end();
    if (body === "stream") this.output.flushHeaders();
  }

  /** The connection cannot be used again; what the client still sends is read for a moment, so that it sees the answer. */
  discard(): void {
    const request = this.output.req;
    request.resume();
    const timer = setTimeout(() => request.destroy(), closeMsMax);
    request.once("close", () => clearTimeout(timer));
  }
}

function onHttp2Session(session: ServerHttp2Session, shared: Exchanges, idleMsMax: number): void {
  const connection = credentialsOfConnection(session.socket as TLSSocket);
  const from = { remoteAddress: session.socket.remoteAddress };
  session.on("error", ignore);
  let open = 0;
  session.setTimeout(idleMsMax, () => {
    if (open === 0) session.close();
  });
  session.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders & { ":method"?: string; ":path"?: string }, flags: number) => {
    stream.on("error", ignore);
    open++;
    stream.once("close", () => open--);
    const credentials = credentialsOfRequest(connection, headers.authorization);
    const request = new EdgeRequest(headers[":method"] ?? "", headers[":path"] ?? "", headers as Headers, { credentials, closing: stream, from });
    const hasBody = (flags & constants.NGHTTP2_FLAG_END_STREAM) === 0;
    void exchange(shared, request, hasBody ? stream : undefined, new Http2Peer(stream));
  });
}

/** Header fields that came several times are joined, as they are in HTTP/2. */
function flatten(headers: IncomingMessage["headers"]): Headers {
  const flat: { [name: string]: string } = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) flat[name] = typeof value === "string" ? value : value.join(", ");
  return flat;
}

function http1Request(message: IncomingMessage, credentials: Credentials, closing: EdgeRequest["closing"]): EdgeRequest {
  return new EdgeRequest(message.method ?? "", message.url ?? "", flatten(message.headers), { credentials: credentialsOfRequest(credentials, message.headers.authorization), closing, from: message.socket });
}

class Connections {
  private readonly known = new WeakMap<Duplex, Credentials>();

  /** The certificate of a connection is read once. */
  of(socket: Duplex): Credentials {
    let found = this.known.get(socket);
    if (found === undefined) this.known.set(socket, (found = credentialsOfConnection(socket as TLSSocket)));
    return found;
  }
}

function attach(http: Http2SecureServer, shared: Exchanges, idleMsMax: number): void {
  const connections = new Connections();
  // A "request" listener would make Node wrap every HTTP/2 stream in an HTTP/1 look-alike as well; this takes that away.
  http.removeAllListeners("newListener");
  http.on("session", (session) => onHttp2Session(session, shared, idleMsMax));
  http.on("sessionError", ignore);
  http.on("request", (message: unknown, response: unknown) => {
    const [request, reply] = [message as IncomingMessage, response as ServerResponse];
    const hasBody = request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0;
    request.on("error", ignore);
    reply.on("error", ignore);
    if (!hasBody) request.resume();
    void exchange(shared, http1Request(request, connections.of(request.socket), reply), hasBody ? request : undefined, new Http1Peer(reply));
  });
  http.on("upgrade", (message: IncomingMessage, socket: Duplex, first: Buffer) => {
    socket.on("error", ignore);
    // Loaded with all that it needs when it is first asked for.
    import("./upgrade.ts").then(
      ({ upgrade }) => upgrade(shared, http1Request(message, connections.of(socket), socket), { message, socket, first }),
      (error: unknown) => {
        shared.log.error("upgrades cannot be served", { error: String(error) });
        socket.destroy();
      },
    );
  });
  // The parser complains about every piece that still comes in; a connection is answered once.
  const refused = new WeakSet<Socket>();
  http.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    if (refused.has(socket)) return;
    refused.add(socket);
    refuseGarbage(error, socket);
  });
}

/** Answers what is not HTTP/1.1, or a head that is too long; reads on for a moment, so that the client sees the answer. */
function refuseGarbage(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
  const status = error.code === "HPE_HEADER_OVERFLOW" ? "431 Request Header Fields Too Large" : "400 Bad Request";
  socket.write(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  setTimeout(() => socket.destroy(), closeMsMax).unref();
}

/** Opens the port. Rejects with Node's error when it cannot (EADDRINUSE, EACCES). */
export function listenHttps(options: HttpsOptions): Promise<HttpsListener> {
  const { certificates, host = "127.0.0.1", port = 0 } = options;
  const shared: Exchanges = { server: options.server, log: options.log, inFlight: 0, bodyBytes: 0, bodyMsMax: options.bodyMsMax ?? limits.requestBodyMsMax, futureMsMax: options.futureMsMax ?? limits.futureRevisionMsMax, sinks: new Set(), protobuf: undefined };
  const http = createSecureServer({
    allowHTTP1: true,
    key: certificates.server.key,
    cert: certificates.server.certificate,
    ca: certificates.authority.certificate,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: "TLSv1.2",
    maxSessionMemory: 1000,
    settings: { maxConcurrentStreams: limits.http2StreamsMax, maxHeaderListSize: limits.requestHeadBytesMax },
    ...{ maxHeaderSize: limits.requestHeadBytesMax },
  });
  attach(http, shared, options.idleMsMax ?? limits.idleConnectionMsMax);
  const sockets = new Set<Socket>();
  http.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const sessions = new Set<ServerHttp2Session>();
  http.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  return new Promise((resolve, reject) => {
    http.once("error", reject);
    http.listen(port, host, () => {
      http.off("error", reject);
      http.on("error", (error: Error) => options.log.error("the port failed", { error: error.message }));
      const bound = (http.address() as AddressInfo).port;
      const url = `https://${host.includes(":") ? `[${host}]` : host}:${bound}`;
      resolve({ host, port: bound, url, close: () => close(http, shared, sockets, sessions) });
    });
  });
}

function close(http: Http2SecureServer, shared: Exchanges, sockets: Set<Socket>, sessions: Set<ServerHttp2Session>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, closeMsMax);
    http.close(() => {
      clearTimeout(timer);
      resolve();
    });
    for (const sink of shared.sinks) sink.end();
    for (const session of sessions) session.close();
    (http as unknown as { closeIdleConnections?(): void }).closeIdleConnections?.();
  });
}
