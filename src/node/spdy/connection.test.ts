import { createDeflate, constants } from "node:zlib";
import { describe, expect, it } from "vitest";
import { SpdyConnection } from "./connection.ts";
import type { SpdyStream } from "./connection.ts";
import { headerDictionary } from "./dictionary.ts";

/** A client's end that makes frames by hand. */
class Client {
  readonly opened: SpdyStream[] = [];
  sent = Buffer.alloc(0);
  isClosed = false;
  readonly connection = new SpdyConnection({ write: (bytes) => ((this.sent = Buffer.concat([this.sent, bytes])), true), close: () => (this.isClosed = true), pause: () => undefined, resume: () => undefined }, (stream) => this.opened.push(stream));
  private readonly deflate = createDeflate({ dictionary: headerDictionary(), flush: constants.Z_SYNC_FLUSH });

  async headers(pairs: { [name: string]: string }): Promise<Buffer> {
    const number = (value: number): Buffer => Buffer.from([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);
    const texts = Object.entries(pairs).flat();
    await new Promise<void>((resolve) => this.deflate.write(Buffer.concat([number(texts.length / 2), ...texts.flatMap((text) => [number(text.length), Buffer.from(text)])]), () => resolve()));
    return this.deflate.read() as Buffer;
  }

  async open(id: number, pairs: { [name: string]: string }, flags = 0): Promise<void> {
    const head = Buffer.alloc(10);
    head.writeUInt32BE(id);
    await this.give(control(1, flags, Buffer.concat([head, await this.headers(pairs)])));
  }

  /** Resolves once the connection has handled every frame that was whole. */
  give(bytes: Buffer): Promise<void> {
    return this.connection.receive(bytes);
  }

  take(): Buffer {
    const taken = this.sent;
    this.sent = Buffer.alloc(0);
    return taken;
  }
}

function control(type: number, flags: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE((0x80030000 | type) >>> 0);
  head.writeUInt32BE(((flags << 24) | payload.length) >>> 0, 4);
  return Buffer.concat([head, payload]);
}

function data(id: number, flags: number, text: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(id);
  head.writeUInt32BE(((flags << 24) | text.length) >>> 0, 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

describe("a SPDY connection", () => {
  it("opens streams with their headers, one after the other with one compression", async () => {
    const client = new Client();
    await client.open(1, { streamType: "error", requestID: "0" });
    await client.open(3, { streamType: "data", requestID: "0" });
    expect(client.opened.map(({ headers }) => headers)).toEqual([{ streamtype: "error", requestid: "0" }, { streamtype: "data", requestid: "0" }]);
    expect(client.take().subarray(0, 4)).toEqual(Buffer.from([0x80, 3, 0, 2]));
  });

  it("carries bytes both ways and lets each side end", async () => {
    const client = new Client();
    await client.open(1, {});
    const [stream] = client.opened as [SpdyStream];
    const heard: string[] = [];
    stream.onData = (bytes) => heard.push(bytes.toString());
    stream.onEnd = () => heard.push("end");
    stream.onClose = () => heard.push("close");
    client.take();
    const frames = data(1, 0, "hello ");
    await client.give(frames.subarray(0, 9));
    await client.give(Buffer.concat([frames.subarray(9), data(1, 1, "world")]));
    stream.write(Buffer.from("back"));
    stream.end();
    expect(heard.join("|")).toBe("hello |world|end|close");
    expect(client.take()).toEqual(Buffer.concat([data(1, 0, "back"), data(1, 1, "")]));
  });

  it("sends a client's ping back", async () => {
    const client = new Client();
    await client.give(control(6, 0, Buffer.from([0, 0, 0, 5])));
    expect(client.take()).toEqual(control(6, 0, Buffer.from([0, 0, 0, 5])));
  });

  it("resets what may not be opened", async () => {
    const client = new Client();
    await client.open(2, {});
    expect(client.opened).toEqual([]);
    expect(client.take()).toEqual(control(3, 0, Buffer.from([0, 0, 0, 2, 0, 0, 0, 1])));
  });

  it.each([
    ["another protocol", Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
    ["a header block that is none", control(1, 0, Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]))],
    ["another version", Buffer.from([0x80, 2, 0, 1, 0, 0, 0, 0])],
  ])("closes on %s", async (_name, bytes) => {
    const client = new Client();
    await client.give(Buffer.concat([bytes, Buffer.alloc(16)]));
    expect(client.isClosed || client.take().length === 0).toBe(true);
    expect(client.opened).toEqual([]);
  });

  it("closes its streams when the transport goes", async () => {
    const client = new Client();
    await client.open(1, {});
    let isGone = false;
    (client.opened[0] as SpdyStream).onClose = () => (isGone = true);
    client.connection.close();
    expect(isGone).toBe(true);
  });
});
