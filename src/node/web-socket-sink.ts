/**
 * Bytes over time as WebSocket messages: each event of a watch is a text of its own, a log comes in pieces as the program wrote them, binary or,
 * for who cannot read that, in base64.
 */
import type { WebSocket } from "ws";
import { limits } from "../base/limits.ts";
import type { ByteSink } from "../server/request.ts";

type Form = "lines" | "binary" | "base64";

const lineFeed = 0x0a;

/** What comes as JSON is a watch. */
export function formOf(contentType: string, protocol: string): Form {
  if (contentType.startsWith("application/json")) return "lines";
  return protocol.startsWith("base64.") ? "base64" : "binary";
}

export class WebSocketSink implements ByteSink {
  private readonly socket: WebSocket;
  private readonly form: Form;
  private waiting: (() => void)[] = [];

  constructor(socket: WebSocket, form: Form) {
    this.socket = socket;
    this.form = form;
    socket.on("error", () => {});
    // Nothing is expected from the client; what it says is read, so that its end is seen.
    socket.on("message", () => {});
  }

  write(bytes: Uint8Array): boolean {
    if (this.socket.readyState !== this.socket.OPEN) return true;
    for (const message of this.messages(bytes)) this.socket.send(message, () => this.release());
    return this.socket.bufferedAmount < limits.unreadBytesMax;
  }

  drained(next: () => void): void {
    this.waiting.push(next);
    if (this.socket.bufferedAmount < limits.unreadBytesMax) setImmediate(() => this.release());
  }

  end(): void {
    this.socket.close(1000);
  }

  closed(then: () => void): void {
    if (this.socket.readyState === this.socket.CLOSED) setImmediate(then);
    else this.socket.once("close", then);
  }

  /** A write of a watch holds whole events. */
  private *messages(bytes: Uint8Array): Generator<string | Uint8Array> {
    if (this.form === "binary") return yield bytes;
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (this.form === "base64") return yield buffer.toString("base64");
    for (let from = 0; from < buffer.length; ) {
      const end = buffer.indexOf(lineFeed, from);
      const next = end < 0 ? buffer.length : end + 1;
      yield buffer.toString("utf8", from, next);
      from = next;
    }
  }

  private release(): void {
    if (this.socket.bufferedAmount >= limits.unreadBytesMax) return;
    const waiting = this.waiting;
    this.waiting = [];
    for (const next of waiting) next();
  }
}
