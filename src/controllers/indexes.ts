import type { KubeObject } from "../api/kind-ref.ts";
import type { Pod } from "../api/types/core-v1.ts";
import type { Informer } from "../client/informer.ts";
import { claimNameOf } from "../placement/volume-match.ts";
import { controllerOf, orphansOf, ownerIndex } from "./owner.ts";

/** Indexes of the shared views that several controllers use, under one name and meaning each. */

const owners = "owner";
const nodeNames = "spec.nodeName";

export function indexByOwner<T extends KubeObject>(informer: Informer<T>): void {
  informer.addIndex(owners, ownerIndex);
}

/** What this owner controls. The view must be indexed by owner. */
export function controlledBy<T extends KubeObject>(informer: Informer<T>, ownerUid: string): readonly T[] {
  return informer.byIndex(owners, ownerUid);
}

/** What nobody controls in this namespace. The view must be indexed by owner. */
export function orphansIn<T extends KubeObject>(informer: Informer<T>, namespace: string | undefined): readonly T[] {
  return informer.byIndex(owners, orphansOf(namespace));
}

/** What this owner controls and the orphans of its namespace: the candidates of its claim. */
export function claimable<T extends KubeObject>(informer: Informer<T>, owner: KubeObject): readonly T[] {
  return [...controlledBy(informer, owner.metadata.uid), ...orphansIn(informer, owner.metadata.namespace)];
}

export function indexByNode(informer: Informer<Pod>): void {
  informer.addIndex(nodeNames, (pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []));
}

/** The Pods bound to a node. The view must be indexed by node. */
export function podsOn(informer: Informer<Pod>, node: string): readonly Pod[] {
  return informer.byIndex(nodeNames, node);
}

/** Whether the controlling owner changed between two states of one object. */
export function ownerChanged(current: KubeObject, previous: KubeObject): boolean {
  return controllerOf(current)?.uid !== controllerOf(previous)?.uid;
}

const claimNames = "claims";

/** Pods under each claim that they use, as `namespace/name`. */
export function indexByClaim(informer: Informer<Pod>): void {
  informer.addIndex(claimNames, (pod) => (pod.spec.volumes ?? []).flatMap((volume) => claimNameOf(pod, volume) ?? []).map((name) => `${pod.metadata.namespace}/${name}`));
}

/** The Pods that use a claim. The view must be indexed by claim. */
export function podsUsing(informer: Informer<Pod>, claimKey: string): readonly Pod[] {
  return informer.byIndex(claimNames, claimKey);
}
