import type { Deployment, DeploymentStatus, ReplicaSet } from "../../api/types/apps-v1.ts";
import type { Instant } from "../../base/environment.ts";
import { parseTime } from "../../base/time.ts";
import type { Conditions } from "./conditions.ts";
import { availability, conditionOf, progressing, reasons, refreshed, withCondition, withFailure, without } from "./conditions.ts";
import { maxUnavailable, wantedReplicas } from "./limits.ts";
import { availableOf, sizeOf, total } from "./replica-sets.ts";

/** The status of a Deployment as its ReplicaSets give it, and how far its roll-out has come: pure. */

export interface Reported {
  readonly deployment: Deployment;
  readonly current: ReplicaSet | undefined;
  /** All sets, the current one among them. */
  readonly all: readonly ReplicaSet[];
  readonly now: Instant;
}

/** No deadline at all, in upstream's reading. */
const endless = 0x7fffffff;

export function progressDeadlineMs(deployment: Deployment): number | undefined {
  const seconds = deployment.spec.progressDeadlineSeconds;
  return seconds === undefined || seconds === endless ? undefined : seconds * 1000;
}

/** The counts and the condition Available; the other conditions as they stand. */
export function countedStatus({ deployment, current, all, now }: Reported): DeploymentStatus {
  const available = total(all, availableOf);
  const enough = available >= wantedReplicas(deployment) - maxUnavailable(deployment);
  const counts = {
    replicas: total(all, (set) => set.status.replicas),
    updatedReplicas: current?.status.replicas ?? 0,
    readyReplicas: total(all, (set) => set.status.readyReplicas ?? 0),
    availableReplicas: available,
    unavailableReplicas: Math.max(total(all, sizeOf) - available, 0),
  };
  const terminating = terminatingOf(all);
  return {
    ...(deployment.metadata.generation === undefined ? {} : { observedGeneration: deployment.metadata.generation }),
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0)),
    ...(terminating === undefined ? {} : { terminatingReplicas: terminating }),
    conditions: withCondition(deployment.status.conditions ?? [], availability(enough), now),
    ...(deployment.status.collisionCount === undefined ? {} : { collisionCount: deployment.status.collisionCount }),
  };
}

/** Undefined when a set does not tell; one that nobody has looked at yet has none. */
function terminatingOf(sets: readonly ReplicaSet[]): number | undefined {
  let sum = 0;
  for (const { status } of sets) {
    if (status.terminatingReplicas === undefined && (status.observedGeneration ?? 0) > 0) return undefined;
    sum += status.terminatingReplicas ?? 0;
  }
  return sum;
}

/** The status of a Deployment that is rolled out: the counts, and whether it gets on. */
export function rolloutStatus(reported: Reported): DeploymentStatus {
  const counted = countedStatus(reported);
  const conditions = withFailure(withProgress(reported, counted), reported);
  return { ...counted, conditions };
}

export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = wantedReplicas(deployment);
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0, observedGeneration = 0 } = status;
  return updatedReplicas === wanted && replicas === wanted && availableReplicas === wanted && observedGeneration >= (deployment.metadata.generation ?? 0);
}

function withProgress(reported: Reported, counted: DeploymentStatus): Conditions {
  const { deployment, current, now } = reported;
  const conditions = counted.conditions ?? [];
  if (progressDeadlineMs(deployment) === undefined) return without(conditions, "Progressing");
  const standing = conditionOf(deployment.status.conditions ?? [], "Progressing");
  if ((counted.replicas ?? 0) === (counted.updatedReplicas ?? 0) && standing?.reason === reasons.complete) return conditions;
  const who = current ? `ReplicaSet "${current.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  if (isComplete(deployment, counted)) return withCondition(conditions, progressing("True", reasons.complete, `${who} has successfully progressed.`), now);
  if (getsOn(deployment.status, counted)) return refreshed(conditions, progressing("True", reasons.updated, `${who} is progressing.`), now);
  if (isTimedOut(reported)) return withCondition(conditions, progressing("False", reasons.timedOut, `${who} has timed out progressing.`), now);
  return conditions;
}

/** More Pods of the new template, ready or available, or fewer of old ones. */
function getsOn(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus): number => replicas - updatedReplicas;
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function isTimedOut({ deployment, now }: Reported): boolean {
  const standing = conditionOf(deployment.status.conditions ?? [], "Progressing");
  if (!standing || standing.reason === reasons.complete) return false;
  if (standing.reason === reasons.timedOut) return true;
  const end = deadlineOf(deployment);
  return end !== undefined && end < now;
}

/** When the roll-out counts as stuck if nothing happens before. */
function deadlineOf(deployment: Deployment): Instant | undefined {
  const standing = conditionOf(deployment.status.conditions ?? [], "Progressing");
  const since = standing?.lastUpdateTime === undefined ? undefined : parseTime(standing.lastUpdateTime);
  const deadline = progressDeadlineMs(deployment);
  return since === undefined || deadline === undefined ? undefined : since + deadline;
}

/**
 * When to look again at a roll-out whose status does not change: a second after its deadline, as upstream. One that was complete cannot
 * time out when it loses Pods later, so there is nothing to look for.
 */
export function nextLook(deployment: Deployment, status: DeploymentStatus): Instant | undefined {
  const standing = conditionOf(deployment.status.conditions ?? [], "Progressing");
  if (isComplete(deployment, status) || standing?.reason === reasons.timedOut || standing?.reason === reasons.complete) return undefined;
  const end = deadlineOf(deployment);
  return end === undefined ? undefined : end + 1000;
}
