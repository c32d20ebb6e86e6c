import type { Runner, Step } from "./environment.ts";

/** What a runner needs of its host: a turn of the event loop after all promise continuations that are due. */
export interface Host {
  /** Calls `next` after the continuations that are due now; other input of the host may come first. */
  turn(next: () => void): void;
  /** Milliseconds of any monotonic clock: only to bound how long the loop is held. */
  monotonic(): number;
  /** Called with what a step threw or rejected with: a broken invariant. */
  fail(error: unknown): void;
}

/** The event loop is given back at the latest after this long, so that sockets are served (house rule: 30 ms at most). */
const sliceMsMax = 8;
/** Steps between two looks at the host's clock. */
const stepsPerLook = 32;

/** First in, first out. The array is a ring by halves: taken steps are dropped once they outnumber the waiting ones. */
export class FifoRunner implements Runner {
  private readonly host: Host;
  private steps: Step[] = [];
  private head = 0;
  private draining = false;
  private held = 0;
  private waiting: (() => void)[] = [];

  constructor(host: Host) {
    this.host = host;
  }

  post(step: Step): void {
    this.steps.push(step);
    this.schedule();
  }

  hold(): () => void {
    this.held++;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.held--;
      this.schedule();
    };
  }

  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.draining) return;
    this.draining = true;
    this.host.turn(() => this.drain());
  }

  /** Runs steps until none is left or the slice is over; then takes another turn, and reports idle when that turn brought none. */
  private drain(): void {
    const start = this.host.monotonic();
    let ran = 0;
    while (this.head < this.steps.length) {
      const step = this.steps[this.head++] as Step;
      try {
        const ended = step();
        if (ended) ended.catch((error: unknown) => this.host.fail(error));
      } catch (error) {
        this.host.fail(error);
      }
      if (++ran % stepsPerLook === 0 && this.host.monotonic() - start > sliceMsMax) break;
    }
    if (this.head > 1024 && this.head * 2 > this.steps.length) {
      this.steps = this.steps.slice(this.head);
      this.head = 0;
    }
    if (ran > 0) {
      this.host.turn(() => this.drain());
      return;
    }
    this.steps = [];
    this.head = 0;
    this.draining = false;
    if (this.held > 0) return;
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}
