import type { Environment, Instant, Timer } from "../base/environment.ts";
import { Heap } from "../base/heap.ts";
import type { Pod } from "../api/types/core-v1.ts";
import type { Wanted } from "../placement/fit.ts";

/**
 * What kept a Pod from its nodes: names of resources, and these. `claims`: it waits for its own claims, whatever the nodes are like;
 * `shunned`: by Pods that stand there; `sole`: another Pod uses a claim that one alone may use.
 */
export type Lack = "pods" | "ports" | "sole" | "volumes" | "claims" | "node" | "affinity" | "shunned" | "spread" | (string & {});

/** Upstream's back-off of a Pod that found no place: 1 s doubling to 10 s, counted in attempts. */
const backoffMsMin = 1000;
const backoffMsMax = 10_000;

export interface Waiting {
  readonly key: string;
  wanted: Wanted;
  readonly sequence: number;
  attempts: number;
  /** What kept it from every node at the last look; empty before the first. */
  lacking: ReadonlySet<Lack>;
  state: "active" | "backoff" | "parked";
  failedAt: Instant;
  timer: Timer | undefined;
  /** Waits out a back-off which it may leave early. */
  mayLeave: boolean;
  /** Has its entry among those, which goes when it comes up. */
  isListed: boolean;
}

function priorityOf(waiting: Waiting): number {
  return waiting.wanted.pod.spec.priority ?? 0;
}

function comesBefore(a: Waiting, b: Waiting): boolean {
  return priorityOf(a) > priorityOf(b) || (priorityOf(a) === priorityOf(b) && a.sequence < b.sequence);
}

/** A Pod that waits out its back-off though something has changed that may help it. */
interface Early {
  readonly waiting: Waiting;
  /** When its back-off is over, in whole seconds, so that priority decides within one. */
  readonly second: number;
}

/**
 * Pods that want a place: active ones by priority, then in order of arrival; those that found none are parked until something
 * relevant changes, and then wait out their back-off, unless nobody else wants to be looked at (upstream: SchedulerPopFromBackoffQ,
 * KEP-5142). Only after an error is the back-off always waited out.
 */
export class SchedulingQueue {
  private readonly environment: Environment;
  private readonly onActive: () => void;
  private readonly waiting = new Map<string, Waiting>();
  private readonly byUid = new Map<string, Waiting>();
  private readonly parked = new Set<Waiting>();
  /** Those of them that mind where other Pods stand. */
  private readonly minding = new Set<Waiting>();
  private readonly active = new Heap<Waiting>(comesBefore);
  private readonly early = new Heap<Early>((a, b) => a.second < b.second || (a.second === b.second && comesBefore(a.waiting, b.waiting)));
  private sequence = 0;

  constructor(options: { environment: Environment; onActive: () => void }) {
    this.environment = options.environment;
    this.onActive = options.onActive;
  }

  /** A Pod to place, or its newer state; `again` says that the change may let it fit now. */
  put(key: string, wanted: Wanted, again: boolean): void {
    let waiting = this.waiting.get(key);
    if (!waiting) {
      waiting = { key, wanted, sequence: this.sequence++, attempts: 0, lacking: new Set(), state: "active", failedAt: 0, timer: undefined, mayLeave: false, isListed: false };
      this.waiting.set(key, waiting);
      this.byUid.set(wanted.pod.metadata.uid, waiting);
      this.active.push(waiting);
      this.onActive();
      return;
    }
    this.byUid.delete(waiting.wanted.pod.metadata.uid);
    this.byUid.set(wanted.pod.metadata.uid, waiting);
    waiting.wanted = wanted;
    if (again && waiting.state === "parked") this.wake(waiting);
  }

  /** The newest state of a waiting Pod, by uid. */
  podOf(uid: string): Pod | undefined {
    return this.byUid.get(uid)?.wanted.pod;
  }

  /** Its priority; lower than all when it does not wait any more. */
  priorityOf(uid: string): number {
    const pod = this.podOf(uid);
    return pod ? (pod.spec.priority ?? 0) : -Infinity;
  }

  drop(key: string): void {
    const waiting = this.waiting.get(key);
    if (!waiting) return;
    this.waiting.delete(key);
    this.byUid.delete(waiting.wanted.pod.metadata.uid);
    this.unpark(waiting);
    waiting.timer?.cancel();
  }

  /** The next Pod to look at; it stays known until dropped or parked. */
  take(): Waiting | undefined {
    for (;;) {
      const next = this.active.pop();
      if (!next) return this.takeEarly();
      if (this.waiting.get(next.key) === next && next.state === "active") return next;
    }
  }

  /** Nobody else wants to be looked at: who waits out a back-off need not. */
  private takeEarly(): Waiting | undefined {
    for (;;) {
      const next = this.early.pop()?.waiting;
      if (!next) return undefined;
      next.isListed = false;
      if (this.waiting.get(next.key) !== next || !next.mayLeave) continue;
      next.mayLeave = false;
      next.timer?.cancel();
      next.timer = undefined;
      next.state = "active";
      return next;
    }
  }

  park(waiting: Waiting, lacking: ReadonlySet<Lack>): void {
    if (this.waiting.get(waiting.key) !== waiting) return;
    waiting.attempts++;
    waiting.lacking = lacking;
    waiting.failedAt = this.environment.clock.now();
    waiting.state = "parked";
    this.parked.add(waiting);
    if (lacking.has("affinity") || lacking.has("shunned") || lacking.has("spread")) this.minding.add(waiting);
  }

  /** Looks again at a Pod whose binding failed, after its back-off. */
  retry(waiting: Waiting): void {
    this.park(waiting, waiting.lacking);
    if (this.waiting.get(waiting.key) === waiting) this.backOff(waiting);
  }

  /** Wakes the parked Pods for which `helps` holds. */
  wakeWhere(helps: (waiting: Waiting) => boolean): void {
    for (const waiting of [...this.parked]) if (helps(waiting)) this.wake(waiting);
  }

  /** As `wakeWhere`, of those that other Pods keep from their nodes by where they stand. */
  wakeMinding(helps: (waiting: Waiting) => boolean): void {
    for (const waiting of [...this.minding]) if (helps(waiting)) this.wake(waiting);
  }

  private unpark(waiting: Waiting): void {
    this.parked.delete(waiting);
    this.minding.delete(waiting);
  }

  private wake(waiting: Waiting): void {
    const ready = this.backOff(waiting);
    if (waiting.state !== "backoff") return;
    waiting.mayLeave = true;
    if (!waiting.isListed) this.early.push({ waiting, second: Math.floor(ready / 1000) });
    waiting.isListed = true;
    this.onActive();
  }

  /** Looks again when the back-off since the last failure is over, which it may be already. Returns when that is. */
  private backOff(waiting: Waiting): Instant {
    this.unpark(waiting);
    const ready = waiting.failedAt + Math.min(backoffMsMin * 2 ** Math.max(waiting.attempts - 1, 0), backoffMsMax);
    if (ready <= this.environment.clock.now()) {
      this.activate(waiting);
    } else {
      waiting.state = "backoff";
      waiting.timer = this.environment.clock.at(ready, () => this.activate(waiting));
    }
    return ready;
  }

  private activate(waiting: Waiting): void {
    if (this.waiting.get(waiting.key) !== waiting) return;
    waiting.state = "active";
    waiting.mayLeave = false;
    waiting.timer = undefined;
    this.active.push(waiting);
    this.onActive();
  }
}
