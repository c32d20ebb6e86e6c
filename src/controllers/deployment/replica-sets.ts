import { sameData } from "../../api/equality.ts";
import { deployments, replicaSets } from "../../api/kinds.ts";
import type { Deployment, ReplicaSet } from "../../api/types/apps-v1.ts";
import type { PodTemplateSpec } from "../../api/types/core-v1.ts";
import { controllerReference } from "../owner.ts";
import { withRevision, withSize } from "./revisions.ts";

/** The ReplicaSets of a Deployment: which one is in use, how many Pods they stand for, and how a new one is made. */

export const hashLabel = "pod-template-hash";

/** The longest name of an object. */
const nameLengthMax = 253;

export interface SetsInOrder {
  /** The oldest set that has the wanted template; undefined: it has to be made. */
  readonly current: ReplicaSet | undefined;
  /** All others, oldest first. */
  readonly old: readonly ReplicaSet[];
}

export function sortSets(deployment: Deployment, sets: readonly ReplicaSet[]): SetsInOrder {
  const inOrder = sets.toSorted(byCreation);
  const wanted = withoutHash(deployment.spec.template);
  const current = inOrder.find((set) => sameData(withoutHash(set.spec.template), wanted));
  return { current, old: inOrder.filter((set) => set !== current) };
}

/** Whether a set was made from the template that the Deployment has now. */
export function hasTemplateOf(deployment: Deployment, set: ReplicaSet): boolean {
  return sameData(withoutHash(set.spec.template), withoutHash(deployment.spec.template));
}

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const labels = template.metadata?.labels;
  if (labels?.[hashLabel] === undefined) return template;
  return { ...template, metadata: { ...template.metadata, labels: Object.fromEntries(Object.entries(labels).filter(([key]) => key !== hashLabel)) } };
}

export function byCreation(a: ReplicaSet, b: ReplicaSet): number {
  if (a.metadata.creationTimestamp !== b.metadata.creationTimestamp) return a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

/** Pods that a set is to have. */
export function sizeOf(set: ReplicaSet): number {
  return set.spec.replicas ?? 1;
}

export function isActive(set: ReplicaSet): boolean {
  return sizeOf(set) > 0;
}

export function total(sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number): number {
  let sum = 0;
  for (const set of sets) sum += count(set);
  return sum;
}

export function availableOf(set: ReplicaSet): number {
  return set.status.availableReplicas ?? 0;
}

/** The set for the wanted template as it is sent; its status is that of a set that has no Pod yet. */
export function newReplicaSet(deployment: Deployment, options: { readonly hash: string; readonly revision: bigint; readonly replicas: number }): ReplicaSet {
  const { hash, revision, replicas } = options;
  const { metadata, spec } = deployment;
  const labels = { ...spec.template.metadata?.labels, [hashLabel]: hash };
  return {
    apiVersion: replicaSets.apiVersion,
    kind: replicaSets.kind,
    metadata: {
      name: `${metadata.name.slice(0, nameLengthMax - hash.length - 1)}-${hash}`,
      namespace: metadata.namespace,
      labels,
      annotations: withSize(withRevision(undefined, deployment, revision), deployment),
      ownerReferences: [controllerReference(deployment, deployments)],
    } as unknown as ReplicaSet["metadata"],
    spec: {
      replicas,
      ...(spec.minReadySeconds === undefined ? {} : { minReadySeconds: spec.minReadySeconds }),
      selector: { ...spec.selector, matchLabels: { ...spec.selector?.matchLabels, [hashLabel]: hash } },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
    status: { replicas: 0 },
  };
}
