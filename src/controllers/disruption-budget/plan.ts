import type { Instant } from "../../base/environment.ts";
import { formatTime, parseTime } from "../../base/time.ts";
import { disruptionAllowedCondition } from "../../api/policy/disruption-allowed.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from "../../api/types/policy-v1.ts";
import { isPodReady } from "../pod-status.ts";

/**
 * What a budget allows now: how many Pods there should be, how many of them must be healthy, how many are. An evicted Pod counts
 * as gone from the moment the budget was charged, for two minutes, until it is really being deleted.
 */

/** Upstream's DeletionTimeout. */
const evictionMs = 2 * 60_000;

/** What stands behind a Pod: who controls it in the end, and how many Pods that one wants. */
export interface PodScale {
  readonly uid: string;
  readonly replicas: number;
}

export interface BudgetView {
  readonly budget: PodDisruptionBudget;
  /** Those that the budget selects. */
  readonly pods: readonly Pod[];
  /** A text says why the scale is not known; undefined: nobody controls the Pod. */
  readonly scaleOf: (pod: Pod) => PodScale | string | undefined;
  readonly now: Instant;
}

export interface BudgetPlan {
  /** Equal to the standing one when nothing is to be written. */
  readonly status: PodDisruptionBudgetStatus;
  readonly again: Instant | undefined;
  readonly failure: string | undefined;
  /** Pods that should have been gone by now. */
  readonly stayed: readonly Pod[];
  readonly hasUnmanaged: boolean;
}

export function planBudget(view: BudgetView): BudgetPlan {
  const { budget, pods, now } = view;
  const { status, metadata } = budget;
  const expected = expectation(view);
  const evicted = evictions(view);
  const state = { generation: metadata.generation ?? 0, now: formatTime(now) };
  if (typeof expected === "string") {
    const conditions = disruptionAllowedCondition(status.conditions ?? [], { ...state, allowed: 0, failure: expected });
    return { status: { ...status, disruptionsAllowed: 0, conditions }, again: undefined, failure: expected, stayed: evicted.stayed, hasUnmanaged: false };
  }
  const healthy = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined && evicted.pending[pod.metadata.name] === undefined && isPodReady(pod)).length;
  const allowed = expected.pods <= 0 ? 0 : Math.max(0, healthy - expected.healthy);
  const next: PodDisruptionBudgetStatus = {
    observedGeneration: state.generation,
    ...(Object.keys(evicted.pending).length === 0 ? {} : { disruptedPods: evicted.pending }),
    disruptionsAllowed: allowed,
    currentHealthy: healthy,
    desiredHealthy: expected.healthy,
    expectedPods: expected.pods,
    conditions: disruptionAllowedCondition(status.conditions ?? [], { ...state, allowed }),
  };
  return { status: next, again: evicted.again, failure: undefined, stayed: evicted.stayed, hasUnmanaged: expected.unmanaged };
}

interface Expectation {
  readonly pods: number;
  readonly healthy: number;
  readonly unmanaged: boolean;
}

function expectation(view: BudgetView): Expectation | string {
  const { minAvailable, maxUnavailable } = view.budget.spec;
  if (maxUnavailable === undefined && (minAvailable === undefined || typeof minAvailable === "number")) {
    return { pods: view.pods.length, healthy: minAvailable ?? 0, unmanaged: false };
  }
  const scale = wantedPods(view);
  if (typeof scale === "string") return scale;
  const { total, unmanaged } = scale;
  if (maxUnavailable !== undefined) return { pods: total, healthy: Math.max(0, total - scaled(maxUnavailable, total)), unmanaged };
  return { pods: total, healthy: scaled(minAvailable ?? 0, total), unmanaged };
}

/** What the owners of the Pods want together. */
function wantedPods({ pods, scaleOf }: BudgetView): { total: number; unmanaged: boolean } | string {
  const scales = new Map<string, number>();
  let unmanaged = false;
  for (const pod of pods) {
    const scale = scaleOf(pod);
    if (typeof scale === "string") return scale;
    if (scale === undefined) unmanaged = true;
    else scales.set(scale.uid, scale.replicas);
  }
  return { total: [...scales.values()].reduce((sum, replicas) => sum + replicas, 0), unmanaged };
}

/** A percentage counts upwards. */
function scaled(value: number | string, total: number): number {
  return typeof value === "number" ? value : Math.ceil((Number.parseInt(value, 10) * total) / 100);
}

interface Evictions {
  readonly pending: { readonly [pod: string]: string };
  readonly again: Instant | undefined;
  readonly stayed: readonly Pod[];
}

function evictions({ budget, pods, now }: BudgetView): Evictions {
  const charged = budget.status.disruptedPods ?? {};
  const pending: { [pod: string]: string } = {};
  const stayed: Pod[] = [];
  let again: Instant | undefined;
  for (const pod of pods) {
    const since = charged[pod.metadata.name];
    if (since === undefined || pod.metadata.deletionTimestamp !== undefined) continue;
    const until = (parseTime(since) ?? 0) + evictionMs;
    if (until < now) stayed.push(pod);
    else {
      pending[pod.metadata.name] = since;
      again = Math.min(again ?? until, until);
    }
  }
  // At the instant itself it is still in time.
  return { pending, again: again === undefined ? undefined : again + 1, stayed };
}
