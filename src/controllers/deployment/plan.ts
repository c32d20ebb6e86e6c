import { sameData } from "../../api/equality.ts";
import type { Deployment, DeploymentStatus, ReplicaSet } from "../../api/types/apps-v1.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { Instant } from "../../base/environment.ts";
import { isPodTerminal } from "../pod-status.ts";
import type { Conditions } from "./conditions.ts";
import { conditionOf, progressing, reasons, withCondition } from "./conditions.ts";
import { isRolling } from "./limits.ts";
import type { SetsInOrder } from "./replica-sets.ts";
import { isActive, newReplicaSet, sizeOf, sortSets } from "./replica-sets.ts";
import { nextRevision, revisionKey, revisionOf, withRevision } from "./revisions.ts";
import { newSetSize, rollingStep } from "./rollout.ts";
import type { Scaling } from "./scaling.ts";
import { isScalingEvent, planScaling, scaling } from "./scaling.ts";
import { countedStatus, isComplete, nextLook, progressDeadlineMs, rolloutStatus } from "./status.ts";

/**
 * What a Deployment has to do, as a pure function of what is wanted, what is seen and now. Books come first: the set in use
 * carries the highest revision, the Deployment tells it. Then a new size is shared out; then the roll-out takes its next step;
 * at its end old sets beyond the limit go. A Deployment that is paused keeps its books and its size, and no more. A settled view
 * gives no intention. The status tells what was seen before the step.
 */

export interface DeploymentView {
  readonly deployment: Deployment;
  /** The sets that the Deployment controls. */
  readonly sets: readonly ReplicaSet[];
  /** The Pods that a set controls. */
  readonly podsOf: (set: ReplicaSet) => readonly Pod[];
  /** The hash of the wanted template, with the collisions so far. */
  readonly hash: () => string;
  readonly now: Instant;
}

export interface DeploymentPlan {
  /** The set in use, which does not exist yet. */
  readonly create: ReplicaSet | undefined;
  /** The set in use with what it lacks; nothing else is done then. */
  readonly rewrite: ReplicaSet | undefined;
  /** In order; one set may get two steps. */
  readonly scale: readonly Scaling[];
  readonly remove: readonly ReplicaSet[];
  /** The Deployment with the revision and the status that it should have; undefined: it has them. */
  readonly write: Deployment | undefined;
  readonly again: Instant | undefined;
}

const nothing: DeploymentPlan = { create: undefined, rewrite: undefined, scale: [], remove: [], write: undefined, again: undefined };

export function planDeployment(view: DeploymentView): DeploymentPlan {
  const { deployment } = view;
  const sets = sortSets(deployment, view.sets);
  const rewrite = sets.current && rewritten(deployment, sets.current, nextRevision(sets.old));
  if (rewrite) return { ...nothing, rewrite };
  if (deployment.metadata.deletionTimestamp !== undefined) return countedOnly(view, sets, []);
  const pause = pauseNoted(view);
  if (pause) return { ...nothing, write: pause };
  if (deployment.spec.paused === true) {
    return { ...countedOnly(view, sets, planScaling(deployment, sets)), remove: superfluous(deployment, sets.old) };
  }
  const scale = isScalingEvent(deployment, sets) ? planScaling(deployment, sets) : [];
  if (scale.length > 0) return countedOnly(view, sets, scale);
  return isRolling(deployment) ? planRolling(view, sets) : planRecreate(view, sets);
}

function planRolling(view: DeploymentView, sets: SetsInOrder): DeploymentPlan {
  const { deployment } = view;
  const create = sets.current ? undefined : createdSet(view, sets.old, newSetSize(deployment, 0, sets.old));
  const current = sets.current ?? (create as ReplicaSet);
  const scale = rollingStep(deployment, current, sets.old);
  if (create) return { ...nothing, create, scale, write: noted(view, { set: create, isNew: true }) };
  return finish(view, sets, scale);
}

function planRecreate(view: DeploymentView, sets: SetsInOrder): DeploymentPlan {
  const { deployment } = view;
  const down = sets.old.filter(isActive).map((set): Scaling => ({ set, replicas: 0 }));
  if (down.length > 0 || oldPodsRun(view, sets.old)) return finish(view, sets, down);
  const wanted = newSetSize(deployment, 0, sets.old);
  if (sets.current) return finish(view, sets, scaling(sets.current, wanted));
  const create = createdSet(view, sets.old, wanted);
  return { ...nothing, create, write: noted(view, { set: create, isNew: true }) };
}

/** A Pod that has ended no longer counts, even before it is removed. */
function oldPodsRun(view: DeploymentView, old: readonly ReplicaSet[]): boolean {
  return old.some((set) => set.status.replicas > 0 || view.podsOf(set).some((pod) => !isPodTerminal(pod)));
}

function createdSet(view: DeploymentView, old: readonly ReplicaSet[], replicas: number): ReplicaSet {
  return newReplicaSet(view.deployment, { hash: view.hash(), revision: nextRevision(old), replicas });
}

/** A step of the roll-out, its status, and at the end of it the clean-up. */
function finish(view: DeploymentView, sets: SetsInOrder, scale: readonly Scaling[]): DeploymentPlan {
  const { deployment } = view;
  const remove = scale.length === 0 && isComplete(deployment, deployment.status) ? superfluous(deployment, sets.old) : [];
  const booked = sets.current && noted(view, { set: sets.current, isNew: false });
  if (booked) return { ...nothing, scale, remove, write: booked };
  const status = rolloutStatus(reported(view, sets));
  const write = withStatus(deployment, status);
  return { ...nothing, scale, remove, write, again: write ? undefined : nextLook(deployment, status) };
}

/** The counts alone: whether a roll-out gets on is not judged while it is paused or its size changes. */
function countedOnly(view: DeploymentView, sets: SetsInOrder, scale: readonly Scaling[]): DeploymentPlan {
  const booked = sets.current && noted(view, { set: sets.current, isNew: false });
  return { ...nothing, scale, write: booked ?? withStatus(view.deployment, countedStatus(reported(view, sets))) };
}

function reported(view: DeploymentView, sets: SetsInOrder): Parameters<typeof rolloutStatus>[0] {
  return { deployment: view.deployment, current: sets.current, all: sets.current ? [...sets.old, sets.current] : sets.old, now: view.now };
}

/** The set in use with the annotations and the patience that it should have; undefined when it has them. */
function rewritten(deployment: Deployment, set: ReplicaSet, revision: bigint): ReplicaSet | undefined {
  const annotations = withRevision(set.metadata.annotations, deployment, revision);
  const { minReadySeconds } = deployment.spec;
  const patient = (set.spec.minReadySeconds ?? 0) === (minReadySeconds ?? 0);
  if (patient && sameData(annotations, set.metadata.annotations)) return undefined;
  return { ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, minReadySeconds: minReadySeconds ?? 0 } };
}

/** The Deployment with the revision of the set in use and, once, the news of that set; undefined when both stand there. */
function noted(view: DeploymentView, { set, isNew }: { set: ReplicaSet; isNew: boolean }): Deployment | undefined {
  const { deployment, now } = view;
  const standing = deployment.status.conditions ?? [];
  let conditions: Conditions = standing;
  if (progressDeadlineMs(deployment) !== undefined && (isNew || !conditionOf(standing, "Progressing"))) {
    const name = JSON.stringify(set.metadata.name);
    const news = isNew ? progressing("True", reasons.created, `Created new replica set ${name}`) : progressing("True", reasons.found, `Found new replica set ${name}`);
    conditions = withCondition(standing, news, now);
  }
  const revision = set.metadata.annotations?.[revisionKey];
  const annotations = revision === undefined ? deployment.metadata.annotations : { ...deployment.metadata.annotations, [revisionKey]: revision };
  if (conditions === standing && sameData(annotations, deployment.metadata.annotations)) return undefined;
  return {
    ...deployment,
    metadata: { ...deployment.metadata, ...(annotations === undefined ? {} : { annotations }) },
    status: { ...deployment.status, ...(conditions.length === 0 ? {} : { conditions }) },
  };
}

/** The Deployment with word of its being paused or resumed; a roll-out that had timed out stays so. */
function pauseNoted({ deployment, now }: DeploymentView): Deployment | undefined {
  const conditions = deployment.status.conditions ?? [];
  const standing = conditionOf(conditions, "Progressing");
  const paused = deployment.spec.paused === true;
  if (progressDeadlineMs(deployment) === undefined || standing?.reason === reasons.timedOut || paused === (standing?.reason === reasons.paused)) return undefined;
  const news = paused ? progressing("Unknown", reasons.paused, "Deployment is paused") : progressing("Unknown", reasons.resumed, "Deployment is resumed");
  return withStatus(deployment, { ...deployment.status, conditions: withCondition(conditions, news, now) });
}

function withStatus(deployment: Deployment, status: DeploymentStatus): Deployment | undefined {
  return sameData(status, deployment.status) ? undefined : { ...deployment, status };
}

/** Old sets beyond the limit, lowest revisions first. A set that has or should have Pods stays, and so does one not looked at since it changed. */
function superfluous(deployment: Deployment, old: readonly ReplicaSet[]): readonly ReplicaSet[] {
  const limit = deployment.spec.revisionHistoryLimit;
  if (limit === undefined) return [];
  const standing = old.filter((set) => set.metadata.deletionTimestamp === undefined);
  if (standing.length <= limit) return [];
  const oldest = standing.toSorted((a, b) => (revisionOf(a) < revisionOf(b) ? -1 : Number(revisionOf(a) > revisionOf(b)))).slice(0, standing.length - limit);
  return oldest.filter((set) => set.status.replicas === 0 && sizeOf(set) === 0 && (set.metadata.generation ?? 0) <= (set.status.observedGeneration ?? 0));
}
