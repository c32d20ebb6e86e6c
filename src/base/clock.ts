import type { Clock, Instant, Runner, Timer } from "./environment.ts";
import { Heap } from "./heap.ts";

interface Entry {
  readonly instant: Instant;
  readonly sequence: number;
  wake: (() => void) | undefined;
}

/** The timers of a clock, in order of instant, then of asking. Cancelled entries stay until they surface. */
class Agenda {
  private readonly heap = new Heap<Entry>((a, b) => a.instant < b.instant || (a.instant === b.instant && a.sequence < b.sequence));
  private sequence = 0;

  add(instant: Instant, wake: () => void): Entry {
    const entry: Entry = { instant, sequence: this.sequence++, wake };
    this.heap.push(entry);
    return entry;
  }

  /** The instant of the next timer that is not cancelled. */
  next(): Instant | undefined {
    for (;;) {
      const top = this.heap.peek();
      if (!top) return undefined;
      if (top.wake) return top.instant;
      this.heap.pop();
    }
  }

  /** Takes the timers that are due at `now` and hands their wake-ups to the runner, in order. */
  release(now: Instant, runner: Runner): void {
    for (;;) {
      const due = this.next();
      if (due === undefined || due > now) return;
      const entry = this.heap.pop() as Entry;
      const wake = entry.wake as () => void;
      runner.post(() => {
        if (entry.wake === undefined) return;
        entry.wake = undefined;
        wake();
      });
    }
  }
}

function timerOf(entry: Entry): Timer {
  return {
    cancel() {
      entry.wake = undefined;
    },
  };
}

function sleepOn(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    });
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/** Stands still until it is told to move. Moving settles each instant on the way before it goes on to the next. */
export class VirtualClock implements Clock {
  private instant: Instant;
  private readonly runner: Runner;
  private readonly agenda = new Agenda();
  private moving: Promise<void> = Promise.resolve();
  /** Moves that have been asked for and have not ended. */
  private moves = 0;

  constructor(options: { start: Instant; runner: Runner }) {
    this.instant = options.start;
    this.runner = options.runner;
  }

  now(): Instant {
    return this.instant;
  }

  at(instant: Instant, wake: () => void): Timer {
    const entry = this.agenda.add(Math.max(Math.ceil(instant), this.instant), wake);
    if (entry.instant <= this.instant) this.agenda.release(this.instant, this.runner);
    return timerOf(entry);
  }

  after(delayMs: number, wake: () => void): Timer {
    return this.at(this.instant + delayMs, wake);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /** The instant of the next timer, if there is one. */
  next(): Instant | undefined {
    return this.agenda.next();
  }

  /**
   * Moves to `instant` and stops there, with nothing left to do; or stops earlier, settled, at the first instant after which
   * `until` holds, and says so. Two calls follow each other, they do not mix.
   */
  advanceTo(instant: Instant, until?: () => boolean | Promise<boolean>): Promise<boolean> {
    const run = this.moving.then(() => this.move(instant, until));
    const moved = (): void => void this.moves--;
    this.moves++;
    this.moving = run.then(moved, moved);
    return run;
  }

  /** Resolves when no move is under way and nothing is left to do at this instant. */
  async settled(): Promise<void> {
    await this.runner.idle();
    while (this.moves > 0) {
      await this.moving;
      await this.runner.idle();
    }
  }

  private async move(target: Instant, until?: () => boolean | Promise<boolean>): Promise<boolean> {
    await this.runner.idle();
    for (;;) {
      if (until && (await until())) return true;
      const next = this.agenda.next();
      if (next === undefined || next > target) break;
      this.instant = Math.max(this.instant, next);
      this.agenda.release(this.instant, this.runner);
      await this.runner.idle();
    }
    this.instant = Math.max(this.instant, target);
    return false;
  }
}

/** What the ordinary clock needs of its host. */
export interface HostClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once, not before `delayMs`; returns a cancel function. */
  alarm(delayMs: number, wake: () => void): () => void;
}

/** The longest alarm of a host: above it, Node's timers fire at once. */
const alarmMsMax = 2 ** 31 - 1;

/** The machine's clock: one host alarm, set for the earliest timer. */
export class SystemClock implements Clock {
  private readonly host: HostClock;
  private readonly runner: Runner;
  private readonly agenda = new Agenda();
  private alarmAt: Instant | undefined;
  private stopAlarm: (() => void) | undefined;

  constructor(options: { host: HostClock; runner: Runner }) {
    this.host = options.host;
    this.runner = options.runner;
  }

  now(): Instant {
    return Math.floor(this.host.now());
  }

  at(instant: Instant, wake: () => void): Timer {
    const entry = this.agenda.add(Math.ceil(instant), wake);
    if (this.alarmAt === undefined || instant < this.alarmAt) this.arm();
    return timerOf(entry);
  }

  after(delayMs: number, wake: () => void): Timer {
    return this.at(this.now() + delayMs, wake);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /** No wake-up comes any more. */
  stop(): void {
    this.stopAlarm?.();
    this.stopAlarm = undefined;
    this.alarmAt = -Infinity;
  }

  private arm(): void {
    if (this.alarmAt === -Infinity) return;
    this.stopAlarm?.();
    this.stopAlarm = undefined;
    const next = this.agenda.next();
    this.alarmAt = next;
    if (next === undefined) return;
    const delay = Math.min(Math.max(next - this.host.now(), 0), alarmMsMax);
    this.stopAlarm = this.host.alarm(delay, () => {
      this.agenda.release(this.now(), this.runner);
      this.arm();
    });
  }
}
