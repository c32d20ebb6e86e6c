import type { Node, Pod } from "../api/types/core-v1.ts";
import type { Amounts } from "./resources.ts";
import { amountsOf, podAmounts, scoredAmounts } from "./resources.ts";
import type { HostPort } from "./host-ports.ts";
import { hostPortsOf, portsClash } from "./host-ports.ts";
import { kinOf } from "./kin.ts";

/** Whether a Pod still takes room on its node: until it has ended. */
export function takesRoom(pod: Pod): boolean {
  return pod.status.phase !== "Succeeded" && pod.status.phase !== "Failed";
}

/** What checks that look at all nodes read of them. */
export interface Standing {
  values(): Iterable<NodeState>;
  /** How many Pods with required anti-affinity there are. */
  readonly shunning: number;
}

/** All nodes by name. `shunning` and `choosy` count the Pods of these kinds on them, so that a search for none costs nothing. */
export class NodeStates extends Map<string, NodeState> implements Standing {
  shunning = 0;
  choosy = 0;

  override set(name: string, state: NodeState): this {
    const before = this.get(name);
    if (before) this.leave(before);
    state.among = this;
    this.shunning += state.shunning.size;
    this.choosy += state.choosy.size;
    return super.set(name, state);
  }

  /** The same nodes, of which these are copies that may be changed. Good until something changes here. */
  withCopiesOf(names: ReadonlySet<string>): NodeStates {
    const view = new NodeStates();
    for (const [name, state] of this) {
      if (names.has(name)) view.set(name, state.copy());
      else view.borrow(name, state);
    }
    return view;
  }

  /** Takes in a state that goes on counting elsewhere. */
  private borrow(name: string, state: NodeState): void {
    this.shunning += state.shunning.size;
    this.choosy += state.choosy.size;
    super.set(name, state);
  }

  override delete(name: string): boolean {
    const state = this.get(name);
    if (state) this.leave(state);
    return super.delete(name);
  }

  private leave(state: NodeState): void {
    this.shunning -= state.shunning.size;
    this.choosy -= state.choosy.size;
    state.among = undefined;
  }
}

/**
 * One node with what stands on it, kept by adding and removing Pods: what the predicates and scores read. Sums are over
 * the Pods that take room.
 */
export class NodeState {
  node: Node;
  allocatable: Amounts;
  readonly requested: Amounts = {};
  /** Sums for scoring, in thousandths of a core and bytes. */
  scoredCpu = 0;
  scoredMemory = 0;
  readonly pods = new Map<string, Pod>();
  /** Those of them with required anti-affinity. */
  readonly shunning = new Map<string, Pod>();
  /** Those of them that would rather, or only, stand beside some Pods, or rather not beside some. */
  readonly choosy = new Map<string, Pod>();
  /** How many of each kin stand here and stay. */
  readonly kin = new Map<string, number>();
  /** The collection that counts it. */
  among: NodeStates | undefined;
  private ports: { readonly port: HostPort; readonly uid: string }[] = [];

  constructor(node: Node) {
    this.node = node;
    this.allocatable = amountsOf(node.status.allocatable);
  }

  /** Another state of the same, which changes by itself. */
  copy(): NodeState {
    const copy = new NodeState(this.node);
    for (const pod of this.pods.values()) copy.add(pod);
    return copy;
  }

  replaceNode(node: Node): void {
    if (node.status.allocatable !== this.node.status.allocatable) this.allocatable = amountsOf(node.status.allocatable);
    this.node = node;
  }

  /** Adds a Pod, or takes its newer state. */
  add(pod: Pod): void {
    this.remove(pod.metadata.uid);
    this.pods.set(pod.metadata.uid, pod);
    if (pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.length) {
      this.shunning.set(pod.metadata.uid, pod);
      if (this.among) this.among.shunning++;
    }
    if (isChoosy(pod)) {
      this.choosy.set(pod.metadata.uid, pod);
      if (this.among) this.among.choosy++;
    }
    this.count(pod, 1);
    for (const port of hostPortsOf(pod.spec)) this.ports.push({ port, uid: pod.metadata.uid });
  }

  remove(uid: string): void {
    const pod = this.pods.get(uid);
    if (!pod) return;
    this.pods.delete(uid);
    if (this.shunning.delete(uid) && this.among) this.among.shunning--;
    if (this.choosy.delete(uid) && this.among) this.among.choosy--;
    this.count(pod, -1);
    if (this.ports.length > 0) this.ports = this.ports.filter((taken) => taken.uid !== uid);
  }

  portTaken(wanted: HostPort): boolean {
    return this.ports.some((taken) => portsClash(taken.port, wanted));
  }

  private count(pod: Pod, sign: 1 | -1): void {
    const asked = podAmounts(pod.spec);
    for (const resource of Object.keys(asked)) {
      this.requested[resource] = (this.requested[resource] ?? 0) + sign * (asked[resource] as number);
    }
    const scored = scoredAmounts(pod.spec);
    this.scoredCpu += sign * scored.cpu;
    this.scoredMemory += sign * scored.memory;
    const kin = pod.metadata.deletionTimestamp === undefined ? kinOf(pod) : undefined;
    if (kin !== undefined) this.kin.set(kin, (this.kin.get(kin) ?? 0) + sign);
    if (kin !== undefined && this.kin.get(kin) === 0) this.kin.delete(kin);
  }
}

function isChoosy({ spec: { affinity } }: Pod): boolean {
  if (affinity === undefined) return false;
  const { podAffinity, podAntiAffinity } = affinity;
  const wishes = [podAffinity?.requiredDuringSchedulingIgnoredDuringExecution, podAffinity?.preferredDuringSchedulingIgnoredDuringExecution, podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution];
  return wishes.some((terms) => terms !== undefined && terms.length > 0);
}
