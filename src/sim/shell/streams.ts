import type { Input, Process } from "../process.ts";

/** Ends of pipes and files as the processes of a script see them. */
export interface Descriptor {
  readonly reader?: ByteReader;
  /** False: nobody reads any more. */
  write?(bytes: Uint8Array): boolean;
  /** Resolves when more may be written. */
  ready?(): Promise<void>;
  /** It is a stream of this process itself. */
  readonly own?: { readonly process: Process; readonly stream: "stdout" | "stderr" };
}

export type Descriptors = ReadonlyMap<number, Descriptor>;

const newline = 10;
const decoder = new TextDecoder();
const encoder = new TextEncoder();
/** What a pipe holds before its writer has to wait, as on Linux. */
const pipeBytesMax = 64 * 1024;

export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** Input that several processes share: who reads a line leaves the rest to the others. */
export class ByteReader implements Input {
  private readonly source: Input | undefined;
  private held: Uint8Array | undefined;

  /** Without a source it is at its end after `held`. */
  constructor(source: Input | undefined, held?: Uint8Array | string) {
    this.source = source;
    this.held = typeof held === "string" ? encoder.encode(held) : held;
  }

  static over(source: Input | undefined): ByteReader {
    return source instanceof ByteReader ? source : new ByteReader(source);
  }

  async read(): Promise<Uint8Array | undefined> {
    const { held } = this;
    this.held = undefined;
    return held && held.length > 0 ? held : this.source?.read();
  }

  keys(to: Process, press: (key: string) => void): void {
    this.source?.keys?.(to, press);
  }

  /** Gives back what was read too much. */
  unread(bytes: Uint8Array): void {
    if (bytes.length > 0) this.held = this.held ? joined([bytes, this.held]) : bytes;
  }

  /** The next line with its newline, the last one without; undefined at the end. */
  async line(delimiter: number = newline): Promise<string | undefined> {
    const chunks: Uint8Array[] = [];
    for (;;) {
      const chunk = await this.read();
      if (!chunk) return chunks.length > 0 ? decoder.decode(joined(chunks)) : undefined;
      const end = chunk.indexOf(delimiter);
      if (end < 0) chunks.push(chunk);
      else {
        this.unread(chunk.subarray(end + 1));
        return decoder.decode(joined([...chunks, chunk.subarray(0, end + 1)]));
      }
    }
  }
}

/** Bytes from one process to another. */
export class Pipe implements Input {
  private chunks: Uint8Array[] = [];
  private bytes = 0;
  private ended = false;
  private closed = false;
  private wakeReader: (() => void) | undefined;
  private wakeWriters: (() => void)[] = [];

  /** False once its reader is gone. */
  write(bytes: Uint8Array): boolean {
    if (this.closed) return false;
    if (bytes.length === 0) return true;
    this.chunks.push(bytes);
    this.bytes += bytes.length;
    this.wakeReader?.();
    return true;
  }

  ready(): Promise<void> {
    if (this.closed || this.bytes < pipeBytesMax) return Promise.resolve();
    return new Promise((resolve) => void this.wakeWriters.push(resolve));
  }

  /** Its writer is gone. */
  end(): void {
    this.ended = true;
    this.wakeReader?.();
  }

  /** Its reader is gone. */
  closeReading(): void {
    this.closed = true;
    this.chunks = [];
    this.wakeAll();
  }

  get isClosed(): boolean {
    return this.closed;
  }

  async read(): Promise<Uint8Array | undefined> {
    while (this.chunks.length === 0 && !this.ended && !this.closed) await new Promise<void>((resolve) => (this.wakeReader = resolve));
    const chunk = this.chunks.shift();
    this.bytes -= chunk?.length ?? 0;
    if (this.bytes < pipeBytesMax) this.wakeAll();
    return chunk;
  }

  private wakeAll(): void {
    const writers = this.wakeWriters;
    this.wakeWriters = [];
    for (const wake of writers) wake();
  }
}
