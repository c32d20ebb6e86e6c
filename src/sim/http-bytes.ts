import type { PortClient, PortConnection } from "../server/request.ts";
import type { HttpRequest, HttpResponse, Listener } from "./network.ts";

/**
 * The bytes of a connection to a simulated program, where they come from a real client: HTTP/1.1 requests are read from them, one
 * after the other, and the program's answers are written back. A listener that speaks no HTTP takes what comes and says nothing.
 */

/** A head and a body longer than this are no client of a simulated program. */
const headBytesMax = 64 * 1024;
const bodyBytesMax = 16 * 1024 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What `listener` makes of a connection that `client` has opened. */
export function serveConnection({ listener, port, from, client }: { listener: Listener; port: number; from: string; client: PortClient }): PortConnection {
  if (listener.bytes) return listener.bytes(client);
  if (!listener.http) return { write: () => undefined, end: () => client.end(), close: () => undefined };
  return new HttpConnection({ http: listener.http, port, from, client });
}

interface Head {
  readonly method: string;
  readonly path: string;
  readonly version: string;
  readonly headers: { readonly [name: string]: string };
}

class HttpConnection implements PortConnection {
  private readonly http: NonNullable<Listener["http"]>;
  private readonly port: number;
  private readonly from: string;
  private readonly client: PortClient;
  private received = new Uint8Array(0);
  private isBusy = false;
  private isEnded = false;
  private isClosed = false;

  constructor(options: { http: NonNullable<Listener["http"]>; port: number; from: string; client: PortClient }) {
    this.http = options.http;
    this.port = options.port;
    this.from = options.from;
    this.client = options.client;
  }

  write(bytes: Uint8Array): void {
    if (this.isClosed) return;
    const all = new Uint8Array(this.received.length + bytes.length);
    all.set(this.received);
    all.set(bytes, this.received.length);
    this.received = all;
    this.advance();
  }

  end(): void {
    this.isEnded = true;
    this.advance();
  }

  close(): void {
    this.isClosed = true;
  }

  /** Answers the next request, once it is there in full and the one before it is answered. */
  private advance(): void {
    if (this.isBusy || this.isClosed) return;
    const next = this.nextRequest();
    if (next === "garbage") return this.refuse();
    if (next === undefined) {
      if (this.isEnded) this.finish();
      return;
    }
    this.isBusy = true;
    const { head, body } = next;
    const request: HttpRequest = { method: head.method, path: head.path, host: head.headers["host"] ?? `localhost:${this.port}`, headers: head.headers, body };
    const answer = async (): Promise<HttpResponse> => this.http(request, this.from);
    answer().then(
      (response) => this.answer(head, response),
      () => this.finish(),
    );
  }

  private answer(head: Head, response: HttpResponse): void {
    this.isBusy = false;
    if (this.isClosed) return;
    const closes = head.headers["connection"]?.toLowerCase() === "close" || (head.version === "HTTP/1.0" && head.headers["connection"]?.toLowerCase() !== "keep-alive");
    this.client.write(responseBytes(response, { isHead: head.method === "HEAD", closes }));
    if (closes) this.finish();
    else this.advance();
  }

  private refuse(): void {
    this.client.write(responseBytes({ status: 400, reason: "Bad Request", headers: {}, body: "" }, { isHead: false, closes: true }));
    this.finish();
  }

  private finish(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.client.end();
  }

  private nextRequest(): { head: Head; body: string } | "garbage" | undefined {
    const end = endOfHead(this.received);
    if (end < 0) return this.received.length > headBytesMax ? "garbage" : undefined;
    const head = readHead(decoder.decode(this.received.subarray(0, end)));
    if (!head) return "garbage";
    const rest = this.received.subarray(end + 4);
    const isChunked = head.headers["transfer-encoding"]?.toLowerCase().includes("chunked") ?? false;
    const body = isChunked ? chunkedBody(rest) : plainBody(rest, Number(head.headers["content-length"] ?? 0));
    if (body === undefined) return rest.length > bodyBytesMax ? "garbage" : undefined;
    if (body === "garbage") return body;
    this.received = rest.slice(body.length);
    return { head, body: body.text };
  }
}

/** Where the empty line begins that ends a head, or -1. */
function endOfHead(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(13); at >= 0; at = bytes.indexOf(13, at + 1)) {
    if (bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) return at;
  }
  return -1;
}

function readHead(text: string): Head | undefined {
  const [first = "", ...lines] = text.split("\r\n");
  const match = /^([A-Z]+) (\S+) (HTTP\/1\.[01])$/.exec(first);
  if (!match) return undefined;
  const headers: { [name: string]: string } = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon <= 0) return undefined;
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const target = match[2] as string;
  return { method: match[1] as string, path: target.replace(/^https?:\/\/[^/]*/, "") || "/", version: match[3] as string, headers };
}

type Body = { readonly text: string; readonly length: number } | "garbage" | undefined;

function plainBody(bytes: Uint8Array, length: number): Body {
  if (!Number.isInteger(length) || length < 0 || length > bodyBytesMax) return "garbage";
  return bytes.length < length ? undefined : { text: decoder.decode(bytes.subarray(0, length)), length };
}

function chunkedBody(bytes: Uint8Array): Body {
  let text = "";
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf(10, at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(decoder.decode(bytes.subarray(at, lineEnd)), 16);
    if (!Number.isInteger(size) || size < 0) return "garbage";
    const end = lineEnd + 1 + size + 2;
    if (bytes.length < end) return undefined;
    if (size === 0) return { text, length: end };
    text += decoder.decode(bytes.subarray(lineEnd + 1, lineEnd + 1 + size));
    at = end;
  }
}

function responseBytes({ status, reason, headers, body }: HttpResponse, { isHead, closes }: { isHead: boolean; closes: boolean }): Uint8Array {
  const content = encoder.encode(body);
  const lines = [`HTTP/1.1 ${status} ${reason}`];
  for (const [name, value] of Object.entries(headers)) if (name !== "content-length" && name !== "connection") lines.push(`${name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())}: ${value}`);
  lines.push(`Content-Length: ${isHead ? (headers["content-length"] ?? content.length) : content.length}`, `Connection: ${closes ? "close" : "keep-alive"}`, "", "");
  const head = encoder.encode(lines.join("\r\n"));
  if (isHead) return head;
  const all = new Uint8Array(head.length + content.length);
  all.set(head);
  all.set(content, head.length);
  return all;
}
