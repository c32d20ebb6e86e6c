import type { ReplicaSetCondition, ReplicaSetStatus } from "../../api/types/apps-v1.ts";
import { matchesSelector } from "../../api/label-selector.ts";
import { formatTime } from "../../base/time.ts";
import { isPodActive, isPodAvailable, isPodReady, isPodTerminal } from "../pod-status.ts";
import type { ReplicaView } from "./plan.ts";
import { wantedReplicas } from "./replica-kind.ts";

const failureType = "ReplicaFailure";

/**
 * The status that a view gives: the counts before the plan was carried out. `failure` is why carrying it out failed; it stands
 * as a condition until it succeeds again, in the words of the first time.
 */
export function replicaStatus(view: ReplicaView, options: { readonly countsTerminating: boolean; readonly failure: string | undefined }): ReplicaSetStatus {
  const { owner, now } = view;
  const minReadySeconds = owner.spec.minReadySeconds ?? 0;
  const template = { matchLabels: owner.spec.template?.metadata?.labels ?? {} };
  let [active, labelled, ready, available, terminating] = [0, 0, 0, 0, 0];
  for (const pod of view.pods) {
    if (!isPodActive(pod)) {
      if (!isPodTerminal(pod)) terminating++;
      continue;
    }
    active++;
    if (matchesSelector(template, pod.metadata.labels)) labelled++;
    if (isPodReady(pod)) ready++;
    if (isPodAvailable(pod, minReadySeconds, now)) available++;
  }
  const conditions = conditionsOf(view, active, options.failure);
  return {
    replicas: active,
    ...(labelled === 0 ? {} : { fullyLabeledReplicas: labelled }),
    ...(ready === 0 ? {} : { readyReplicas: ready }),
    ...(available === 0 ? {} : { availableReplicas: available }),
    ...(options.countsTerminating ? { terminatingReplicas: terminating } : {}),
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
