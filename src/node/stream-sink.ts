/**
 * Bytes over time to one client: watches and followed logs. What is written in one turn of the event loop leaves in one piece.
 */
import type { Writable } from "node:stream";
import type { ByteSink } from "../server/request.ts";

export class StreamSink implements ByteSink {
  private readonly output: Writable;
  private corked = false;
  private ended = false;

  constructor(output: Writable) {
    this.output = output;
  }

  write(bytes: Uint8Array): boolean {
    if (this.ended || this.output.destroyed) return true;
    if (!this.corked) {
      this.corked = true;
      this.output.cork();
      setImmediate(() => {
        this.corked = false;
        this.output.uncork();
      });
    }
    return this.output.write(bytes);
  }

  drained(next: () => void): void {
    if (this.ended || this.output.destroyed) return;
    if (this.output.writableNeedDrain) this.output.once("drain", next);
    else setImmediate(next);
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.output.end();
  }

  closed(then: () => void): void {
    if (this.output.destroyed) setImmediate(then);
    else this.output.once("close", then);
  }
}
