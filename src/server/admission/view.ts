import type { Environment, Instant, Random } from "../../base/environment.ts";
import { randomSuffix } from "../../base/names.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { Store } from "../../store/contract.ts";

/** What plugins may look at: committed objects by their path in the store, the time, and chance for names. */
export class AdmissionView {
  private readonly store: Store;
  private readonly environment: Environment;
  /** A stream of its own, so that what plugins draw does not move the names and uids of objects. */
  private readonly random: Random;

  constructor(store: Store, environment: Environment) {
    this.store = store;
    this.environment = environment;
    this.random = environment.random.fork("admission");
  }

  get<T extends KubeObject>(key: string): T | undefined {
    return this.store.get(key)?.object as T | undefined;
  }

  list<T extends KubeObject>(prefix: string): readonly T[] {
    return this.store.list(prefix).items.map((stored) => stored.object as T);
  }

  now(): Instant {
    return this.environment.clock.now();
  }

  /** Five characters for a generated name. */
  suffix(): string {
    return randomSuffix(this.random);
  }

  /** Resolves once the key is there, and at the latest when the runner has come round so many times. */
  appearance(key: string, roundsMax: number): Promise<void> {
    const { store, environment } = this;
    return new Promise((resolve) => {
      const look = (round: number): void => {
        if (round === roundsMax || store.get(key) !== undefined) resolve();
        else environment.runner.post(() => look(round + 1));
      };
      look(0);
    });
  }
}
