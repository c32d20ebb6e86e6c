/**
 * Exec and attach over SPDY, for clients that do not speak WebSocket: one stream for each channel, named by its `streamtype`. The
 * command starts when all streams that the request calls for are there.
 */
import type { Channels } from "../../server/request.ts";
import type { SpdyStream } from "./connection.ts";

/** Channel numbers by stream type. */
const channelOf: { readonly [type: string]: number } = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 };

export const spdyExecProtocols: readonly string[] = ["v4.channel.k8s.io"];

export class ExecStreams implements Channels {
  private readonly streams = new Map<number, SpdyStream>();
  private readonly wanted: ReadonlySet<string>;
  private readonly start: (channels: Channels) => void;
  private isStarted = false;
  private isClosed = false;
  private readonly onClosed: (() => void)[] = [];
  private dataListener: (channel: number, bytes: Uint8Array) => void = () => undefined;
  private endListener: (channel: number) => void = () => undefined;

  constructor(query: string, start: (channels: Channels) => void) {
    const parameters = new URLSearchParams(query);
    const wants = (name: string): boolean => ["true", "1"].includes(parameters.get(name) ?? "");
    const wanted = ["stdin", "stdout", "stderr"].filter(wants);
    this.wanted = new Set(["error", ...wanted, ...(wants("tty") ? ["resize"] : [])]);
    this.start = start;
  }

  take(stream: SpdyStream): void {
    const type = stream.headers["streamtype"] ?? "";
    const channel = Object.hasOwn(channelOf, type) ? channelOf[type] : undefined;
    if (channel === undefined || this.streams.has(channel)) return stream.end();
    this.streams.set(channel, stream);
    stream.onData = (bytes) => this.dataListener(channel, bytes);
    stream.onEnd = () => this.endListener(channel);
    if (this.isStarted || this.streams.size < this.wanted.size) return;
    this.isStarted = true;
    this.start(this);
  }

  send(channel: number, bytes: Uint8Array): boolean {
    return this.streams.get(channel)?.write(bytes) ?? true;
  }

  drained(next: () => void): void {
    setImmediate(next);
  }

  onData(listener: (channel: number, bytes: Uint8Array) => void): void {
    this.dataListener = listener;
  }

  onEnd(listener: (channel: number) => void): void {
    this.endListener = listener;
  }

  closed(then: () => void): void {
    if (this.isClosed) setImmediate(then);
    else this.onClosed.push(then);
  }

  close(): void {
    for (const stream of this.streams.values()) stream.end();
  }

  pause(): void {
    this.streams.get(0)?.pause();
  }

  resume(): void {
    this.streams.get(0)?.resume();
  }

  /** The connection is gone. */
  lost(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const then of this.onClosed) then();
  }
}
