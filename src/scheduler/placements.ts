import type { Node, Pod } from "../api/types/core-v1.ts";
import { NodeState, NodeStates } from "../placement/node-state.ts";

/**
 * Which Pods count on which nodes: those that the view shows there, and those that were decided and whose binding the view has not shown
 * yet. Pods of nodes that are not known wait for them.
 */
export class Placements {
  /** The nodes that are known, each with its Pods. Not to be changed by readers. */
  readonly states = new NodeStates();
  /** Where each Pod counts, by uid. */
  private readonly nodeNames = new Map<string, string>();
  private readonly homeless = new Map<string, Map<string, Pod>>();

  has(uid: string): boolean {
    return this.nodeNames.has(uid);
  }

  /** Lets the Pod count on this node, and on no other. */
  count(pod: Pod, nodeName: string): void {
    const { uid } = pod.metadata;
    const before = this.nodeNames.get(uid);
    if (before !== undefined && before !== nodeName) this.uncount(uid);
    this.nodeNames.set(uid, nodeName);
    const state = this.states.get(nodeName);
    if (state) return state.add(pod);
    let there = this.homeless.get(nodeName);
    if (!there) this.homeless.set(nodeName, (there = new Map()));
    there.set(uid, pod);
  }

  /** Lets the Pod count nowhere; with `nodeName`, only if it counts there. */
  uncount(uid: string, nodeName = this.nodeNames.get(uid)): void {
    if (nodeName === undefined || this.nodeNames.get(uid) !== nodeName) return;
    this.nodeNames.delete(uid);
    this.states.get(nodeName)?.remove(uid);
    this.homeless.get(nodeName)?.delete(uid);
  }

  /** Takes a node in, or its new state; true when it was known. */
  putNode(node: Node): boolean {
    const { name } = node.metadata;
    const known = this.states.get(name);
    if (known) {
      known.replaceNode(node);
      return true;
    }
    const state = new NodeState(node);
    this.states.set(name, state);
    for (const pod of this.homeless.get(name)?.values() ?? []) state.add(pod);
    this.homeless.delete(name);
    return false;
  }

  removeNode(name: string): void {
    const state = this.states.get(name);
    this.states.delete(name);
    if (state && state.pods.size > 0) this.homeless.set(name, new Map(state.pods));
  }

  /** The nodes as they will stand when these Pods are where they were promised to be. */
  withPromised(promises: readonly { readonly pod: Pod; readonly nodeName: string }[]): NodeStates {
    if (promises.length === 0) return this.states;
    const view = this.states.withCopiesOf(new Set(promises.map(({ nodeName }) => nodeName)));
    for (const { pod, nodeName } of promises) view.get(nodeName)?.add(pod);
    return view;
  }
}
