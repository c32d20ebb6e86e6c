import type { Runner, Step } from "./environment.ts";

/** What a runner needs of its host. */
export interface Host {
  /**
   * Calls `next` in a later turn of the event loop, after every promise continuation that is due then (Node: setImmediate;
   * browser: a message port). Turns asked for earlier come earlier.
   */
  turn(next: () => void): void;
  /** Called with what a step threw or rejected with: a broken invariant. */
  fail(error: unknown): void;
}

/**
 * Turns that are asked of the host ahead: Node runs all that are outstanding before it looks at its sockets again, so this
 * bounds how long they wait. 16 steps of up to 1 ms each stay under the house's 30 ms.
 */
const turnsAheadMax = 16;

/**
 * First in, first out; each step has a turn of the host to itself, so all promise continuations of a step have run before
 * the next step begins. That makes the order of everything a function of the order of posts alone.
 */
export class FifoRunner implements Runner {
  private readonly host: Host;
  /** Steps from `head` on wait. The part before it is dropped once it outweighs the rest. */
  private steps: Step[] = [];
  private head = 0;
  /** Turns asked for and not yet taken. */
  private turns = 0;
  private held = 0;
  private waiting: (() => void)[] = [];
  private readonly take = (): void => this.takeOne();

  constructor(host: Host) {
    this.host = host;
  }

  post(step: Step): void {
    this.steps.push(step);
    if (this.turns < turnsAheadMax) this.askForTurn();
  }

  hold(): () => void {
    this.held++;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.held--;
      if (this.turns === 0) this.askForTurn();
    };
  }

  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      if (this.turns === 0) this.askForTurn();
    });
  }

  private askForTurn(): void {
    this.turns++;
    this.host.turn(this.take);
  }

  private takeOne(): void {
    this.turns--;
    const step = this.steps[this.head];
    if (step === undefined) {
      if (this.turns === 0) this.reportIdle();
      return;
    }
    this.steps[this.head++] = undefined as unknown as Step;
    if (this.head > 1024 && this.head * 2 > this.steps.length) {
      this.steps = this.steps.slice(this.head);
      this.head = 0;
    }
    try {
      const ended = step();
      if (ended) ended.catch((error: unknown) => this.host.fail(error));
    } catch (error) {
      this.host.fail(error);
    }
    // One turn more than there are steps: it finds none, and so knows that the continuations of the last step have run.
    if (this.turns <= this.steps.length - this.head && this.turns < turnsAheadMax) this.askForTurn();
  }

  /** A turn found no step and none is outstanding: nothing is left to do unless something is held. */
  private reportIdle(): void {
    if (this.held > 0 || this.waiting.length === 0) return;
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}
