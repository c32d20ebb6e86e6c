import { sameData } from "../../api/equality.ts";
import { pods } from "../../api/kinds.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { Environment } from "../../base/environment.ts";
import { isStatus } from "../../base/status-error.ts";
import type { Client } from "../../client/client.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import type { Informer } from "../../client/informer.ts";
import { keyOf } from "../../client/informer.ts";
import type { Outcome } from "../../client/reconciler.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { AwaitedStatus } from "../awaited-status.ts";
import { GatheredLooks } from "../gathered-looks.ts";
import { controlledBy, indexByOwner, orphansIn, ownerChanged } from "../indexes.ts";
import { claimAll, controllerOf } from "../owner.ts";
import { isPodActive, isPodTerminal, podCondition } from "../pod-status.ts";
import { UnseenWrites } from "../unseen-writes.ts";
import type { ReplicaView } from "./plan.ts";
import { planReplicas } from "./plan.ts";
import { PodControl } from "./pod-control.ts";
import { settlePodChange } from "../unseen-pods.ts";
import type { ReplicaKind, ReplicaOwner } from "./replica-kind.ts";
import { replicaSetKind, replicationControllerKind } from "./replica-kind.ts";
import { replicaStatus } from "./status.ts";
import type { Survey } from "./survey.ts";
import { surveyOf } from "./survey.ts";

/**
 * Runs ReplicaSets, and ReplicationControllers by the same plan: reads the shared views, asks the plan, carries it out, reports
 * what it had seen. An owner is looked at when it or one of its Pods changes, and when a Pod appears that it could adopt, but
 * never before the view shows all that was done about it last.
 */
export function startReplicaSetController(context: ControllerContext): Controller {
  return new ReplicaController(context, replicaSetKind);
}

export function startReplicationController(context: ControllerContext): Controller {
  return new ReplicaController(context, replicationControllerKind);
}

/** Upstream's ConcurrentRSSyncs and ConcurrentRCSyncs. */
const concurrency = 5;
/** Names of removed Pods that are remembered per owner, so that a new Pod does not take the name of a late one. */
const usedNamesMax = 1000;

class ReplicaController<T extends ReplicaOwner> implements Controller {
  private readonly kind: ReplicaKind<T>;
  private readonly environment: Environment;
  private readonly client: Client;
  private readonly owners: Informer<T>;
  private readonly pods: Informer<Pod>;
  private readonly synced: Promise<void>;
  private readonly queue: Reconciler;
  private readonly looks: GatheredLooks;
  private readonly unseen: UnseenWrites;
  private readonly awaitedStatus: AwaitedStatus;
  private readonly podControl: PodControl;
  private readonly usedNames = new Map<string, Set<string>>();
  private readonly stops: (() => void)[] = [];
  private stopped = false;

  constructor(context: ControllerContext, kind: ReplicaKind<T>) {
    const { environment, informers } = context;
    this.kind = kind;
    this.environment = environment;
    this.client = context.client(kind.account);
    this.unseen = new UnseenWrites(environment);
    this.awaitedStatus = new AwaitedStatus(this.unseen);
    this.podControl = new PodControl({ kind: kind.ref, client: this.client, recorder: context.recorder(kind.component), unseen: this.unseen });
    this.owners = informers.of(kind.ref);
    this.pods = informers.of(pods);
    indexByOwner(this.owners);
    indexByOwner(this.pods);
    this.synced = informers.synced();
    this.queue = new Reconciler({ name: kind.ref.plural, environment, concurrency, reconcile: (key) => this.sync(key) });
    this.looks = new GatheredLooks({ queue: this.queue, environment });
    this.stops.push(
      this.owners.onChange((current, previous) => this.ownerObjectChanged(current, previous)),
      this.pods.onChange((current, previous) => this.podChanged(current, previous)),
    );
  }

  stop(): void {
    this.stopped = true;
    for (const stop of this.stops) stop();
    this.queue.stop();
    this.unseen.stop();
  }

  private ownerObjectChanged(current: T | undefined, previous: T | undefined): void {
    if (previous && current?.metadata.uid !== previous.metadata.uid) {
      const { uid } = previous.metadata;
      this.unseen.forget(uid);
      this.awaitedStatus.forget(uid);
      this.usedNames.delete(uid);
      this.looks.forget(keyOf(previous));
    }
    if (!current) return;
    this.awaitedStatus.shown(current);
    if (previous?.metadata.generation === current.metadata.generation) this.wake(current);
    else this.queue.add(keyOf(current));
  }

  private wake(owner: T): void {
    this.looks.wake(keyOf(owner), owner.status.replicas);
  }

  private podChanged(current: Pod | undefined, previous: Pod | undefined): void {
    settlePodChange(this.unseen, current, previous);
    if (current && previous && !matters(current, previous)) return;
    if (previous && current?.metadata.uid !== previous.metadata.uid) this.rememberName(previous);
    if (current && previous && ownerChanged(current, previous)) this.wakeOwner(previous);
    const pod = (current ?? previous) as Pod;
    if (controllerOf(pod)) return this.wakeOwner(pod);
    if (!current || current.metadata.deletionTimestamp !== undefined) return;
    const { namespace, labels } = current.metadata;
    if (previous && !ownerChanged(current, previous) && sameData(labels, previous.metadata.labels)) return;
    for (const owner of this.owners.list(namespace)) if (this.kind.selects(owner, labels)) this.wake(owner);
  }

  private rememberName(pod: Pod): void {
    const owner = controllerOf(pod);
    if (owner?.kind !== this.kind.ref.kind) return;
    let names = this.usedNames.get(owner.uid);
    if (!names) this.usedNames.set(owner.uid, (names = new Set()));
    names.add(pod.metadata.name);
    if (names.size > usedNamesMax) for (const oldest of names) return void names.delete(oldest);
  }

  private wakeOwner(pod: Pod): void {
    const reference = controllerOf(pod);
    if (reference?.kind !== this.kind.ref.kind) return;
    const owner = this.owners.get(`${pod.metadata.namespace ?? ""}/${reference.name}`);
    if (owner?.metadata.uid === reference.uid) this.wake(owner);
  }

  private async sync(key: string): Promise<Outcome> {
    await this.synced;
    const uid = this.owners.get(key)?.metadata.uid;
    if (uid === undefined) return;
    await this.unseen.seen(uid);
    const owner = this.stopped ? undefined : this.owners.get(key);
    if (!owner) return;
    this.looks.looked(key);
    const view = this.viewOf(owner, await this.claim(owner));
    const survey = surveyOf(owner, view.pods, view.now);
    const plan = planReplicas(view, survey);
    const failure = await this.podControl.carryOut(owner, plan);
    await this.writeStatus(key, { view, survey }, failure?.message);
    if (failure) throw failure.cause;
    return plan.again === undefined ? undefined : { again: plan.again };
  }

  /** Adopts and releases; what was adopted. Pods that ended or are going stay as they are, as do those that the owner has and selects. */
  private claim(owner: T): Promise<readonly Pod[]> {
    const selects = (pod: Pod): boolean => this.kind.selects(owner, pod.metadata.labels);
    const strays = controlledBy(this.pods, owner.metadata.uid).filter((pod) => !selects(pod));
    const candidates = [...strays, ...orphansIn(this.pods, owner.metadata.namespace)].filter(isPodActive);
    return claimAll({ client: this.client, owner, ownerKind: this.kind.ref, kind: pods, objects: candidates, matches: selects });
  }

  /** The view as it is now, with the Pods that were adopted just now and that it does not show yet. */
  private viewOf(owner: T, adopted: readonly Pod[]): ReplicaView {
    const { uid } = owner.metadata;
    const own = controlledBy(this.pods, uid).filter((pod) => this.kind.selects(owner, pod.metadata.labels));
    const late = adopted.filter((pod) => !own.some(({ metadata }) => metadata.uid === pod.metadata.uid) && this.pods.get(keyOf(pod)) !== undefined);
    const used = this.usedNames.get(uid);
    const namespace = owner.metadata.namespace ?? "";
    return {
      owner,
      pods: late.length === 0 ? own : [...own, ...late],
      related: () => this.related(owner),
      isUsed: (name) => used?.has(name) === true || this.pods.get(`${namespace}/${name}`) !== undefined,
      now: this.environment.clock.now(),
    };
  }

  private related(owner: T): readonly Pod[] {
    const controller = controllerOf(owner);
    if (!controller) return [];
    return controlledBy(this.owners, controller.uid).flatMap((sibling) => controlledBy(this.pods, sibling.metadata.uid));
  }

  /** Writes what was seen before the plan was carried out, unless it stands there already. */
  private async writeStatus(key: string, { view, survey }: { view: ReplicaView; survey: Survey }, failure: string | undefined): Promise<void> {
    let standing = this.stopped ? undefined : this.owners.get(key);
    for (let attempt = 0; standing?.metadata.uid === view.owner.metadata.uid; attempt++) {
      const status = replicaStatus({ ...view, owner: { ...view.owner, status: standing.status } as T }, { countsTerminating: this.kind.countsTerminating, failure, survey });
      if (sameData(status, standing.status)) return;
      try {
        const written = await this.client.update(this.kind.ref, { ...standing, status }, { subresource: "status" });
        this.awaitedStatus.wrote(written, this.owners.get(key));
        return;
      } catch (error) {
        if (isStatus(error, "NotFound")) return;
        if (!isStatus(error, "Conflict") || attempt > 0) throw error;
      }
      standing = await this.client.get(this.kind.ref, { namespace: standing.metadata.namespace, name: standing.metadata.name });
    }
  }
}

/** Whether a change of a Pod can change what its owner does or tells. */
function matters(current: Pod, previous: Pod): boolean {
  const ready = podCondition(current, "Ready");
  const before = podCondition(previous, "Ready");
  return (
    current.metadata.uid !== previous.metadata.uid ||
    current.metadata.deletionTimestamp !== previous.metadata.deletionTimestamp ||
    isPodTerminal(current) !== isPodTerminal(previous) ||
    ready?.status !== before?.status ||
    ready?.lastTransitionTime !== before?.lastTransitionTime ||
    ownerChanged(current, previous) ||
    !sameData(current.metadata.labels, previous.metadata.labels)
  );
}
