import type { DeploymentCondition, ReplicaSet } from "../../api/types/apps-v1.ts";
import type { Instant } from "../../base/environment.ts";
import { formatTime } from "../../base/time.ts";

/** The conditions of a Deployment, with upstream's reasons and words: pure. */

export type Conditions = readonly DeploymentCondition[];

type Written = Pick<DeploymentCondition, "type" | "status" | "reason" | "message">;

export const reasons = {
  created: "NewReplicaSetCreated",
  found: "FoundNewReplicaSet",
  createFailed: "ReplicaSetCreateError",
  updated: "ReplicaSetUpdated",
  complete: "NewReplicaSetAvailable",
  timedOut: "ProgressDeadlineExceeded",
  paused: "DeploymentPaused",
  resumed: "DeploymentResumed",
} as const;

export function conditionOf(conditions: Conditions, type: string): DeploymentCondition | undefined {
  return conditions.find((condition) => condition.type === type);
}

export function without(conditions: Conditions, type: string): Conditions {
  return conditions.filter((condition) => condition.type !== type);
}

/** With this condition, now; unchanged when one of the same status and reason stands. A changed one moves to the end. */
export function withCondition(conditions: Conditions, written: Written, now: Instant): Conditions {
  const standing = conditionOf(conditions, written.type);
  if (standing && standing.status === written.status && standing.reason === written.reason) return conditions;
  return refreshed(conditions, written, now);
}

/** The same, but the time of the last update and the words move although status and reason stand. */
export function refreshed(conditions: Conditions, written: Written, now: Instant): Conditions {
  const standing = conditionOf(conditions, written.type);
  const transition = standing?.status === written.status ? standing.lastTransitionTime : undefined;
  return [...without(conditions, written.type), made(written, formatTime(now), transition ?? formatTime(now))];
}

function made({ type, status, reason, message }: Written, lastUpdateTime: string, lastTransitionTime: string): DeploymentCondition {
  return { type, status, lastUpdateTime, lastTransitionTime, ...(reason === undefined ? {} : { reason }), ...(message === undefined ? {} : { message }) };
}

export function progressing(status: "True" | "False" | "Unknown", reason: string, message: string): Written {
  return { type: "Progressing", status, reason, message };
}

export function availability(enough: boolean): Written {
  return enough
    ? { type: "Available", status: "True", reason: "MinimumReplicasAvailable", message: "Deployment has minimum availability." }
    : { type: "Available", status: "False", reason: "MinimumReplicasUnavailable", message: "Deployment does not have minimum availability." };
}

/** The failure that a set reports, the new one's before an old one's, stands in the Deployment as it stands there. */
export function withFailure(conditions: Conditions, sets: { readonly current: ReplicaSet | undefined; readonly all: readonly ReplicaSet[] }): Conditions {
  for (const set of sets.current ? [sets.current, ...sets.all] : sets.all) {
    const failure = set.status.conditions?.find(({ type }) => type === "ReplicaFailure");
    if (!failure) continue;
    const standing = conditionOf(conditions, failure.type);
    if (standing?.status === failure.status && standing.reason === failure.reason) return conditions;
    const { lastTransitionTime } = failure;
    const time = lastTransitionTime as string;
    return [...without(conditions, failure.type), made(failure, time, standing?.status === failure.status ? (standing.lastTransitionTime ?? time) : time)];
  }
  return without(conditions, "ReplicaFailure");
}
