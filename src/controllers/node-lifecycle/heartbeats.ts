import type { Environment, Instant, Timer } from "../../base/environment.ts";
import { Heap } from "../../base/heap.ts";

/**
 * Who has been silent for too long. A heartbeat costs one assignment: the deadlines in the heap are those of earlier
 * heartbeats, and move on only when they come up. One timer in all, for the earliest.
 */
export class Heartbeats {
  private readonly environment: Environment;
  private readonly silent: (name: string) => void;
  private readonly watched = new Map<string, Watched>();
  private readonly heap = new Heap<Deadline>((a, b) => a.at < b.at || (a.at === b.at && a.sequence < b.sequence));
  private sequence = 0;
  private timer: Timer | undefined;
  private timerAt: Instant | undefined;

  /** `silent` is called once for each silence, as a task of the runner. */
  constructor(options: { environment: Environment; silent: (name: string) => void }) {
    this.environment = options.environment;
    this.silent = options.silent;
  }

  /** Heard from `name` at `at`; it may be silent for `graceMs` from then on. */
  heard(name: string, at: Instant, graceMs: number): void {
    let watched = this.watched.get(name);
    if (!watched) this.watched.set(name, (watched = { last: at, graceMs, deadline: undefined }));
    watched.last = at;
    const sooner = graceMs < watched.graceMs;
    watched.graceMs = graceMs;
    if (!watched.deadline || sooner) this.arm(name, watched);
  }

  /** Heard from it again, with the grace it had; unknown names are ignored. */
  again(name: string, at: Instant): void {
    const watched = this.watched.get(name);
    if (!watched) return;
    watched.last = at;
    if (!watched.deadline) this.arm(name, watched);
  }

  /** Everybody starts anew: what could not be heard meanwhile is not held against them. */
  restart(at: Instant): void {
    for (const name of this.watched.keys()) this.again(name, at);
  }

  isSilent(name: string, now: Instant): boolean {
    const watched = this.watched.get(name);
    return watched !== undefined && now >= watched.last + watched.graceMs;
  }

  forget(name: string): void {
    this.watched.delete(name);
  }

  stop(): void {
    this.timer?.cancel();
    this.watched.clear();
  }

  private arm(name: string, watched: Watched): void {
    watched.deadline = { at: watched.last + watched.graceMs, sequence: this.sequence++, name, watched };
    this.heap.push(watched.deadline);
    this.schedule();
  }

  private schedule(): void {
    const next = this.heap.peek()?.at;
    if (next === undefined || (this.timerAt !== undefined && this.timerAt <= next)) return;
    this.timer?.cancel();
    this.timerAt = next;
    this.timer = this.environment.clock.at(next, () => this.surface());
  }

  private surface(): void {
    this.timer = undefined;
    this.timerAt = undefined;
    const now = this.environment.clock.now();
    for (let top = this.heap.peek(); top && top.at <= now; top = this.heap.peek()) {
      this.heap.pop();
      const { name, watched } = top;
      if (this.watched.get(name) !== watched || watched.deadline !== top) continue;
      watched.deadline = undefined;
      if (now < watched.last + watched.graceMs) this.arm(name, watched);
      else this.silent(name);
    }
    this.schedule();
  }
}

interface Watched {
  last: Instant;
  graceMs: number;
  /** Its deadline in the heap; others of it that still stand there do not count. */
  deadline: Deadline | undefined;
}

interface Deadline {
  readonly at: Instant;
  readonly sequence: number;
  readonly name: string;
  readonly watched: Watched;
}
