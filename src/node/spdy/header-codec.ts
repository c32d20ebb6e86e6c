/**
 * Header blocks of SPDY/3.1: names and values with their lengths, compressed with one zlib stream per direction that lasts as long as
 * the connection. So blocks must be handled in the order in which they travel, one at a time.
 */
import { constants, createDeflate, createInflate } from "node:zlib";
import type { Deflate, Inflate } from "node:zlib";
import { limits } from "../../base/limits.ts";
import { headerDictionary } from "./dictionary.ts";

export type SpdyHeaders = { readonly [name: string]: string };

export class HeaderCodec {
  private readonly inflate: Inflate;
  private readonly deflate: Deflate;
  private failure: Error | undefined;

  constructor() {
    const dictionary = headerDictionary();
    this.inflate = createInflate({ dictionary, finishFlush: constants.Z_SYNC_FLUSH });
    this.deflate = createDeflate({ dictionary, flush: constants.Z_SYNC_FLUSH });
    for (const stream of [this.inflate, this.deflate]) stream.on("error", (error: Error) => (this.failure = error));
  }

  /** Rejects for a block that is none. */
  async decode(block: Buffer): Promise<SpdyHeaders> {
    const bytes = await this.pass(this.inflate, block);
    const headers: { [name: string]: string } = {};
    let at = 4;
    const text = (): string => {
      const length = bytes.readUInt32BE(at);
      at += 4 + length;
      if (at > bytes.length) throw new Error("a header block ends too early");
      return bytes.toString("utf8", at - length, at);
    };
    for (let left = bytes.readUInt32BE(0); left > 0; left--) {
      const name = text();
      headers[name.toLowerCase()] = text();
    }
    return headers;
  }

  async encode(headers: SpdyHeaders): Promise<Buffer> {
    const entries = Object.entries(headers);
    const parts = [number(entries.length)];
    for (const text of entries.flat()) parts.push(number(Buffer.byteLength(text)), Buffer.from(text));
    return this.pass(this.deflate, Buffer.concat(parts));
  }

  close(): void {
    this.inflate.destroy();
    this.deflate.destroy();
  }

  /** Puts a block through; what comes out before the write is done belongs to it. */
  private pass(stream: Inflate | Deflate, block: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => reject(error);
      if (this.failure) return fail(this.failure);
      stream.once("error", fail);
      stream.write(block, () => {
        stream.off("error", fail);
        const out: Buffer[] = [];
        let length = 0;
        for (let chunk = stream.read() as Buffer | null; chunk !== null; chunk = stream.read() as Buffer | null) {
          length += chunk.length;
          if (length > limits.spdyHeaderBytesMax) return reject(new Error("a header block is too long"));
          out.push(chunk);
        }
        resolve(Buffer.concat(out));
      });
    });
  }
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
