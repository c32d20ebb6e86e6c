/**
 * The server's end of a SPDY/3.1 connection, as far as Kubernetes uses it: the client opens streams, each with headers; both sides write
 * to them and end their half. There is no flow control in it, neither in client-go's: the connection below is the brake. It asks for
 * bytes to be written and is told of bytes received, so that it runs over a socket as well as inside WebSocket messages.
 *
 *   control frame  1 version(15) type(16) flags(8) length(24) payload
 *   data frame     0 stream(31)           flags(8) length(24) bytes
 */
import { limits } from "../../base/limits.ts";
import { HeaderCodec } from "./header-codec.ts";
import type { SpdyHeaders } from "./header-codec.ts";

export interface SpdyTransport {
  /** Bytes for the client; false when it lags. */
  write(bytes: Buffer): boolean;
  close(): void;
  /** Stops and goes on reading what the client sends. */
  pause(): void;
  resume(): void;
}

/** One stream that the client has opened. Listeners are set before the call that hands it over returns. */
export interface SpdyStream {
  readonly headers: SpdyHeaders;
  onData: (bytes: Buffer) => void;
  /** The client writes no more. */
  onEnd: () => void;
  /** The stream is over on both sides, was reset, or the connection is gone. */
  onClose: () => void;
  write(bytes: Uint8Array): boolean;
  /** Our side writes no more. */
  end(): void;
  /** Stops and goes on reading, for all streams of the connection: it has no other brake. */
  pause(): void;
  resume(): void;
}

const types = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7 } as const;
const version = 3;
const finFlag = 1;
const headBytes = 8;
/** One frame of ours. */
const pieceBytes = 32 * 1024;
const protocolError = 1;
const refusedStream = 3;

class Stream implements SpdyStream {
  readonly id: number;
  readonly headers: SpdyHeaders;
  onData: (bytes: Buffer) => void = () => undefined;
  onEnd: () => void = () => undefined;
  onClose: () => void = () => undefined;
  isEndedByClient = false;
  isEnded = false;
  private readonly connection: SpdyConnection;

  constructor(connection: SpdyConnection, id: number, headers: SpdyHeaders) {
    this.connection = connection;
    this.id = id;
    this.headers = headers;
  }

  write(bytes: Uint8Array): boolean {
    return this.isEnded || this.connection.sendData(this.id, bytes);
  }

  end(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.connection.sendEnd(this);
  }

  pause(): void {
    this.connection.transport.pause();
  }

  resume(): void {
    this.connection.transport.resume();
  }
}

export class SpdyConnection {
  readonly transport: SpdyTransport;
  private readonly onStream: (stream: SpdyStream) => void;
  private readonly codec = new HeaderCodec();
  private readonly streams = new Map<number, Stream>();
  private received: Buffer = Buffer.alloc(0);
  private isBusy = false;
  /** Of the frames that came last. */
  private handled: Promise<void> = Promise.resolve();
  private isClosed = false;
  private lastStream = 0;

  /** `onStream` is called for each stream once its reply is on the way. */
  constructor(transport: SpdyTransport, onStream: (stream: SpdyStream) => void) {
    this.transport = transport;
    this.onStream = onStream;
  }

  /** Resolves once every frame that is whole by now has been handled; never rejects. */
  receive(bytes: Buffer): Promise<void> {
    if (this.isClosed) return this.handled;
    this.received = this.received.length === 0 ? bytes : Buffer.concat([this.received, bytes]);
    if (this.received.length > limits.spdyWaitingBytesMax) this.close();
    // What is busy comes to these bytes too.
    else if (!this.isBusy) this.handled = this.advance();
    return this.handled;
  }

  /** The transport is gone, or is to go. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const stream of [...this.streams.values()]) this.forget(stream);
    this.codec.close();
    this.transport.close();
  }

  sendData(id: number, bytes: Uint8Array): boolean {
    let room = true;
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const piece = bytes.subarray(at, at + pieceBytes);
      room = this.send(Buffer.concat([frameHead(id, 0, piece.length), piece]));
    }
    return room;
  }

  sendEnd(stream: Stream): void {
    this.send(frameHead(stream.id, finFlag, 0));
    if (stream.isEndedByClient) this.forget(stream);
  }

  private send(bytes: Buffer): boolean {
    return this.isClosed || this.transport.write(bytes);
  }

  private forget(stream: Stream): void {
    if (!this.streams.delete(stream.id)) return;
    stream.isEnded = true;
    stream.onClose();
  }

  /** Handles frame after frame; header blocks take a moment, during which the rest waits. */
  private async advance(): Promise<void> {
    this.isBusy = true;
    try {
      for (let frame = this.nextFrame(); frame && !this.isClosed; frame = this.nextFrame()) {
        if (frame.isControl) await this.control(frame);
        else this.data(frame);
      }
    } catch {
      // What is not SPDY cannot be answered in it.
      this.close();
    } finally {
      this.isBusy = false;
    }
  }

  private nextFrame(): Frame | undefined {
    if (this.received.length < headBytes) return undefined;
    const first = this.received.readUInt32BE(0);
    const second = this.received.readUInt32BE(4);
    const length = second & 0xffffff;
    if (length > limits.spdyFrameBytesMax) throw new Error("a frame is too long");
    if (this.received.length < headBytes + length) return undefined;
    const payload = this.received.subarray(headBytes, headBytes + length);
    this.received = this.received.subarray(headBytes + length);
    return { isControl: first >>> 31 === 1, id: first & 0x7fffffff, version: (first >>> 16) & 0x7fff, type: first & 0xffff, flags: second >>> 24, payload };
  }

  private data({ id, flags, payload }: Frame): void {
    const stream = this.streams.get(id);
    if (!stream || stream.isEndedByClient) return;
    if (payload.length > 0) stream.onData(payload);
    if ((flags & finFlag) !== 0) this.endByClient(stream);
  }

  private endByClient(stream: Stream): void {
    stream.isEndedByClient = true;
    stream.onEnd();
    if (stream.isEnded) this.forget(stream);
  }

  private async control(frame: Frame): Promise<void> {
    if (frame.version !== version) throw new Error(`version ${frame.version} of SPDY`);
    switch (frame.type) {
      case types.synStream:
        return this.open(frame);
      case types.rstStream: {
        const stream = this.streams.get(frame.payload.readUInt32BE(0));
        if (stream) this.forget(stream);
        return;
      }
      case types.ping:
        // A ping with an odd number is the client's: it comes back as it is.
        if (frame.payload.readUInt32BE(0) % 2 === 1) this.send(Buffer.concat([controlHead(types.ping, 0, 4), frame.payload.subarray(0, 4)]));
        return;
      case types.goAway:
        return this.close();
      default:
      // Settings and windows say nothing to us.
    }
  }

  private async open({ flags, payload }: Frame): Promise<void> {
    const id = payload.readUInt32BE(0) & 0x7fffffff;
    const headers = await this.codec.decode(payload.subarray(10));
    if (id <= this.lastStream || id % 2 === 0) return this.reset(id, protocolError);
    this.lastStream = id;
    if (this.streams.size >= limits.spdyStreamsMax) return this.reset(id, refusedStream);
    const stream = new Stream(this, id, headers);
    this.streams.set(id, stream);
    const block = await this.codec.encode({});
    const reply = Buffer.alloc(4);
    reply.writeUInt32BE(id);
    this.send(Buffer.concat([controlHead(types.synReply, 0, 4 + block.length), reply, block]));
    if (this.isClosed) return;
    this.onStream(stream);
    if ((flags & finFlag) !== 0) this.endByClient(stream);
  }

  private reset(id: number, status: number): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(id);
    payload.writeUInt32BE(status, 4);
    this.send(Buffer.concat([controlHead(types.rstStream, 0, 8), payload]));
  }
}

interface Frame {
  readonly isControl: boolean;
  /** Of a data frame: its stream. */
  readonly id: number;
  readonly version: number;
  readonly type: number;
  readonly flags: number;
  readonly payload: Buffer;
}

function frameHead(first: number, flags: number, length: number): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(first);
  head.writeUInt32BE(((flags << 24) | length) >>> 0, 4);
  return head;
}

const controlHead = (type: number, flags: number, length: number): Buffer => frameHead((0x80000000 | (version << 16) | type) >>> 0, flags, length);
