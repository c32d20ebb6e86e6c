import type { Environment, Instant } from "../base/environment.ts";
import type { Reconciler } from "../client/reconciler.ts";

/**
 * A look at a set costs work for each of its Pods (a DaemonSet's: for each node), and each of its Pods' changes asks for one. So that
 * many Pods do not make it their square, two looks for others' changes are at least this many milliseconds apart per 100 Pods: nothing
 * up to 99 Pods, 200 ms for 1,000 (of which a look takes about 2 ms), a second for 5,000.
 */
const apartMsPer100 = 20;

/** Asks a queue for looks; many that are asked for in a row are answered by one. */
export class GatheredLooks {
  private readonly queue: Reconciler;
  private readonly environment: Environment;
  private readonly lookedAt = new Map<string, Instant>();

  constructor(options: { queue: Reconciler; environment: Environment }) {
    this.queue = options.queue;
    this.environment = options.environment;
  }

  /** `size`: how many Pods a look goes through. */
  wake(key: string, size: number): void {
    const apart = Math.floor(size / 100) * apartMsPer100;
    if (apart === 0) this.queue.add(key);
    else this.queue.addAt(key, Math.max((this.lookedAt.get(key) ?? -Infinity) + apart, this.environment.clock.now()));
  }

  /** A look begins now. */
  looked(key: string): void {
    this.lookedAt.set(key, this.environment.clock.now());
  }

  forget(key: string): void {
    this.lookedAt.delete(key);
  }
}
