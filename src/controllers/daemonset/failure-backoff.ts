import type { Instant } from "../../base/environment.ts";

/** A failed Pod is replaced at once, one that follows within a second after a second, then 2, 4 … seconds, at most 15 minutes. */
const backoffMsMin = 1000;
const backoffMsMax = 15 * 60 * 1000;

/**
 * When a failed Pod of a node may be removed: keeps a controller and a kubelet that refuses its Pods from chasing each other.
 * The delay of a slot doubles with each failure and starts anew when the slot was quiet for twice the longest delay.
 */
export class FailureBackoff {
  private readonly slots = new Map<string, { delay: number; last: Instant }>();

  /** The instant before which no further failed Pod is removed; undefined when one may be removed now. */
  until(slot: string, now: Instant): Instant | undefined {
    const known = this.slots.get(slot);
    if (!known || now >= known.last + known.delay) return undefined;
    return known.last + known.delay;
  }

  /** A failed Pod is removed now. */
  count(slot: string, now: Instant): void {
    const known = this.slots.get(slot);
    const fresh = !known || now - known.last > 2 * backoffMsMax;
    this.slots.set(slot, { delay: fresh ? backoffMsMin : Math.min(known.delay * 2, backoffMsMax), last: now });
  }

  /** Drops the slots whose names begin so. */
  forget(prefix: string): void {
    for (const slot of this.slots.keys()) if (slot.startsWith(prefix)) this.slots.delete(slot);
  }
}
