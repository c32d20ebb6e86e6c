import type { Pod } from "../api/types/core-v1.ts";
import { keyOf } from "../client/informer.ts";
import type { UnseenWrites } from "./unseen-writes.ts";

/** The names under which controllers of Pods await their own creations and deletions. */

/** Notes that the view now shows this change of a Pod. */
export function settlePodChange(unseen: UnseenWrites, current: Pod | undefined, previous: Pod | undefined): void {
  if (current && !previous) unseen.settle(creation(keyOf(current)));
  if (previous && (!current || current.metadata.uid !== previous.metadata.uid)) unseen.settle(deletion(previous));
  if (current?.metadata.deletionTimestamp !== undefined) unseen.settle(deletion(current));
}

/** What a creation awaits: the Pod in the view, by key. */
export function creation(key: string): string {
  return `create ${key}`;
}

/** What a deletion awaits: this Pod going or gone in the view. */
export function deletion(pod: Pod): string {
  return `delete ${pod.metadata.uid}`;
}
