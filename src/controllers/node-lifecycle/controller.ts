import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import type { Client } from "../../client/client.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import type { Informer } from "../../client/informer.ts";
import { keyOf } from "../../client/informer.ts";
import type { Outcome } from "../../client/reconciler.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { leases, nodes, pods } from "../../api/kinds.ts";
import type { Lease } from "../../api/types/coordination-v1.ts";
import type { Node, Pod, Taint } from "../../api/types/core-v1.ts";
import type { Environment } from "../../base/environment.ts";
import { formatTime, parseTime } from "../../base/time.ts";
import { isStatus } from "../../base/status-error.ts";
import { indexByNode, podsOn } from "../indexes.ts";
import { podCondition } from "../pod-status.ts";
import { Heartbeats } from "./heartbeats.ts";
import { annotationChanges, conditionTaints, evictingTaint, hasEvictingTaint, labelChanges, notReadyTaint, readyCondition, silentConditions, unreachableTaint, withEvictingTaint } from "./plan.ts";
import { PodCidrs } from "./pod-cidr.ts";
import { Zones, zoneOf } from "./zones.ts";

/**
 * Watches over nodes: hears their heartbeats (leases and status), declares silent ones unknown and their Pods not ready,
 * makes taints follow conditions and cordons, empties nodes that are not ready zone by zone, and gives every new node its Pod
 * addresses. It does not poll: a node is looked at when it changes, when it has been silent for too long, and when its turn
 * to be emptied has come.
 */
export function startNodeLifecycleController(context: ControllerContext): Controller {
  return new NodeLifecycleController(context);
}

/** Upstream's --node-monitor-grace-period, and --node-startup-grace-period for a node that never reported. */
const graceMs = 50_000;
const startupGraceMs = 60_000;
const leaseNamespace = "kube-node-lease";
/** Upstream's node update workers. */
const concurrency = 8;

class NodeLifecycleController implements Controller {
  private readonly environment: Environment;
  private readonly client: Client;
  private readonly recorder: EventRecorder;
  private readonly nodes: Informer<Node>;
  private readonly pods: Informer<Pod>;
  private readonly synced: Promise<void>;
  private readonly queue: Reconciler;
  private readonly podQueue: Reconciler;
  private readonly heartbeats: Heartbeats;
  private readonly zones = new Zones();
  private readonly cidrs = new PodCidrs();
  /** Uid of each node that was registered in an event. */
  private readonly known = new Map<string, string>();
  /** Nodes that were declared unknown and whose Pods are not all marked yet. */
  private readonly unmarked = new Set<string>();
  /** Nodes that have to be emptied and wait for their zone's turn, with the zone. */
  private readonly waiting = new Map<string, string>();
  private readonly stops: (() => void)[];

  constructor(context: ControllerContext) {
    const { environment, informers } = context;
    this.environment = environment;
    this.client = context.client("node-controller");
    this.recorder = context.recorder("node-controller");
    this.nodes = informers.of(nodes);
    this.pods = informers.of(pods);
    const renewals = informers.of(leases);
    indexByNode(this.pods);
    this.synced = informers.synced();
    this.queue = new Reconciler({ name: "node lifecycle", environment, concurrency, reconcile: (name) => this.reconcile(name) });
    this.podQueue = new Reconciler({ name: "node lifecycle pods", environment, reconcile: (key) => this.reconcilePod(key) });
    this.heartbeats = new Heartbeats({ environment, silent: (name) => this.queue.add(name) });
    this.stops = [
      this.nodes.onChange((current, previous) => this.nodeChanged(current, previous)),
      this.pods.onChange((current, previous) => this.podChanged(current, previous)),
      renewals.onChange((current, previous) => this.leaseChanged(current, previous)),
    ];
  }

  stop(): void {
    for (const stop of this.stops) stop();
    this.heartbeats.stop();
    this.queue.stop();
    this.podQueue.stop();
  }

  private nodeChanged(current: Node | undefined, previous: Node | undefined): void {
    if (previous && current?.metadata.uid !== previous.metadata.uid) this.nodeGone(previous);
    if (current) {
      const { name } = current.metadata;
      const same = previous?.metadata.uid === current.metadata.uid ? previous : undefined;
      if (current.spec.podCIDR) this.cidrs.occupy(name, current.spec.podCIDR);
      this.listen(current, same);
      this.count(current);
    }
    this.queue.add(((current ?? previous) as Node).metadata.name);
  }

  private nodeGone(node: Node): void {
    const { name } = node.metadata;
    if (node.spec.podCIDR) this.cidrs.release(name, node.spec.podCIDR);
    this.heartbeats.forget(name);
    this.unmarked.delete(name);
    this.waiting.delete(name);
    this.repace(() => this.zones.remove(name));
  }

  /** A status that the kubelet posted is a heartbeat; a node that never posted one has its grace from its creation on. */
  private listen(current: Node, previous: Node | undefined): void {
    const { name, creationTimestamp } = current.metadata;
    const ready = readyCondition(current);
    const before = previous && readyCondition(previous);
    const now = this.environment.clock.now();
    if (!previous) this.heartbeats.heard(name, ready ? now : (parseTime(creationTimestamp) ?? now), ready ? graceMs : startupGraceMs);
    else if (ready?.lastHeartbeatTime !== before?.lastHeartbeatTime) this.heartbeats.heard(name, now, ready ? graceMs : startupGraceMs);
  }

  private leaseChanged(current: Lease | undefined, previous: Lease | undefined): void {
    if (current?.metadata.namespace !== leaseNamespace || current.spec.renewTime === undefined) return;
    if (previous?.spec.renewTime !== undefined && previous.spec.renewTime >= current.spec.renewTime) return;
    this.heartbeats.again(current.metadata.name, this.environment.clock.now());
  }

  private count(node: Node): void {
    this.repace(() => this.zones.set(node.metadata.name, zoneOf(node), readyCondition(node)?.status === "True"));
  }

  /** Makes a change that may alter the pace of zones, and asks those again for whom it did. */
  private repace(change: () => void): void {
    const wasDisrupted = this.zones.disrupted;
    const paces = new Map([...this.waiting.values()].map((zone) => [zone, this.zones.paceOf(zone)]));
    change();
    for (const [name, zone] of this.waiting) if (this.zones.paceOf(zone) !== paces.get(zone)) this.queue.add(name);
    if (wasDisrupted === this.zones.disrupted) return;
    if (wasDisrupted) this.heartbeats.restart(this.environment.clock.now());
    for (const node of this.nodes.list()) this.queue.add(node.metadata.name);
  }

  /** A Pod that arrives on a node that is not ready is not ready either. */
  private podChanged(current: Pod | undefined, previous: Pod | undefined): void {
    const on = current?.spec.nodeName;
    if (!current || !on || previous?.spec.nodeName === on) return;
    if (podCondition(current, "Ready")) this.podQueue.add(keyOf(current));
  }

  private async reconcilePod(key: string): Promise<void> {
    await this.synced;
    const pod = this.pods.get(key);
    const node = pod?.spec.nodeName ? this.nodes.get(pod.spec.nodeName) : undefined;
    const status = node && readyCondition(node)?.status;
    if (pod && status !== undefined && status !== "True") await this.markNotReady(pod);
  }

  private async reconcile(name: string): Promise<Outcome> {
    await this.synced;
    const seen = this.nodes.get(name);
    this.announce(name, seen);
    if (!seen) return undefined;
    try {
      let node = await this.furnish(seen);
      node = await this.declareSilence(node);
      node = await this.writeTaints(node, conditionTaints(node, this.environment.clock.now()));
      if (this.unmarked.has(name)) await this.markPods(name);
      return await this.empty(node);
    } catch (error) {
      // The node has gone meanwhile, or the view lags behind: its next change asks again.
      if (isStatus(error, "NotFound")) return undefined;
      throw error;
    }
  }

  private announce(name: string, node: Node | undefined): void {
    const known = this.known.get(name);
    if (known === node?.metadata.uid) return;
    if (known !== undefined) {
      this.known.delete(name);
      this.tell(name, known, "RemovingNode", `Node ${name} event: Removing Node ${name} from Controller`);
    }
    if (!node) return;
    this.known.set(name, node.metadata.uid);
    this.tell(name, node.metadata.uid, "RegisteredNode", `Node ${name} event: Registered Node ${name} in Controller`);
  }

  private tell(name: string, uid: string, reason: string, message: string): void {
    this.recorder.eventFor({ kind: "Node", name, uid, apiVersion: "v1" }, "Normal", reason, message);
  }

  /** Gives a node what it lacks: Pod addresses, the old names of labels, the annotation for its kubelet's caches. One write. */
  private async furnish(node: Node): Promise<Node> {
    const { name, uid } = node.metadata;
    const podCIDR = node.spec.podCIDR ? undefined : this.cidrs.take(name);
    if (!node.spec.podCIDR && podCIDR === undefined) this.tell(name, uid, "CIDRNotAvailable", `Node ${name} status is now: CIDRNotAvailable`);
    const labels = labelChanges(node);
    const annotations = annotationChanges(node, this.zones.size);
    if (podCIDR === undefined && !labels && !annotations) return node;
    const body = {
      metadata: { uid, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) },
      ...(podCIDR === undefined ? {} : { spec: { podCIDR, podCIDRs: [podCIDR] } }),
    };
    try {
      return await this.client.patch(nodes, { name }, { type: "strategic", body });
    } catch (error) {
      if (podCIDR !== undefined) this.cidrs.release(name, podCIDR);
      throw error;
    }
  }

  /** Makes the conditions of a node that has been silent for too long unknown, and notes that its Pods have to follow. */
  private async declareSilence(node: Node): Promise<Node> {
    const { name, uid } = node.metadata;
    const now = this.environment.clock.now();
    const conditions = this.heartbeats.isSilent(name, now) ? silentConditions(node, now) : undefined;
    if (!conditions) return node;
    const wasReady = readyCondition(node)?.status === "True";
    const written = await this.client.update(nodes, { ...node, status: { ...node.status, conditions } }, { subresource: "status" });
    if (wasReady) {
      this.tell(name, uid, "NodeNotReady", `Node ${name} status is now: NodeNotReady`);
      this.unmarked.add(name);
    }
    return written;
  }

  /** Conditional on the state that the taints were computed from, as the list is replaced as a whole. */
  private async writeTaints(node: Node, taints: readonly Taint[] | undefined): Promise<Node> {
    if (!taints) return node;
    const { name, resourceVersion } = node.metadata;
    const body = { metadata: { resourceVersion }, spec: { taints: taints.length === 0 ? null : taints } };
    return this.client.patch(nodes, { name }, { type: "strategic", body });
  }

  private async markPods(name: string): Promise<void> {
    for (const pod of podsOn(this.pods, name)) await this.markNotReady(pod);
    this.unmarked.delete(name);
  }

  private async markNotReady(pod: Pod): Promise<void> {
    const ready = podCondition(pod, "Ready");
    if (!ready || ready.status === "False") return;
    const condition = { type: "Ready", status: "False", lastTransitionTime: formatTime(this.environment.clock.now()) };
    const body = { metadata: { uid: pod.metadata.uid }, status: { conditions: [condition] } };
    try {
      await this.client.patch(pods, pod.metadata, { type: "strategic", body }, { subresource: "status" });
    } catch (error) {
      if (isStatus(error, "NotFound") || isStatus(error, "Conflict")) return;
      throw error;
    }
    this.recorder.event(pod, "Warning", "NodeNotReady", "Node is not ready");
  }

  /**
   * Gives the node the NoExecute taint that its readiness asks for, which makes its Pods leave; takes it away when the node is
   * ready or no node is. A node that has the other one changes at once, others wait for their zone's turn.
   */
  private async empty(node: Node): Promise<Outcome> {
    const { name } = node.metadata;
    const now = this.environment.clock.now();
    const key = this.zones.disrupted ? undefined : evictingTaint(node);
    const tainted = hasEvictingTaint(node, notReadyTaint) || hasEvictingTaint(node, unreachableTaint);
    const zone = key !== undefined && !tainted ? zoneOf(node) : undefined;
    if (zone !== undefined) {
      this.waiting.set(name, zone);
      const turn = this.zones.turn(zone, now);
      if (turn !== "now") return turn === "never" ? undefined : { again: turn };
    }
    try {
      await this.writeTaints(node, withEvictingTaint(node, key, now));
    } catch (error) {
      if (zone !== undefined) this.zones.giveBack(zone);
      throw error;
    }
    this.waiting.delete(name);
    return undefined;
  }
}
