import type { Client } from "../client/client.ts";
import { pods } from "../api/kinds.ts";
import type { Pod, PodStatus } from "../api/types/core-v1.ts";
import type { Instant } from "../base/environment.ts";
import { isPodTerminal, podCondition, withPodCondition } from "./pod-status.ts";

/** Why a Pod is about to be removed by the control plane: the DisruptionTarget condition, which Jobs read. */
export interface Disruption {
  readonly reason: "DeletionByTaintManager" | "DeletionByPodGC";
  readonly message: string;
}

export interface DisruptionMark {
  readonly disruption?: Disruption | undefined;
  /** Also sets the phase of a Pod that has not ended: nobody is left to report it. */
  readonly failed?: boolean;
}

/** The part of the status that changes, as a strategic merge patch; undefined when it stands so already. */
export function disruptionPatch(pod: Pod, mark: DisruptionMark, now: Instant): unknown {
  const generation = pod.metadata.generation;
  const failed = mark.failed === true && !isPodTerminal(pod);
  let status: PodStatus = pod.status;
  if (mark.disruption && (failed || mark.failed !== true)) {
    const { reason, message } = mark.disruption;
    const condition = { type: "DisruptionTarget", status: "True", reason, message };
    status = withPodCondition(status, generation === undefined ? condition : { ...condition, observedGeneration: generation }, now);
  }
  if (status === pod.status && !failed) return undefined;
  const condition = status === pod.status ? undefined : podCondition({ ...pod, status }, "DisruptionTarget");
  return {
    metadata: { uid: pod.metadata.uid },
    status: {
      ...(failed ? { ...(generation === undefined ? {} : { observedGeneration: generation }), phase: "Failed" } : {}),
      ...(condition === undefined ? {} : { "$setElementOrder/conditions": status.conditions?.map(({ type }) => ({ type })), conditions: [condition] }),
    },
  };
}

/** Writes the mark, if it is not there. */
export async function markDisrupted(client: Client, pod: Pod, mark: DisruptionMark, now: Instant): Promise<void> {
  const body = disruptionPatch(pod, mark, now);
  if (body !== undefined) await client.patch(pods, pod.metadata, { type: "strategic", body }, { subresource: "status" });
}
