import type { Timer } from "../base/environment.ts";
import { limits } from "../base/limits.ts";
import { expired } from "../base/status-error.ts";
import type { StatusError } from "../base/status-error.ts";
import type { Stored } from "../store/contract.ts";
import type { ResourceCall } from "./context.ts";

/** One event on its way to a watcher. */
export type PendingEvent =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly stored: Stored }
  | { readonly type: "BOOKMARK"; readonly revision: number; readonly initialEnd: boolean }
  | { readonly type: "ERROR"; readonly error: StatusError };

interface Taken {
  readonly count: number;
  readonly lagging: boolean;
}

/** Where events go: an in-process listener, or bytes to a reader who may lag. */
export interface WatchTarget {
  /** Takes some events in order, at least one. When its reader lags it says so and calls `again` once there is room. */
  take(events: readonly PendingEvent[], again: () => void): Taken;
  end(): void;
  closed(then: () => void): void;
}

/**
 * When a watch is told how far the store has come, so that a quiet one can go on from there. Readers of bytes hear it every minute, as
 * upstream does; in-process callers, whose connection does not break, at the end only, or dozens of quiet views wake every minute.
 */
export type Bookmarks = "every minute" | "at the end" | "never";

/** Events handed over in one step: 1,000 encodings of about 10 µs hold the event loop for 10 ms. */
const eventsPerStepMax = 1000;
/** A backlog is weighed once in so many events: 10,000 of them are looked at 160 times, 0.8 million look-ups at most. */
const weighedEvery = 64;

/**
 * One watch from its request to its end: a queue between commits and the reader. Commits only append; a step of the runner
 * hands over what has gathered. Invariants: `queue` holds, in order, what the target has not taken, of which the last `live`
 * came from commits; `posted` is true while a hand-over is due.
 */
export class WatchSession {
  /** Where changes come from; stopped at the end. */
  source: { stop(): void } | undefined;
  private readonly call: ResourceCall;
  private readonly deadline: Timer | undefined;
  private readonly bookmarks: Bookmarks;
  private bookmarkTimer: Timer | undefined;
  private queue: PendingEvent[] = [];
  private live = 0;
  private target: WatchTarget | undefined;
  private posted = false;
  private lagging = false;
  private over = false;
  /** Ends once the queue is empty. */
  private ending = false;

  constructor(call: ResourceCall, options: { timeoutMs: number | undefined; bookmarks: Bookmarks }) {
    const { clock } = call.server.environment;
    this.call = call;
    this.bookmarks = options.bookmarks;
    this.deadline = options.timeoutMs === undefined ? undefined : clock.after(options.timeoutMs, () => this.expire());
    if (options.bookmarks === "every minute") this.armBookmark();
    call.request.signal?.addEventListener("abort", () => this.close(), { once: true });
    if (call.request.signal?.aborted) this.close();
  }

  /** What is there when the watch begins; before any change. */
  pushInitial(events: readonly PendingEvent[]): void {
    this.queue = [...events];
    this.wake();
  }

  /** A change that has just been committed. A reader who lags too far behind must list anew. */
  push(event: PendingEvent): void {
    if (this.over || this.ending) return;
    this.queue.push(event);
    this.live++;
    if (this.live > limits.watchBacklogMax) this.cutOff(`${limits.watchBacklogMax} events`);
    else if (this.lagging && this.live % weighedEvery === 0 && this.backlogBytes() > limits.watchBacklogBytesMax) this.cutOff(`${limits.watchBacklogBytesMax} bytes`);
    else this.wake();
  }

  private cutOff(most: string): void {
    this.queue = [];
    this.fail(expired(`too old resource version: the watch fell more than ${most} behind`));
  }

  /** What a reader of bytes has yet to take; the encodings are shared with all others. */
  private backlogBytes(): number {
    let bytes = 0;
    for (const event of this.queue) if ("stored" in event) bytes += event.stored.bytes().length;
    return bytes;
  }

  /** The watch answers with an error event and ends. */
  fail(error: StatusError): void {
    if (this.over || this.ending) return;
    this.queue.push({ type: "ERROR", error });
    this.finish();
  }

  start(target: WatchTarget): void {
    this.target = target;
    target.closed(() => this.close());
    if (this.over) target.end();
    else this.wake();
  }

  /** The reader is gone: nothing more is sent. */
  close(): void {
    if (this.over) return;
    this.over = true;
    this.queue = [];
    this.deadline?.cancel();
    this.bookmarkTimer?.cancel();
    this.source?.stop();
  }

  /** Time is up. */
  private expire(): void {
    if (this.bookmarks === "at the end") this.bookmark();
    this.finish();
  }

  /** No more changes: what is queued is still sent. */
  private finish(): void {
    if (this.over) return;
    this.ending = true;
    this.source?.stop();
    this.wake();
  }

  private wake(): void {
    if (this.posted || this.lagging || this.over || this.target === undefined) return;
    if (this.queue.length === 0 && !this.ending) return;
    this.posted = true;
    this.call.server.environment.runner.post(() => {
      this.posted = false;
      this.handOver();
    });
  }

  private handOver(): void {
    const target = this.target;
    if (this.over || target === undefined) return;
    if (this.queue.length > 0) {
      const events = this.queue.length > eventsPerStepMax ? this.queue.slice(0, eventsPerStepMax) : this.queue;
      const { count, lagging } = target.take(events, () => {
        this.lagging = false;
        this.wake();
      });
      this.queue = this.queue.slice(count);
      this.live = Math.min(this.live, this.queue.length);
      this.lagging = lagging;
    }
    if (this.queue.length > 0 || !this.ending) return this.wake();
    if (this.lagging) return;
    this.close();
    target.end();
  }

  private armBookmark(): void {
    this.bookmarkTimer = this.call.server.environment.clock.after(limits.bookmarkMs, () => {
      if (this.over || this.ending) return;
      this.bookmark();
      this.armBookmark();
    });
  }

  /** Everything up to the store's revision has been offered to this watch, whether or not it concerned it. */
  private bookmark(): void {
    this.push({ type: "BOOKMARK", revision: this.call.server.store.revision, initialEnd: false });
  }
}
