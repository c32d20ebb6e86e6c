import type { ByteSink } from "../request.ts";

/**
 * A sink for a writer who may still refuse: it holds what is written until the reader's sink is there, so that a refusal before
 * the first byte becomes an answer of its own instead of an empty stream.
 */
export class StartedStream implements ByteSink {
  private held: Uint8Array[] = [];
  private sink: ByteSink | undefined;
  private over = false;
  private gone = false;
  private waiting: (() => void)[] = [];
  private closings: (() => void)[] = [];
  /** A writer may have begun before anybody asks. */
  private started = false;
  private announce: (() => void) | undefined;

  constructor(signal: AbortSignal | undefined) {
    signal?.addEventListener("abort", () => this.readerGone(), { once: true });
  }

  /** Resolves with the first byte or the end; rejects with what the writer refused before that. */
  async begun(writer: Promise<void>): Promise<void> {
    const first = this.started ? Promise.resolve() : new Promise<void>((resolve) => (this.announce = resolve));
    const ended = writer.then(
      () => this.end(),
      (error: unknown) => {
        // What goes wrong after the first byte can only end the stream.
        if (this.started) return this.end();
        this.over = true;
        throw error;
      },
    );
    await Promise.race([first, ended]);
  }

  connect(sink: ByteSink): void {
    this.sink = sink;
    sink.closed(() => this.readerGone());
    for (const bytes of this.held) sink.write(bytes);
    this.held = [];
    if (this.over) return sink.end();
    for (const next of this.waiting.splice(0)) sink.drained(next);
  }

  write(bytes: Uint8Array): boolean {
    this.started = true;
    this.announce?.();
    if (this.sink !== undefined) return this.sink.write(bytes);
    if (!this.over && !this.gone) this.held.push(bytes);
    return false;
  }

  drained(next: () => void): void {
    if (this.sink === undefined) this.waiting.push(next);
    else this.sink.drained(next);
  }

  end(): void {
    if (this.over) return;
    this.over = true;
    this.announce?.();
    this.sink?.end();
  }

  closed(then: () => void): void {
    if (this.gone) then();
    else this.closings.push(then);
  }

  private readerGone(): void {
    if (this.gone) return;
    this.gone = true;
    for (const then of this.closings.splice(0)) then();
  }
}
