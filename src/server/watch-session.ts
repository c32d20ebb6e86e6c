import type { Timer } from "../base/environment.ts";
import { limits } from "../base/limits.ts";
import { StatusError, expired } from "../base/status-error.ts";
import type { Stored } from "../store/contract.ts";
import type { ResourceCall } from "./context.ts";

/** One event on its way to a watcher. */
export type PendingEvent =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly stored: Stored }
  | { readonly type: "BOOKMARK"; readonly revision: number; readonly initialEnd: boolean }
  | { readonly type: "ERROR"; readonly error: StatusError };

/** Where events go: an in-process listener, or bytes to a reader who may lag. */
export interface WatchTarget {
  /** Takes some events in order, at least one; answers how many. Calls `again` when it can take more if it left any. */
  take(events: readonly PendingEvent[], again: () => void): number;
  end(): void;
  closed(then: () => void): void;
}

/**
 * One watch from its request to its end: a queue between commits and the reader. Commits only append; a step of the runner
 * hands over what has gathered. Invariant: `queue` holds, in order, what the target has not taken; `posted` is true while a
 * hand-over is due.
 */
export class WatchSession {
  /** Where changes come from; stopped at the end. */
  source: { stop(): void } | undefined;
  private readonly call: ResourceCall;
  private readonly bookmarks: boolean;
  private readonly deadline: Timer;
  private bookmarkTimer: Timer | undefined;
  private queue: PendingEvent[] = [];
  private target: WatchTarget | undefined;
  private posted = false;
  private lagging = false;
  private over = false;
  /** Ends once the queue is empty. */
  private ending = false;
  /** The newest revision that this watch has been told of or passed by. */
  private seen = 0;

  constructor(call: ResourceCall, options: { timeoutMs: number; bookmarks: boolean }) {
    const { clock } = call.server.environment;
    this.call = call;
    this.bookmarks = options.bookmarks;
    this.deadline = clock.after(options.timeoutMs, () => this.finish());
    if (this.bookmarks) this.armBookmark();
    call.request.signal?.addEventListener("abort", () => this.close(), { once: true });
    if (call.request.signal?.aborted) this.close();
  }

  push(event: PendingEvent): void {
    if (this.over || this.ending) return;
    if (event.type !== "BOOKMARK" && event.type !== "ERROR") this.seen = Math.max(this.seen, event.stored.revision);
    this.queue.push(event);
    if (this.target === undefined ? false : this.queue.length > limits.watchBacklogMax) this.cutOff();
    this.wake();
  }

  /** The watch has been brought up to this revision without an event. */
  pass(revision: number): void {
    this.seen = revision;
  }

  pushInitialEnd(revision: number): void {
    this.push({ type: "BOOKMARK", revision, initialEnd: true });
    this.seen = revision;
  }

  /** The watch answers with an error event and ends. */
  fail(error: StatusError): void {
    this.push({ type: "ERROR", error });
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
    this.deadline.cancel();
    this.bookmarkTimer?.cancel();
    this.source?.stop();
  }

  /** Time is up: what is queued is still sent. */
  private finish(): void {
    if (this.over) return;
    this.ending = true;
    this.source?.stop();
    this.wake();
  }

  /** The reader lags too far behind: it must list anew. */
  private cutOff(): void {
    this.queue = [{ type: "ERROR", error: expired(`too old resource version: the watch fell more than ${limits.watchBacklogMax} events behind`) }];
    this.finish();
  }

  private wake(): void {
    if (this.posted || this.lagging || this.over || this.target === undefined) return;
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
      const events = this.queue;
      this.queue = [];
      const taken = target.take(events, () => {
        this.lagging = false;
        this.wake();
      });
      if (taken < events.length) {
        this.lagging = true;
        this.queue = [...events.slice(taken), ...this.queue];
        return;
      }
    }
    if (!this.ending || this.queue.length > 0) return;
    this.close();
    target.end();
  }

  private armBookmark(): void {
    this.bookmarkTimer = this.call.server.environment.clock.after(limits.bookmarkMs, () => {
      if (this.over || this.ending) return;
      // Everything up to the store's revision has been delivered to the queue, whether or not it concerned this watch.
      this.push({ type: "BOOKMARK", revision: Math.max(this.seen, this.call.server.store.revision), initialEnd: false });
      this.armBookmark();
    });
  }
}
