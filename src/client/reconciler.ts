import type { Environment, Instant, Timer } from "../base/environment.ts";

/**
 * Nothing more to do until something changes, or a look again at an instant. One that is not in the future counts as a millisecond from now: a
 * reconcile that always asks for the past would otherwise hold a virtual clock still for ever.
 */
export type Outcome = void | undefined | { readonly again: Instant };

/** client-go's default controller back-off: 5 ms doubling to 1,000 s. */
const backoffMsMin = 5;
const backoffMsMax = 1_000_000;

interface KeyState {
  /** Waits in the queue. */
  queued: boolean;
  /** Is being reconciled now; `again` says that it changed meanwhile. */
  busy: boolean;
  dirty: boolean;
  failures: number;
  timer: Timer | undefined;
  timerAt: Instant;
}

/**
 * A queue of keys and the function that brings each to rest. A key waits at most once however often it is added, is never
 * reconciled twice at once, and is reconciled again when it was added while busy. A rejection tries again with back-off.
 */
export class Reconciler {
  private readonly name: string;
  private readonly environment: Environment;
  private readonly concurrency: number;
  private readonly reconcile: (key: string) => Promise<Outcome>;
  private readonly keys = new Map<string, KeyState>();
  private queue: string[] = [];
  private head = 0;
  private busy = 0;
  private stopped = false;

  constructor(options: { name: string; environment: Environment; concurrency?: number; reconcile: (key: string) => Promise<Outcome> }) {
    this.name = options.name;
    this.environment = options.environment;
    this.concurrency = options.concurrency ?? 1;
    this.reconcile = options.reconcile;
  }

  add(key: string): void {
    if (this.stopped) return;
    const state = this.stateOf(key);
    if (state.queued) return;
    if (state.busy) {
      state.dirty = true;
      return;
    }
    state.queued = true;
    this.queue.push(key);
    this.pump();
  }

  /** Adds the key at an instant; of several asked instants the earliest counts. */
  addAt(key: string, instant: Instant): void {
    if (this.stopped) return;
    const state = this.stateOf(key);
    if (state.timer) {
      if (state.timerAt <= instant) return;
      state.timer.cancel();
    }
    state.timerAt = instant;
    state.timer = this.environment.clock.at(instant, () => {
      state.timer = undefined;
      this.add(key);
    });
  }

  stop(): void {
    this.stopped = true;
    for (const state of this.keys.values()) state.timer?.cancel();
    this.keys.clear();
    this.queue = [];
    this.head = 0;
  }

  private stateOf(key: string): KeyState {
    let state = this.keys.get(key);
    if (!state) this.keys.set(key, (state = { queued: false, busy: false, dirty: false, failures: 0, timer: undefined, timerAt: 0 }));
    return state;
  }

  private pump(): void {
    while (this.busy < this.concurrency && this.head < this.queue.length) {
      const key = this.queue[this.head++] as string;
      const state = this.stateOf(key);
      state.queued = false;
      state.busy = true;
      this.busy++;
      this.environment.runner.post(() => this.work(key, state));
    }
    if (this.head === this.queue.length) {
      this.queue = [];
      this.head = 0;
    }
  }

  private async work(key: string, state: KeyState): Promise<void> {
    if (this.stopped) return;
    try {
      const outcome = await this.reconcile(key);
      state.failures = 0;
      if (outcome) this.addAt(key, Math.max(outcome.again, this.environment.clock.now() + 1));
    } catch (error) {
      const delay = Math.min(backoffMsMin * 2 ** state.failures++, backoffMsMax);
      this.environment.log.debug(`${this.name}: ${key} failed, again in ${delay} ms`, { error: String(error) });
      this.addAt(key, this.environment.clock.now() + delay);
    }
    state.busy = false;
    this.busy--;
    if (state.dirty) {
      state.dirty = false;
      this.add(key);
    } else if (!state.timer && !state.queued && state.failures === 0) {
      this.keys.delete(key);
    }
    this.pump();
  }
}
