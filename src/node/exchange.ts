/**
 * One request and its answer, whatever the protocol: reads a bounded body, asks the API server, writes what it answered. The two
 * protocols differ only in how a head is sent (`Peer`); bodies are node:stream writables in both.
 */
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { limits } from "../base/limits.ts";
import type { Log } from "../base/environment.ts";
import { badRequest, internalError, StatusError } from "../base/status-error.ts";
import { ProtobufDecoder } from "../api/protobuf/decode-protobuf.ts";
import { ProtobufError } from "../api/protobuf/wire.ts";
import type { ApiRequest, ApiResponse, ApiServer, Credentials } from "../server/request.ts";
import { StreamSink } from "./stream-sink.ts";

export type Headers = { readonly [name: string]: string };
export type ResponseHeaders = { [name: string]: string | readonly string[] | number };

/** The client's side of one exchange. */
export interface Peer {
  /** Where the body goes; closes when the exchange is over or the client is gone. */
  readonly output: Writable;
  /** Sends the head: alone ("none"), together with the body that follows at once ("bytes"), or at once ("stream"). */
  head(status: number, headers: ResponseHeaders, body: "none" | "bytes" | "stream"): void;
  /** After the answer: takes no more of a body that is too large. */
  discard(): void;
}

/** What the exchanges of one listener share. */
export interface Exchanges {
  readonly server: ApiServer;
  readonly log: Log;
  /** Requests that the server has not answered yet; streams count until their head is sent. */
  inFlight: number;
  /** Of bodies that are being read. */
  bodyBytes: number;
  /** How long a body may take. */
  readonly bodyMsMax: number;
  /** How long a revision that is yet to come is waited for. */
  readonly futureMsMax: number;
  /** Open streams, to be ended when the listener closes. */
  readonly sinks: Set<{ end(): void }>;
  /** Made when the first body in protobuf comes. */
  protobuf: ProtobufDecoder | undefined;
}

/** The far end of a connection: a socket, or what is remembered of it. */
export interface Peername {
  readonly remoteAddress?: string | undefined;
}

/** A request whose signal is made only when somebody asks for it. */
export class EdgeRequest implements ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  headers: Headers;
  credentials: Credentials;
  readonly wants = "bytes";
  body: Uint8Array | undefined = undefined;
  private readonly closing: { once(event: "close", listener: () => void): unknown; readonly destroyed: boolean };
  private readonly from: Peername;
  private controller: AbortController | undefined = undefined;

  constructor(method: string, target: string, headers: Headers, { credentials, closing, from }: { credentials: Credentials; closing: EdgeRequest["closing"]; from: Peername }) {
    const local = target.charCodeAt(0) === slash ? target : originForm(target);
    const mark = local.indexOf("?");
    this.method = method;
    this.path = mark < 0 ? local : local.slice(0, mark);
    this.query = mark < 0 ? "" : local.slice(mark + 1);
    this.headers = headers;
    this.credentials = credentials;
    this.closing = closing;
    this.from = from;
  }

  get remoteAddress(): string | undefined {
    return this.from.remoteAddress?.replace(/^::ffff:(?=[\d.]+$)/i, "");
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      const controller = new AbortController();
      this.controller = controller;
      if (this.closing.destroyed) controller.abort();
      else this.closing.once("close", () => controller.abort());
    }
    return this.controller.signal;
  }
}

const slash = 0x2f;

/** A target that names a whole URL (a proxy's client) or `*` becomes a path; what is no path leads nowhere. */
function originForm(target: string): string {
  const match = /^https?:\/\/[^/?]*(.*)$/i.exec(target);
  const rest = match?.[1] ?? target;
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/**
 * Reads a body of at most the limit. Resolves with a refusal when it is larger, when bodies fill too much of the memory, or when it does
 * not come to its end; rejects when the client went away. What comes after a refusal is not read.
 */
function readBody(shared: Exchanges, input: Readable, request: EdgeRequest): Promise<Uint8Array | ApiResponse> {
  const max = limits.requestBodyBytesMax;
  const declared = request.headers["content-length"];
  if (declared !== undefined && Number(declared) > max) return Promise.resolve(refusal(tooLarge()));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const end = (outcome: Uint8Array | ApiResponse | Error) => {
      clearTimeout(timer);
      input.off("data", take);
      input.off("end", whole);
      shared.bodyBytes -= length;
      length = 0;
      if (outcome instanceof Error) return reject(outcome);
      if (!(outcome instanceof Uint8Array)) input.pause();
      resolve(outcome);
    };
    const take = (chunk: Buffer) => {
      length += chunk.length;
      shared.bodyBytes += chunk.length;
      if (length > max) return end(refusal(tooLarge()));
      if (shared.bodyBytes > limits.requestBodiesBytesMax) return end(refusal(tooMany()));
      chunks.push(chunk);
    };
    const whole = () => end(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length));
    const timer = setTimeout(() => end(refusal(tooSlow())), shared.bodyMsMax);
    input.on("data", take);
    input.once("end", whole);
    input.once("error", end);
    input.once("close", () => end(new Error("the client went away before its request was complete")));
  });
}

/** Reads the body if there is one, asks the server and answers. Never rejects: an answer that cannot be written ends the exchange. */
export async function exchange(shared: Exchanges, request: EdgeRequest, input: Readable | undefined, peer: Peer): Promise<void> {
  try {
    await serve(shared, request, input, peer);
  } catch (error) {
    logDefect(shared, request, error);
    peer.output.destroy();
  }
}

async function serve(shared: Exchanges, request: EdgeRequest, input: Readable | undefined, peer: Peer): Promise<void> {
  if (input !== undefined) {
    const refused = await takeBody(shared, request, input);
    if (refused === "gone") return;
    if (refused !== undefined) {
      answer(shared, refused, peer);
      peer.discard();
      return;
    }
  }
  if (shared.inFlight >= limits.requestsInFlightMax) return answer(shared, refusal(tooMany()), peer);
  answer(shared, await ask(shared, request), peer);
}

/** Reads the body into the request; the answer when it is not taken. */
async function takeBody(shared: Exchanges, request: EdgeRequest, input: Readable): Promise<ApiResponse | "gone" | undefined> {
  const declared = request.headers["content-length"];
  if (declared === undefined || Number(declared) > limits.unaskedBodyBytesMax || request.credentials.type === "none") {
    const refused = shared.server.refusal?.(request);
    if (refused !== undefined) return refused;
  }
  let body: Uint8Array | ApiResponse;
  try {
    body = await readBody(shared, input, request);
  } catch {
    return "gone";
  }
  if (!(body instanceof Uint8Array)) return body;
  try {
    request.body = translate(shared, request, body);
    return undefined;
  } catch (error) {
    if (error instanceof ProtobufError) return refusal(badRequest(error.message));
    // Whatever nests deeper than the host's stack can follow.
    if (error instanceof RangeError) return refusal(badRequest("exceeded max depth"));
    throw error;
  }
}

const protobufType = "application/vnd.kubernetes.protobuf";

/** Protobuf becomes the JSON that the same client would have sent; any other body stays as it is. */
function translate(shared: Exchanges, request: EdgeRequest, body: Uint8Array): Uint8Array {
  const type = request.headers["content-type"];
  if (type === undefined || body.length === 0 || type.split(";")[0]?.trim() !== protobufType) return body;
  shared.protobuf ??= new ProtobufDecoder();
  request.headers = { ...request.headers, "content-type": "application/json" };
  return Buffer.from(JSON.stringify(shared.protobuf.decode(body)));
}

/** The server's answer; a broken invariant is logged and answered with 500. */
export async function ask(shared: Exchanges, request: ApiRequest): Promise<ApiResponse> {
  shared.inFlight++;
  try {
    const response = await shared.server.handle(request);
    return isAhead(response) && shared.futureMsMax > 0 ? await whenReached(shared, request) : response;
  } catch (error) {
    logDefect(shared, request, error);
    return refusal(internalError("the server met a defect; its log says where"));
  } finally {
    shared.inFlight--;
  }
}

/** Between two looks for a revision that is yet to come. */
const futurePauseMs = 50;

/** Whether the client asked for a revision that is not there yet. */
function isAhead({ status, body }: ApiResponse): boolean {
  return status === 504 && body.type === "bytes" && Buffer.concat(body.parts).includes("ResourceVersionTooLarge");
}

/** Asks again until the revision is there, the time is up or nobody waits for it any more. */
async function whenReached(shared: Exchanges, request: ApiRequest): Promise<ApiResponse> {
  const until = performance.now() + shared.futureMsMax;
  for (;;) {
    await sleep(Math.min(futurePauseMs, Math.max(until - performance.now(), 0)));
    const response = await shared.server.handle(request);
    if (!isAhead(response) || performance.now() >= until || request.signal?.aborted === true) return response;
  }
}

export function logDefect(shared: Exchanges, request: ApiRequest, error: unknown): void {
  shared.log.error("a request broke an invariant", { method: request.method, path: request.path, error: error instanceof Error ? error.stack : String(error) });
}

const tooLarge = () =>
  new StatusError({ code: 413, reason: "RequestEntityTooLarge", message: `Request entity too large: limit is ${limits.requestBodyBytesMax}` });
const tooSlow = () => new StatusError({ code: 504, reason: "Timeout", message: "Timeout: request did not complete within the allotted timeout", details: {} });
const tooMany = () =>
  new StatusError({
    code: 429,
    reason: "TooManyRequests",
    message: "Too many requests, please try again later.",
    details: { retryAfterSeconds: 1 },
    headers: { "retry-after": "1" },
  });

/** A Status as an answer. */
export function refusal(error: StatusError): ApiResponse {
  const body = { type: "bytes", parts: [Buffer.from(JSON.stringify(error.status))] } as const;
  return { status: error.status.code, headers: { "content-type": "application/json", ...error.headers }, body };
}

/** Writes an answer. */
export function answer(shared: Exchanges, response: ApiResponse, peer: Peer): void {
  if (peer.output.destroyed) return;
  const { status, headers, body } = response;
  switch (body.type) {
    case "bytes":
      return answerBytes(peer, status, headers, body.parts);
    case "none":
      return peer.head(status, headers as ResponseHeaders, "none");
    case "stream": {
      peer.head(status, headers as ResponseHeaders, "stream");
      const sink = new StreamSink(peer.output);
      shared.sinks.add(sink);
      sink.closed(() => shared.sinks.delete(sink));
      return body.start(sink);
    }
    case "object":
      return answerBytes(peer, status, { "content-type": "application/json", ...headers }, [Buffer.from(JSON.stringify(body.object))]);
    case "channels":
    case "ports":
      return answer(shared, refusal(badRequest("Upgrade request required")), peer);
    case "watch":
      return answer(shared, refusal(internalError("a watch for in-process callers reached the network")), peer);
  }
}

/** Larger bodies go out piece by piece, so that neither a copy nor a write holds the loop: 256 KiB copy in 30 µs. */
const pieceBytes = 256 * 1024;

function answerBytes(peer: Peer, status: number, headers: ApiResponse["headers"], parts: readonly Uint8Array[]): void {
  let length = 0;
  for (const part of parts) length += part.length;
  const output = peer.output;
  peer.head(status, { ...headers, "content-length": length }, length === 0 ? "none" : "bytes");
  if (length === 0) return;
  if (parts.length === 1) return void output.end(parts[0]);
  if (length <= pieceBytes) return void output.end(Buffer.concat(parts, length));
  let next = 0;
  const send = () => {
    while (next < parts.length && !output.destroyed) {
      const from = next;
      let size = 0;
      while (next < parts.length && size < pieceBytes) size += (parts[next++] as Uint8Array).length;
      const piece = next - from === 1 ? (parts[from] as Uint8Array) : Buffer.concat(parts.slice(from, next), size);
      if (!output.write(piece) && next < parts.length) return void output.once("drain", send);
    }
    output.end();
  };
  send();
}
