import type { Runner, Step } from "./environment.ts";
import { Line } from "./line.ts";

/** What a runner needs of its host. */
export interface Host {
  /**
   * Calls `next` once every promise continuation that is due has run. One turn at most is outstanding. The host lets its event loop
   * come round between turns, as often as its sockets need it.
   */
  turn(next: () => void): void;
  /** Called with what a step threw or rejected with: a broken invariant. */
  fail(error: unknown): void;
}

/**
 * First in, first out; all promise continuations of a step run before the next step begins. That makes the order of everything a
 * function of the order of posts alone. A late step waits until none of the others is left, however many come: were it let in after
 * a number of them, those that a reader causes would decide when it runs.
 */
export class FifoRunner implements Runner {
  private readonly host: Host;
  private readonly prompt = new Line<Step>();
  private readonly late = new Line<Step>();
  /** A turn is asked for and has not come yet. */
  private asked = false;
  private held = 0;
  private paused = 0;
  private waiting: (() => void)[] = [];
  private readonly take = (): void => this.takeOne();

  constructor(host: Host) {
    this.host = host;
  }

  post(step: Step): void {
    this.prompt.push(step);
    this.ask();
  }

  postLate(step: Step): void {
    this.late.push(step);
    this.ask();
  }

  hold(): () => void {
    this.held++;
    return once(() => {
      this.held--;
      this.ask();
    });
  }

  pause(): () => void {
    this.paused++;
    return once(() => {
      this.paused--;
      this.ask();
    });
  }

  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.ask();
    });
  }

  private ask(): void {
    if (this.asked) return;
    this.asked = true;
    this.host.turn(this.take);
  }

  private takeOne(): void {
    this.asked = false;
    if (this.paused > 0) return;
    const step = this.prompt.shift() ?? this.late.shift();
    if (step === undefined) return this.reportIdle();
    try {
      const ended = step();
      if (ended) ended.catch((error: unknown) => this.host.fail(error));
    } catch (error) {
      this.host.fail(error);
    }
    // Also after the last step: the turn that finds none knows that the continuations of the last one have run.
    this.ask();
  }

  /** No step and no continuation of one is outstanding: nothing is left to do unless something is held. */
  private reportIdle(): void {
    if (this.held > 0 || this.waiting.length === 0) return;
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act();
  };
}
