import type { Pod } from "../../api/types/core-v1.ts";
import type { Instant } from "../../base/environment.ts";
import { removalOrder } from "./removal-order.ts";
import type { ReplicaOwner } from "./replica-kind.ts";
import { wantedReplicas } from "./replica-kind.ts";
import { newPodNames } from "./replica-pod.ts";
import type { Survey } from "./survey.ts";
import { surveyOf } from "./survey.ts";

/**
 * What a ReplicaSet or ReplicationController has to do, as a pure function of what is wanted, what is seen and now. Only active
 * Pods count: one that ended or is on its way out is replaced at once, and one that ended stays where it is. A view with the
 * wanted number gives no intention.
 */

export interface ReplicaView {
  readonly owner: ReplicaOwner;
  /** All Pods that the owner controls and its selector matches, whatever their state. */
  readonly pods: readonly Pod[];
  /** The Pods of all ReplicaSets with the same controlling owner, this one's included: of Pods that share a node one goes first. */
  readonly related: () => readonly Pod[];
  readonly isUsed: (name: string) => boolean;
  readonly now: Instant;
}

export interface ReplicaPlan {
  /** Names of new Pods. */
  readonly create: readonly string[];
  readonly delete: readonly Pod[];
  /** Look again then, even if nothing happens: a Pod becomes available. */
  readonly again: Instant | undefined;
}

/** At most so many Pods are made or deleted in one go (upstream's BurstReplicas); the rest follows at the next look. */
const burstMax = 500;

/** `survey`: that of the view's Pods, where it is known already. */
export function planReplicas(view: ReplicaView, survey: Survey = surveyOf(view.owner, view.pods, view.now)): ReplicaPlan {
  const { active, nextAvailable: again } = survey;
  if (view.owner.metadata.deletionTimestamp !== undefined) return { create: [], delete: [], again };
  const missing = Math.min(wantedReplicas(view.owner) - active.length, burstMax);
  if (missing > 0) return { create: newPodNames(view, missing), delete: [], again };
  const excess = Math.min(-missing, burstMax);
  if (excess === 0) return { create: [], delete: [], again };
  const ordered = excess < active.length ? removalOrder(active, { related: view.related(), now: view.now }) : active;
  return { create: [], delete: ordered.slice(0, excess), again };
}
