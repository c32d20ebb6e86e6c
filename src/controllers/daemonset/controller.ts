import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import type { Client } from "../../client/client.ts";
import type { Informer } from "../../client/informer.ts";
import { keyOf } from "../../client/informer.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import type { Outcome } from "../../client/reconciler.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { matchesSelector } from "../../api/label-selector.ts";
import { sameData } from "../../api/equality.ts";
import { controllerRevisions, daemonSets, nodes, pods } from "../../api/kinds.ts";
import type { KindRef, KubeObject } from "../../api/kind-ref.ts";
import type { ControllerRevision, DaemonSet } from "../../api/types/apps-v1.ts";
import type { Node, Pod, PodTemplateSpec } from "../../api/types/core-v1.ts";
import type { Environment } from "../../base/environment.ts";
import { isStatus } from "../../base/status-error.ts";
import { claimable, controlledBy, indexByNode, indexByOwner, ownerChanged, podsOn } from "../indexes.ts";
import { GatheredLooks } from "../gathered-looks.ts";
import { claimAll, controllerOf } from "../owner.ts";
import { TemplateHasher } from "../template-hash.ts";
import { UnseenWrites } from "../unseen-writes.ts";
import { targetNode } from "./daemon-pod.ts";
import { Eligibility } from "./eligibility.ts";
import type { Verdict } from "./eligibility.ts";
import { FailureBackoff } from "./failure-backoff.ts";
import { daemonStatus, planDaemonSet } from "./plan.ts";
import { PodControl } from "./pod-control.ts";
import { settlePodChange } from "../unseen-pods.ts";
import { RevisionControl } from "./revision-control.ts";

/**
 * Runs DaemonSets: reads the shared views, asks the plan, carries it out. A set is looked at again when it or one of its Pods
 * or revisions changes, when a Pod that it could adopt appears, and when a node comes, goes or changes its labels or taints so
 * that the set has to act. Where only the numbers change, because a taint forbids new Pods or a node goes, upstream lets them wait
 * for the next event of the set, whenever that is; here they wait too, but not longer than ten seconds.
 */
export function startDaemonSetController(context: ControllerContext): Controller {
  return new DaemonSetController(context);
}

/** Upstream's ConcurrentDaemonSetSyncs. */
const concurrency = 2;

/** The longest time for which numbers may stay behind the nodes: longer than what is recorded of upstream's (9.9 s), shorter than a person waits who looks for them. */
const lateMs = 10_000;

class DaemonSetController implements Controller {
  private readonly environment: Environment;
  private readonly client: Client;
  private readonly recorder: EventRecorder;
  private readonly sets: Informer<DaemonSet>;
  private readonly pods: Informer<Pod>;
  private readonly nodes: Informer<Node>;
  private readonly revisions: Informer<ControllerRevision>;
  private readonly synced: Promise<void>;
  private readonly queue: Reconciler;
  private readonly nodeQueue: Reconciler;
  private readonly looks: GatheredLooks;
  /** Of nodes and sets, as `node/namespace/name`: the numbers of the set may have to follow the node. */
  private readonly lateQueue: Reconciler;
  /** By the same: what the set wanted of the node before. */
  private readonly turned = new Map<string, Verdict>();
  private readonly stops: (() => void)[] = [];
  private readonly unseen: UnseenWrites;
  private readonly backoff = new FailureBackoff();
  private readonly podControl: PodControl;
  private readonly revisionControl: RevisionControl;
  /** By uid of the set, then by node: the uid of the Pod that came last. What a new Pod's name depends on. */
  private readonly lastPods = new Map<string, Map<string, string>>();
  private stopped = false;
  private readonly eligibilities = new Map<string, { template: PodTemplateSpec; eligibility: Eligibility }>();

  constructor(context: ControllerContext) {
    const { environment, informers } = context;
    this.environment = environment;
    this.client = context.client("daemon-set-controller");
    this.recorder = context.recorder("daemonset-controller");
    this.unseen = new UnseenWrites(environment);
    this.podControl = new PodControl({ client: this.client, recorder: this.recorder, unseen: this.unseen });
    this.revisionControl = new RevisionControl({ client: this.client, hasher: new TemplateHasher() });
    this.sets = informers.of(daemonSets);
    this.pods = informers.of(pods);
    this.nodes = informers.of(nodes);
    this.revisions = informers.of(controllerRevisions);
    indexByOwner(this.pods);
    indexByNode(this.pods);
    indexByOwner(this.revisions);
    this.synced = informers.synced();
    this.queue = new Reconciler({ name: "daemonset", environment, concurrency, reconcile: (key) => this.sync(key) });
    this.looks = new GatheredLooks({ queue: this.queue, environment });
    this.nodeQueue = new Reconciler({ name: "daemonset nodes", environment, reconcile: (name) => this.lookAtNode(name) });
    this.lateQueue = new Reconciler({ name: "daemonset numbers", environment, reconcile: (key) => this.lookLate(key) });
    this.stops.push(
      this.sets.onChange((current, previous) => this.setChanged(current, previous)),
      this.pods.onChange((current, previous) => this.podChanged(current, previous)),
      this.nodes.onChange((current, previous) => this.nodeChanged(current, previous)),
      this.revisions.onChange((current, previous) => this.revisionChanged(current, previous)),
    );
  }

  stop(): void {
    this.stopped = true;
    for (const stop of this.stops) stop();
    this.queue.stop();
    this.nodeQueue.stop();
    this.lateQueue.stop();
    this.unseen.stop();
  }

  private setChanged(current: DaemonSet | undefined, previous: DaemonSet | undefined): void {
    if (previous && current?.metadata.uid !== previous.metadata.uid) {
      const { uid } = previous.metadata;
      this.unseen.forget(uid);
      this.lastPods.delete(uid);
      this.backoff.forget(`${uid}/`);
      this.eligibilities.delete(keyOf(previous));
      this.looks.forget(keyOf(previous));
    }
    if (!current) return;
    if (previous && sameData(current.metadata.generation, previous.metadata.generation) && !current.metadata.deletionTimestamp) this.wake(current);
    else this.queue.add(keyOf(current));
  }

  /** Asks for a look because something around the set changed; many such in a row are answered by one. */
  private wake(set: DaemonSet): void {
    this.looks.wake(keyOf(set), set.status.desiredNumberScheduled);
  }

  private podChanged(current: Pod | undefined, previous: Pod | undefined): void {
    settlePodChange(this.unseen, current, previous);
    if (current && (!previous || ownerChanged(current, previous))) this.rememberPod(current);
    this.dependentChanged(current, previous);
  }

  private rememberPod(pod: Pod): void {
    const owner = controllerOf(pod);
    const node = targetNode(pod);
    if (owner?.kind !== daemonSets.kind || node === undefined) return;
    let byNode = this.lastPods.get(owner.uid);
    if (!byNode) this.lastPods.set(owner.uid, (byNode = new Map()));
    byNode.set(node, pod.metadata.uid);
  }

  private revisionChanged(current: ControllerRevision | undefined, previous: ControllerRevision | undefined): void {
    // A new revision of ours is news only to others.
    if (current && !previous && controllerOf(current)) return;
    this.dependentChanged(current, previous);
  }

  /** Wakes the set that controls the object or did so before, or the sets that could adopt it. */
  private dependentChanged(current: KubeObject | undefined, previous: KubeObject | undefined): void {
    const object = current ?? previous;
    if (!object) return;
    if (current && previous && ownerChanged(current, previous)) this.wakeOwner(previous);
    if (controllerOf(object)) return this.wakeOwner(object);
    if (!current || current.metadata.deletionTimestamp !== undefined) return;
    const { namespace, labels } = current.metadata;
    if (previous && !ownerChanged(current, previous) && sameData(labels, previous.metadata.labels)) return;
    for (const set of this.sets.list(namespace)) if (matchesSelector(set.spec.selector, labels)) this.wake(set);
  }

  private wakeOwner(object: KubeObject): void {
    const owner = controllerOf(object);
    if (owner?.kind !== daemonSets.kind) return;
    const set = this.sets.get(`${object.metadata.namespace ?? ""}/${owner.name}`);
    if (set?.metadata.uid === owner.uid) this.wake(set);
  }

  private nodeChanged(current: Node | undefined, previous: Node | undefined): void {
    if (current && previous && sameData(current.metadata.labels, previous.metadata.labels) && sameData(current.spec.taints, previous.spec.taints)) return;
    this.nodeQueue.add(((current ?? previous) as Node).metadata.name);
  }

  private async lookAtNode(name: string): Promise<void> {
    await this.synced;
    const node = this.nodes.get(name);
    const owners = new Set(podsOn(this.pods, name).map((pod) => controllerOf(pod)?.uid));
    for (const set of this.sets.list()) {
      const eligibility = this.eligibilityOf(set);
      const before = eligibility.turned(name, node);
      const { run, stay } = node ? eligibility.of(node) : { run: false, stay: true };
      const there = owners.has(set.metadata.uid);
      if ((run && !there) || (!stay && there) || (node && there && set.status.numberMisscheduled > 0)) this.wake(set);
      else if (before) this.askLate(`${name}/${keyOf(set)}`, before);
    }
  }

  private askLate(key: string, before: Verdict): void {
    if (!this.turned.has(key)) this.turned.set(key, before);
    this.lateQueue.addAt(key, this.environment.clock.now() + lateMs);
  }

  /** Lets the numbers follow what a node became, unless it has become again what it was. */
  private lookLate(key: string): Promise<void> {
    const slash = key.indexOf("/");
    const node = this.nodes.get(key.slice(0, slash));
    const set = this.sets.get(key.slice(slash + 1));
    if (set && !(node && this.eligibilityOf(set).of(node) === this.turned.get(key))) this.wake(set);
    this.turned.delete(key);
    return Promise.resolve();
  }

  private eligibilityOf(set: DaemonSet): Eligibility {
    const key = keyOf(set);
    const known = this.eligibilities.get(key);
    const { template } = set.spec;
    if (known && (known.template === template || sameData(known.template, template))) return known.eligibility;
    const eligibility = new Eligibility(set);
    this.eligibilities.set(key, { template, eligibility });
    return eligibility;
  }

  private async sync(key: string): Promise<Outcome> {
    await this.synced;
    const uid = this.sets.get(key)?.metadata.uid;
    if (uid === undefined) return;
    await this.unseen.seen(uid);
    const set = this.stopped ? undefined : this.sets.get(key);
    if (!set || set.metadata.deletionTimestamp !== undefined) return;
    if (set.spec.selector && sameData(set.spec.selector, {})) {
      this.recorder.event(set, "Warning", "SelectingAll", "This daemon set is selecting all pods. A non-empty selector is required.");
      return;
    }
    this.looks.looked(key);
    const { hash, old } = await this.revisionControl.bring(set, await this.claim(set, controllerRevisions, claimable(this.revisions, set)), () => this.own(set));
    const adopted = await this.claim(set, pods, claimable(this.pods, set).filter((pod) => !(controllerOf(pod) && matchesSelector(set.spec.selector, pod.metadata.labels))));
    // From here to the names of new Pods nothing is awaited: Pods and names come from one state of the view.
    const own = this.ownWith(set, adopted);
    const slot = (node: string): string => `${set.metadata.uid}/${set.status.observedGeneration ?? 0}/${node}`;
    const now = this.environment.clock.now();
    const view = { set, nodes: this.nodes.list(), hash, eligibility: this.eligibilityOf(set), now };
    const plan = planDaemonSet({ ...view, pods: own, backoffUntil: (node) => this.backoff.until(slot(node), now) });
    for (const { node, why } of plan.delete) if (why === "failed") this.backoff.count(slot(node), now);
    const lastPods = this.lastPods.get(set.metadata.uid);
    const replaced = new Map(plan.create.map((node) => [node, lastPods?.get(node) ?? ""]));
    const failure = await this.podControl.carryOut(set, plan, { hash, replaced });
    if (failure === undefined) await this.revisionControl.cleanUp(set, old, own);
    await this.unseen.seen(set.metadata.uid);
    await this.writeStatus(key, set, hash);
    if (failure !== undefined) throw failure;
    return plan.again === undefined ? undefined : { again: plan.again };
  }

  /** Adopts and releases; which of the objects the set controls afterwards. */
  private claim<T extends KubeObject>(set: DaemonSet, kind: KindRef<T>, objects: readonly T[]): Promise<readonly T[]> {
    const matches = (object: T): boolean => matchesSelector(set.spec.selector, object.metadata.labels);
    return claimAll({ client: this.client, owner: set, ownerKind: daemonSets, kind, objects, matches });
  }

  /** The Pods that the set controls, as the view shows them now. */
  private own(set: DaemonSet): readonly Pod[] {
    return controlledBy(this.pods, set.metadata.uid).filter((pod) => matchesSelector(set.spec.selector, pod.metadata.labels));
  }

  /** The same with Pods that were adopted just now and that the view does not show yet. */
  private ownWith(set: DaemonSet, adopted: readonly Pod[]): readonly Pod[] {
    const own = this.own(set);
    if (adopted.length === 0) return own;
    const shown = new Set(own.map((pod) => pod.metadata.uid));
    return [...own, ...adopted.filter((pod) => !shown.has(pod.metadata.uid) && this.pods.get(keyOf(pod)) !== undefined)];
  }

  /** Writes the status that the view gives, unless it stands there already. `planned` is the state that was acted on. */
  private async writeStatus(key: string, planned: DaemonSet, hash: string): Promise<void> {
    let set = this.stopped ? undefined : this.sets.get(key);
    if (!set || set.metadata.uid !== planned.metadata.uid || set.metadata.deletionTimestamp !== undefined) return;
    for (let attempt = 0; ; attempt++) {
      // The generation that was acted on is the one observed, whatever has been asked for meanwhile.
      const acted = { ...set, spec: planned.spec, metadata: { ...set.metadata, generation: planned.metadata.generation ?? 0 } };
      const now = this.environment.clock.now();
      const status = daemonStatus({ set: acted, nodes: this.nodes.list(), pods: this.own(planned), hash, eligibility: this.eligibilityOf(planned), now });
      if (sameData(status, set.status)) return;
      try {
        await this.client.update(daemonSets, { ...set, status }, { subresource: "status" });
        return;
      } catch (error) {
        if (isStatus(error, "NotFound")) return;
        if (!isStatus(error, "Conflict") || attempt > 0) throw error;
      }
      set = await this.client.get(daemonSets, { namespace: planned.metadata.namespace, name: planned.metadata.name });
      if (set.metadata.uid !== planned.metadata.uid) return;
    }
  }
}
