import { matchesSelector } from "../../api/label-selector.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { Instant } from "../../base/environment.ts";
import { availableFrom, isPodActive, isPodTerminal } from "../pod-status.ts";
import type { ReplicaOwner } from "./replica-kind.ts";

/**
 * All that a look at an owner's Pods is about, gathered in one pass: there are many Pods, and reading each of them again and again is most
 * of what a look costs.
 */
export interface Survey {
  /** Neither ended nor going, in the given order. */
  readonly active: readonly Pod[];
  /** Of the active ones. */
  readonly labelled: number;
  readonly ready: number;
  readonly available: number;
  /** On their way out. */
  readonly terminating: number;
  /** When the next one becomes available if nothing happens. */
  readonly nextAvailable: Instant | undefined;
}

export function surveyOf(owner: ReplicaOwner, pods: readonly Pod[], now: Instant): Survey {
  const minReadySeconds = owner.spec.minReadySeconds ?? 0;
  const template = { matchLabels: owner.spec.template?.metadata?.labels ?? {} };
  const active: Pod[] = [];
  let [labelled, ready, available, terminating] = [0, 0, 0, 0];
  let nextAvailable: Instant | undefined;
  for (const pod of pods) {
    if (!isPodActive(pod)) {
      if (!isPodTerminal(pod)) terminating++;
      continue;
    }
    active.push(pod);
    if (matchesSelector(template, pod.metadata.labels)) labelled++;
    const from = availableFrom(pod, minReadySeconds);
    if (from === undefined) continue;
    ready++;
    if (from <= now) available++;
    else if (nextAvailable === undefined || from < nextAvailable) nextAvailable = from;
  }
  return { active, labelled, ready, available, terminating, nextAvailable };
}
