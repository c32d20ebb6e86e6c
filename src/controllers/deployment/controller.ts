import { sameData } from "../../api/equality.ts";
import { deployments, pods, replicaSets } from "../../api/kinds.ts";
import { matchesSelector } from "../../api/label-selector.ts";
import type { Deployment, ReplicaSet } from "../../api/types/apps-v1.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { Environment } from "../../base/environment.ts";
import { isStatus } from "../../base/status-error.ts";
import type { Client } from "../../client/client.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import type { Informer } from "../../client/informer.ts";
import { keyOf } from "../../client/informer.ts";
import type { Outcome } from "../../client/reconciler.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { AwaitedStatus } from "../awaited-status.ts";
import { claimable, controlledBy, indexByOwner, ownerChanged } from "../indexes.ts";
import { claimAll, controllerOf } from "../owner.ts";
import { TemplateHasher } from "../template-hash.ts";
import { UnseenWrites } from "../unseen-writes.ts";
import { progressing, reasons, withCondition } from "./conditions.ts";
import type { DeploymentPlan } from "./plan.ts";
import { planDeployment } from "./plan.ts";
import { SetControl, creation } from "./set-control.ts";
import { progressDeadlineMs } from "./status.ts";

/**
 * Runs Deployments: reads the shared views, asks the plan, carries it out. A Deployment is looked at when it or one of its
 * ReplicaSets changes, when a set appears that it could adopt, and when its deadline passes; never before the view shows all
 * that was done about it last. It does not touch Pods: that is its ReplicaSets' part.
 */
export function startDeploymentController(context: ControllerContext): Controller {
  return new DeploymentController(context);
}

/** Upstream's ConcurrentDeploymentSyncs. */
const concurrency = 5;

class DeploymentController implements Controller {
  private readonly environment: Environment;
  private readonly client: Client;
  private readonly recorder: EventRecorder;
  private readonly deployments: Informer<Deployment>;
  private readonly sets: Informer<ReplicaSet>;
  private readonly pods: Informer<Pod>;
  private readonly synced: Promise<void>;
  private readonly queue: Reconciler;
  private readonly unseen: UnseenWrites;
  private readonly awaited: AwaitedStatus;
  private readonly setControl: SetControl;
  private readonly hasher = new TemplateHasher();
  private readonly stops: (() => void)[] = [];
  private stopped = false;

  constructor(context: ControllerContext) {
    const { environment, informers } = context;
    this.environment = environment;
    this.client = context.client("deployment-controller");
    this.recorder = context.recorder("deployment-controller");
    this.deployments = informers.of(deployments);
    this.sets = informers.of(replicaSets);
    this.pods = informers.of(pods);
    indexByOwner(this.sets);
    indexByOwner(this.pods);
    this.synced = informers.synced();
    this.unseen = new UnseenWrites(environment);
    this.awaited = new AwaitedStatus(this.unseen);
    this.setControl = new SetControl({ client: this.client, recorder: this.recorder, sets: this.sets, unseen: this.unseen, awaited: this.awaited });
    this.queue = new Reconciler({ name: "deployment", environment, concurrency, reconcile: (key) => this.sync(key) });
    this.stops.push(
      this.deployments.onChange((current, previous) => this.deploymentChanged(current, previous)),
      this.sets.onChange((current, previous) => this.setChanged(current, previous)),
    );
  }

  stop(): void {
    this.stopped = true;
    for (const stop of this.stops) stop();
    this.queue.stop();
    this.unseen.stop();
  }

  private deploymentChanged(current: Deployment | undefined, previous: Deployment | undefined): void {
    if (previous && current?.metadata.uid !== previous.metadata.uid) this.forget(previous.metadata.uid);
    if (!current) return;
    this.awaited.shown(current);
    this.queue.add(keyOf(current));
  }

  private setChanged(current: ReplicaSet | undefined, previous: ReplicaSet | undefined): void {
    if (previous && current?.metadata.uid !== previous.metadata.uid) this.forget(previous.metadata.uid);
    if (current) {
      this.unseen.settle(creation(keyOf(current)));
      this.awaited.shown(current);
    }
    if (current && previous && ownerChanged(current, previous)) this.wakeOwner(previous);
    const set = (current ?? previous) as ReplicaSet;
    if (controllerOf(set)) return this.wakeOwner(set);
    if (!current || current.metadata.deletionTimestamp !== undefined) return;
    const { namespace, labels } = current.metadata;
    if (previous && !ownerChanged(current, previous) && sameData(labels, previous.metadata.labels)) return;
    for (const each of this.deployments.list(namespace)) if (matchesSelector(each.spec.selector, labels)) this.queue.add(keyOf(each));
  }

  private forget(uid: string): void {
    this.unseen.forget(uid);
    this.awaited.forget(uid);
  }

  private wakeOwner(set: ReplicaSet): void {
    const reference = controllerOf(set);
    if (reference?.kind !== deployments.kind) return;
    const owner = this.deployments.get(`${set.metadata.namespace ?? ""}/${reference.name}`);
    if (owner?.metadata.uid === reference.uid) this.queue.add(keyOf(owner));
  }

  private async sync(key: string): Promise<Outcome> {
    await this.synced;
    const uid = this.deployments.get(key)?.metadata.uid;
    if (uid === undefined) return;
    await this.unseen.seen(uid);
    for (const set of controlledBy(this.sets, uid)) await this.unseen.seen(set.metadata.uid);
    const deployment = this.stopped ? undefined : this.deployments.get(key);
    if (deployment?.metadata.uid !== uid) return;
    if (sameData(deployment.spec.selector, {})) return await this.refuseAll(deployment);
    const sets = await this.claim(deployment);
    const plan = planDeployment({
      deployment,
      sets,
      podsOf: (set) => controlledBy(this.pods, set.metadata.uid),
      hash: () => this.hasher.hash(deployment.spec.template, deployment.status.collisionCount),
      now: this.environment.clock.now(),
    });
    try {
      await this.carryOut(deployment, plan);
    } catch (error) {
      // Something changed since the view; its event is on the way and asks for another look.
      if (isStatus(error, "Conflict")) return;
      throw error;
    }
    return plan.again === undefined ? undefined : { again: plan.again };
  }

  /** A selector that takes everything is never what anybody means. */
  private async refuseAll(deployment: Deployment): Promise<void> {
    this.recorder.event(deployment, "Warning", "SelectingAll", "This deployment is selecting all pods. A non-empty selector is required.");
    const { generation } = deployment.metadata;
    if (generation === undefined || (deployment.status.observedGeneration ?? 0) >= generation) return;
    await this.write({ ...deployment, status: { ...deployment.status, observedGeneration: generation } });
  }

  /** Adopts and releases; what the Deployment controls afterwards. */
  private claim(deployment: Deployment): Promise<readonly ReplicaSet[]> {
    const matches = (set: ReplicaSet): boolean => matchesSelector(deployment.spec.selector, set.metadata.labels);
    return claimAll({ client: this.client, owner: deployment, ownerKind: deployments, kind: replicaSets, objects: claimable(this.sets, deployment), matches });
  }

  private async carryOut(deployment: Deployment, plan: DeploymentPlan): Promise<void> {
    if (plan.rewrite) await this.setControl.write(plan.rewrite);
    if (plan.create && !(await this.create(deployment, plan.create))) return;
    await this.setControl.scale(deployment, plan.scale);
    for (const set of plan.remove) await this.setControl.remove(set);
    if (plan.write) await this.write(plan.write);
  }

  /** Whether the rest of the plan holds. */
  private async create(deployment: Deployment, set: ReplicaSet): Promise<boolean> {
    const creation = await this.setControl.create(deployment, set);
    const { status } = deployment;
    if (creation.outcome === "made") return true;
    if (creation.outcome === "collision") await this.write({ ...deployment, status: { ...status, collisionCount: (status.collisionCount ?? 0) + 1 } });
    if (creation.outcome !== "refused") return false;
    if (progressDeadlineMs(deployment) !== undefined) {
      const conditions = withCondition(status.conditions ?? [], progressing("False", reasons.createFailed, creation.message), this.environment.clock.now());
      if (conditions !== status.conditions) await this.write({ ...deployment, status: { ...status, conditions } });
    }
    throw creation.cause;
  }

  /** Writes status and revision; a Deployment that changed meanwhile is looked at again anyway. */
  private async write(deployment: Deployment): Promise<void> {
    try {
      const written = await this.client.update(deployments, deployment, { subresource: "status" });
      this.awaited.wrote(written, this.deployments.get(keyOf(deployment)));
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }
}
