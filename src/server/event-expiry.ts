import type { Draft } from "../base/json.ts";
import type { Environment, Instant } from "../base/environment.ts";
import { limits } from "../base/limits.ts";
import type { KubeObject } from "../api/kind-ref.ts";
import { RevisionConflict } from "../store/contract.ts";
import type { Store } from "../store/contract.ts";
import { sealed } from "./commit.ts";

interface Expiry {
  readonly at: Instant;
  readonly key: string;
  /** A later write of the Event has an expiry of its own. */
  readonly revision: number;
}

/**
 * Events live for an hour after their last write. Every Event lives equally long, so they expire in the order in which they were
 * written: one queue, and one timer for its head.
 */
export function expireEvents(environment: Environment, store: Store): void {
  const { clock } = environment;
  let queue: Expiry[] = [];
  let armed = false;

  const note = (key: string, revision: number): void => {
    queue.push({ at: clock.now() + limits.eventTtlMs, key, revision });
    arm();
  };
  const arm = (): void => {
    const head = queue[0];
    if (armed || head === undefined) return;
    armed = true;
    clock.at(head.at, () => {
      armed = false;
      const due = queue.findIndex(({ at }) => at > clock.now());
      const expired = due < 0 ? queue : queue.slice(0, due);
      queue = due < 0 ? [] : queue.slice(due);
      arm();
      environment.runner.post(async () => {
        for (const expiry of expired) await remove(expiry);
      });
    });
  };
  const remove = async ({ key, revision }: Expiry): Promise<void> => {
    const current = store.get(key);
    if (current?.revision !== revision) return;
    const last = { ...current.object, metadata: { ...current.object.metadata } } as Draft<KubeObject>;
    try {
      await store.delete(key, revision, sealed(last));
    } catch (error) {
      // Somebody wrote or deleted it meanwhile: its life is no longer this entry's.
      if (!(error instanceof RevisionConflict)) throw error;
    }
  };

  for (const { key, revision } of store.list("events/").items) note(key, revision);
  store.watch("events/", store.revision, ({ type, current }) => {
    if (type === "put") note(current.key, current.revision);
  });
}
