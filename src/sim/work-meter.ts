/**
 * What the processes of one container cost, as a function of what they do and of nothing else, so that the same history shows the same
 * figures. Processor time is counted in two spans of `spanMs` each, the current one and the one before it; a reading is the average
 * over both, so it reaches back 15 to 30 seconds, as far as the samples of metrics-server lie apart.
 *
 *   each process             0.1 ms per second for being there
 *   waking up from a sleep   1 ms: what a shell takes to start `sleep` and what it prints next
 *   a write to a stream      0.05 ms, and 1 ms per MiB
 *   a loop that never sleeps all of a core
 */
export const spanMs = 15_000;

const idleMsPerSecond = 0.1;
export const wakeMs = 1;
export const writeMs = 0.05;
export const writeMsPerByte = 1 / (1024 * 1024);

export class WorkMeter {
  /** Index of the current span: whole spans since the epoch. */
  private span = 0;
  private currentMs = 0;
  private previousMs = 0;
  /** Until when work that has been counted goes on. */
  private busyUntil = 0;
  private napCount = 0;
  private strayCount = 0;
  private allMs = 0;

  /** A process has slept. */
  nap(): void {
    this.napCount++;
  }

  /** How often one has: what tells a loop that sleeps from one that only computes, whose time passes, too. */
  get naps(): number {
    return this.napCount;
  }

  /** A process has begun for which its parent does not wait. Answers how many have so far. */
  stray(): number {
    return ++this.strayCount;
  }

  /** Something took this long just now. */
  spend(now: number, ms: number): void {
    this.turn(now);
    this.currentMs += ms;
    this.allMs += ms;
  }

  /** A process computes from now on for this long. */
  busy(now: number, ms: number): void {
    this.spend(now, ms);
    this.busyUntil = Math.max(this.busyUntil, now + ms);
  }

  /** All work so far. */
  totalMs(now: number): number {
    return this.allMs - Math.max(0, this.busyUntil - now);
  }

  /** Billionths of a core that a container of so many processes has used on average since it started, at most since the previous span. */
  nanoCores(now: number, startedAt: number, processes: number): number {
    this.turn(now);
    const spent = this.previousMs + this.currentMs - Math.max(0, this.busyUntil - now);
    const over = Math.max(spanMs, now - Math.max(startedAt, (this.span - 1) * spanMs));
    return Math.round((Math.max(0, spent) / over) * 1e9 + processes * idleMsPerSecond * 1e6);
  }

  /** Begins a new span when the last is over; work that was counted and is not yet done goes over into it. */
  private turn(now: number): void {
    const span = Math.floor(now / spanMs);
    if (span === this.span) return;
    const rest = Math.min(Math.max(0, this.busyUntil - span * spanMs), this.currentMs);
    this.previousMs = span === this.span + 1 ? this.currentMs - rest : 0;
    this.currentMs = rest;
    this.span = span;
  }
}
