import type { Instant } from "../../base/environment.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { Store } from "../../store/contract.ts";

/** What plugins may look at: committed objects by their path in the store, and the time. */
export class AdmissionView {
  private readonly store: Store;
  private readonly clock: { now(): Instant };

  constructor(store: Store, clock: { now(): Instant }) {
    this.store = store;
    this.clock = clock;
  }

  get<T extends KubeObject>(key: string): T | undefined {
    return this.store.get(key)?.object as T | undefined;
  }

  list<T extends KubeObject>(prefix: string): readonly T[] {
    return this.store.list(prefix).items.map((stored) => stored.object as T);
  }

  now(): Instant {
    return this.clock.now();
  }
}
