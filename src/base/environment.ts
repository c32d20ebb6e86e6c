/**
 * The environment: all that a component may know of the world outside. A clock, a random source, a task runner, a log.
 * Nothing in the core reads time, draws numbers, sets timers or makes ids in any other way, so that the same seed gives
 * the same history byte for byte.
 */

/** Milliseconds since the Unix epoch, UTC; an integer. */
export type Instant = number;

/** A wake-up that was asked for. */
export interface Timer {
  /** The wake-up will not come. Harmless when it already came. */
  cancel(): void;
}

/** Time as a component sees it: milliseconds since the epoch, of the machine or virtual. */
export interface Clock {
  now(): Instant;
  /**
   * Calls `wake` once, as a task of the runner, when the clock reaches `instant` (at once if that is past). Wake-ups come in
   * order of instant, then in the order in which they were asked for.
   */
  at(instant: Instant, wake: () => void): Timer;
  /** `at(now() + delayMs)`. */
  after(delayMs: number, wake: () => void): Timer;
  /** Resolves after `delayMs`; rejects with the signal's reason when it is aborted first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** A seeded source. Not for keys or tokens. */
export interface Random {
  /** An integer in [0, 2^32). */
  uint32(): number;
  /** An integer in [0, limit). */
  below(limit: number): number;
  /** A number in [0, 1). */
  fraction(): number;
  /**
   * An independent stream named by `label`: draws from it do not move this one, and the same seed and label give the same
   * stream, whoever forks first.
   */
  fork(label: string): Random;
}

/** One step of a component. A step that returns a promise has ended when its first synchronous part has; a rejection is a defect. */
export type Step = () => void | Promise<void>;

export interface Runner {
  /** Queues a step. The ordinary runner takes steps first in, first out, and never runs one inside another. */
  post(step: Step): void;
  /** Queues a step that nobody waits for: it is taken when no other is queued. What repeats itself without a pause holds it up. */
  postLate(step: Step): void;
  /**
   * Marks work outside the runner (a host call in flight) as unfinished, until the returned function is called once. `idle`
   * waits for it.
   */
  hold(): () => void;
  /**
   * Takes no step until the returned function is called once: for what the host has to fetch in the middle of a step, so that however long
   * that takes, nothing else comes in between.
   */
  pause(): () => void;
  /** Resolves when no step is queued, no promise continuation is due, and nothing is held. */
  idle(): Promise<void>;
}

/** What a component tells whoever runs the cluster. Nothing secret goes in. */
export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** All that a component may know of the world beside the API: time, chance, turns and a log. Each cluster has its own. */
export interface Environment {
  readonly clock: Clock;
  readonly random: Random;
  readonly runner: Runner;
  readonly log: Log;
}
