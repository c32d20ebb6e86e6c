import { replicaSets, replicationControllers } from "../../api/kinds.ts";
import type { KindRef } from "../../api/kind-ref.ts";
import { matchesSelector } from "../../api/label-selector.ts";
import type { Labels } from "../../api/label-selector.ts";
import type { ReplicaSet } from "../../api/types/apps-v1.ts";
import type { ReplicationController } from "../../api/types/core-v1.ts";

/** What the two kinds that keep a number of equal Pods have in common, and where they differ. */
export type ReplicaOwner = ReplicaSet | ReplicationController;

export interface ReplicaKind<T extends ReplicaOwner> {
  readonly ref: KindRef<T>;
  /** The service account of the controller. */
  readonly account: string;
  /** The component that events name. */
  readonly component: string;
  readonly selects: (owner: T, labels: Labels) => boolean;
  /** ReplicationControllers do not tell how many Pods are on their way out. */
  readonly countsTerminating: boolean;
}

export const replicaSetKind: ReplicaKind<ReplicaSet> = {
  ref: replicaSets,
  account: "replicaset-controller",
  component: "replicaset-controller",
  selects: (owner, labels) => matchesSelector(owner.spec.selector, labels),
  countsTerminating: true,
};

export const replicationControllerKind: ReplicaKind<ReplicationController> = {
  ref: replicationControllers,
  account: "replication-controller",
  component: "replication-controller",
  selects: (owner, labels) => matchesSelector({ matchLabels: owner.spec.selector ?? {} }, labels),
  countsTerminating: false,
};

export function wantedReplicas(owner: ReplicaOwner): number {
  return owner.spec.replicas ?? 1;
}
