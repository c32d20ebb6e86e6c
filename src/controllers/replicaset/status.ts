import type { ReplicaSetCondition, ReplicaSetStatus } from "../../api/types/apps-v1.ts";
import { formatTime } from "../../base/time.ts";
import type { ReplicaView } from "./plan.ts";
import { wantedReplicas } from "./replica-kind.ts";
import type { Survey } from "./survey.ts";
import { surveyOf } from "./survey.ts";

const failureType = "ReplicaFailure";

interface StatusOptions {
  readonly countsTerminating: boolean;
  readonly failure: string | undefined;
  /** That of the view's Pods, where it is known already. */
  readonly survey?: Survey;
}

/**
 * The status that a view gives: the counts before the plan was carried out. `failure` is why carrying it out failed; it stands
 * as a condition until it succeeds again, in the words of the first time.
 */
export function replicaStatus(view: ReplicaView, { countsTerminating, failure, survey }: StatusOptions): ReplicaSetStatus {
  const { owner } = view;
  const { active, labelled, ready, available, terminating } = survey ?? surveyOf(owner, view.pods, view.now);
  const conditions = conditionsOf(view, active.length, failure);
  return {
    replicas: active.length,
    ...(labelled === 0 ? {} : { fullyLabeledReplicas: labelled }),
    ...(ready === 0 ? {} : { readyReplicas: ready }),
    ...(available === 0 ? {} : { availableReplicas: available }),
    ...(countsTerminating ? { terminatingReplicas: terminating } : {}),
    ...(owner.metadata.generation === undefined ? {} : { observedGeneration: owner.metadata.generation }),
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

function conditionsOf(view: ReplicaView, active: number, failure: string | undefined): readonly ReplicaSetCondition[] {
  const conditions = view.owner.status.conditions ?? [];
  const stands = conditions.some(({ type }) => type === failureType);
  if (failure === undefined) return stands ? conditions.filter(({ type }) => type !== failureType) : conditions;
  if (stands) return conditions;
  const reason = active < wantedReplicas(view.owner) ? "FailedCreate" : "FailedDelete";
  return [...conditions, { type: failureType, status: "True", lastTransitionTime: formatTime(view.now), reason, message: failure }];
}
