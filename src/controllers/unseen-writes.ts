import type { Environment, Timer } from "../base/environment.ts";

/**
 * What a controller has written and its informer has not shown yet. A controller that waits until nothing of an owner is
 * unseen before it looks again never acts on a view that lacks its own last step, so it neither makes a child twice nor
 * deletes one more than it may.
 *
 * A write is announced before the request goes out, because its event may come before the answer; a failed one is withdrawn.
 * After five minutes (upstream's limit) the wait is given up: a view that was listed anew may have skipped the state waited for.
 */
export class UnseenWrites {
  private readonly environment: Environment;
  private readonly owners = new Map<string, Set<string>>();
  private readonly ownerOf = new Map<string, string>();
  private readonly waiting = new Map<string, (() => void)[]>();

  constructor(environment: Environment) {
    this.environment = environment;
  }

  /** `write` names one write: the kind of change and the object's key. */
  announce(owner: string, write: string): void {
    let writes = this.owners.get(owner);
    if (!writes) this.owners.set(owner, (writes = new Set()));
    writes.add(write);
    this.ownerOf.set(write, owner);
  }

  /** The view shows the write, or it failed. Unknown writes are ignored. */
  settle(write: string): void {
    const owner = this.ownerOf.get(write);
    if (owner === undefined) return;
    this.ownerOf.delete(write);
    const writes = this.owners.get(owner);
    writes?.delete(write);
    if (writes?.size === 0) this.forget(owner);
  }

  /** Nothing is waited for any more: the owner is gone. */
  forget(owner: string): void {
    for (const write of this.owners.get(owner) ?? []) this.ownerOf.delete(write);
    this.owners.delete(owner);
    for (const wake of this.waiting.get(owner) ?? []) wake();
    this.waiting.delete(owner);
  }

  /** Nobody waits any more. */
  stop(): void {
    for (const owner of [...this.owners.keys()]) this.forget(owner);
  }

  /** Resolves when the view shows every write announced for this owner. */
  async seen(owner: string): Promise<void> {
    if (!this.owners.has(owner)) return;
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      const waiting = this.waiting.get(owner);
      if (waiting) waiting.push(resolve);
      else this.waiting.set(owner, [resolve]);
      timer = this.environment.clock.after(waitMsMax, () => this.forget(owner));
    });
    timer?.cancel();
  }
}

/** Upstream's ExpectationsTimeout. */
const waitMsMax = 5 * 60 * 1000;
