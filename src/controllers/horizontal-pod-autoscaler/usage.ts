import { podAmounts } from "../../api/core/pod-amounts.ts";
import type { MetricTarget, MetricValueStatus } from "../../api/types/autoscaling-v2.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { PodMetrics } from "../../api/types/metrics-v1beta1.ts";
import { parseDuration } from "../../base/duration.ts";
import type { Instant } from "../../base/environment.ts";
import { formatQuantity, milliValue } from "../../base/quantity.ts";
import { parseTime } from "../../base/time.ts";
import { podCondition } from "../pod-status.ts";

/**
 * How many replicas one resource metric asks for: the usage of the Pods against the target. Pods that are not ready yet and Pods
 * without metrics never push in the direction in which the others point. Amounts are thousandths and whole percents, cut off where
 * upstream cuts them off. Pure.
 */

/** Upstream's CPU initialisation period and delay of initial readiness. */
const cpuInitializationMs = 5 * 60_000;
const initialReadinessMs = 30_000;

export interface Tolerance {
  readonly up: number;
  readonly down: number;
}

export interface UsageView {
  readonly resource: string;
  /** One container of each Pod alone. */
  readonly container: string | undefined;
  readonly target: MetricTarget;
  readonly current: number;
  /** Those that the target's selector selects. */
  readonly pods: readonly Pod[];
  /** A text says why there are none. */
  readonly metrics: readonly PodMetrics[] | string;
  readonly tolerance: Tolerance;
  readonly now: Instant;
}

export interface Proposal {
  readonly replicas: number;
  readonly name: string;
  readonly current: MetricValueStatus;
}

/** What the usage is held against. */
interface Goal {
  readonly name: string;
  readonly measure: (used: ReadonlyMap<string, number>) => Measure | string;
  /** What a Pod without metrics is taken for where the others use less than wanted. */
  readonly assumed: (pod: string) => number;
}

interface Measure {
  readonly ratio: number;
  readonly status: MetricValueStatus;
}

/** The proposal, or in upstream's words why there is none. */
export function proposeByUsage(view: UsageView): Proposal | string {
  const { resource, target } = view;
  if (target.averageValue === undefined && target.averageUtilization === undefined) {
    return "invalid resource metric source: neither an average utilization target nor an average value (usage) target was set";
  }
  const result = propose(view);
  return typeof result === "string" ? `failed to get ${resource} ${target.averageValue === undefined ? "utilization" : "usage"}: ${result}` : result;
}

function propose(view: UsageView): Proposal | string {
  const { resource, metrics, current, tolerance } = view;
  const noMetrics = `unable to get metrics for resource ${resource}: `;
  if (typeof metrics === "string") return `${noMetrics}unable to fetch metrics from resource metrics API: ${metrics}`;
  if (metrics.length === 0) return `${noMetrics}no metrics returned from resource metrics API`;
  if (view.pods.length === 0) return "no pods returned by selector while calculating replica count";
  const { ready, unready, missing } = grouped(view, metrics);
  if (ready.size === 0) return "did not receive metrics for targeted pods (pods might be unready)";
  const goal = goalOf(view);
  if (typeof goal === "string") return goal;
  const first = goal.measure(ready);
  if (typeof first === "string") return first;
  const answer = (replicas: number): Proposal => ({ replicas, name: goal.name, current: first.status });
  const isWithin = (ratio: number): boolean => 1 - tolerance.down <= ratio && ratio <= 1 + tolerance.up;
  const waiting = first.ratio > 1 ? unready : [];
  if (waiting.length === 0 && missing.length === 0) return answer(isWithin(first.ratio) ? current : Math.ceil(first.ratio * ready.size));
  const all = new Map(ready);
  if (first.ratio !== 1) for (const pod of missing) all.set(pod, first.ratio < 1 ? goal.assumed(pod) : 0);
  for (const pod of waiting) all.set(pod, 0);
  const second = goal.measure(all);
  if (typeof second === "string") return second;
  if (isWithin(second.ratio) || (first.ratio < 1 && second.ratio > 1) || (first.ratio > 1 && second.ratio < 1)) return answer(current);
  const replicas = Math.ceil(second.ratio * all.size);
  return answer((second.ratio < 1 && replicas > current) || (second.ratio > 1 && replicas < current) ? current : replicas);
}

function goalOf({ resource, container, target, pods }: UsageView): Goal | string {
  const total = (used: ReadonlyMap<string, number>): number => [...used.values()].reduce((sum, each) => sum + each, 0);
  if (target.averageValue !== undefined) {
    const wanted = milliValue(target.averageValue);
    const measure = (used: ReadonlyMap<string, number>): Measure => {
      const average = Math.trunc(total(used) / used.size);
      return { ratio: average / wanted, status: { averageValue: amountText(resource, average) } };
    };
    return { name: `${resource} resource`, measure, assumed: () => wanted };
  }
  const requests = new Map<string, number>();
  for (const pod of pods) {
    const request = requestOf(pod, resource, container);
    if (typeof request === "string") return request;
    requests.set(pod.metadata.name, request);
  }
  const wanted = target.averageUtilization ?? 100;
  const requestFor = (pod: string): number => requests.get(pod) ?? 0;
  const measure = (used: ReadonlyMap<string, number>): Measure | string => {
    const requested = [...used.keys()].reduce((sum, pod) => sum + requestFor(pod), 0);
    if (requested === 0) return "no metrics returned matched known pods";
    const averageUtilization = Math.trunc((total(used) * 100) / requested);
    return { ratio: averageUtilization / wanted, status: { averageValue: amountText(resource, Math.trunc(total(used) / used.size)), averageUtilization } };
  };
  const name = `${resource} ${container === undefined ? "" : "container "}resource utilization (percentage of request)`;
  return { name, measure, assumed: (pod) => Math.trunc((requestFor(pod) * Math.max(100, wanted)) / 100) };
}

interface Groups {
  readonly ready: ReadonlyMap<string, number>;
  readonly unready: readonly string[];
  readonly missing: readonly string[];
}

function grouped(view: UsageView, metrics: readonly PodMetrics[]): Groups {
  const byName = new Map(metrics.map((each) => [each.metadata.name, each]));
  const ready = new Map<string, number>();
  const unready: string[] = [];
  const missing: string[] = [];
  for (const pod of view.pods) {
    const { name, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined || pod.status.phase === "Failed") continue;
    const found = byName.get(name);
    const used = found && usedBy(found, view);
    if (pod.status.phase === "Pending") unready.push(name);
    else if (found === undefined || used === undefined) missing.push(name);
    else if (view.resource === "cpu" && startsUp(pod, found, view.now)) unready.push(name);
    else ready.set(name, used);
  }
  return { ready, unready, missing };
}

/** Undefined: a container that counts was not measured. */
function usedBy({ containers = [] }: PodMetrics, { resource, container }: UsageView): number | undefined {
  const counted = container === undefined ? containers : containers.filter(({ name }) => name === container);
  if (counted.length === 0) return undefined;
  let sum = 0;
  for (const { usage } of counted) {
    const amount = usage?.[resource];
    if (amount === undefined) return undefined;
    sum += milliValue(amount);
  }
  return sum;
}

/** The processor time of starting says nothing about load. */
function startsUp(pod: Pod, metrics: PodMetrics, now: Instant): boolean {
  const condition = podCondition(pod, "Ready");
  const start = parseTime(pod.status.startTime ?? "");
  if (condition === undefined || start === undefined) return true;
  const changed = parseTime(condition.lastTransitionTime ?? "") ?? 0;
  if (start + cpuInitializationMs <= now) return condition.status === "False" && start + initialReadinessMs > changed;
  return condition.status === "False" || (parseTime(metrics.timestamp ?? "") ?? now) < changed + (parseDuration(metrics.window ?? "") ?? 0);
}

function requestOf({ spec, metadata }: Pod, resource: string, container: string | undefined): number | string {
  if (container === undefined && Object.keys(spec.resources?.requests ?? {}).length > 0) {
    const whole = podAmounts(spec, "requests").get(resource);
    return whole === undefined ? `missing pod-level request for ${resource} in Pod ${metadata.name}` : milliValue(whole);
  }
  const all = [...spec.containers, ...(spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always")];
  const counted = container === undefined ? all : all.filter(({ name }) => name === container);
  if (container !== undefined && counted.length === 0) return `container ${container} not found in Pod ${metadata.name}`;
  let sum = 0;
  for (const { name, resources } of counted) {
    const request = resources?.requests?.[resource];
    if (request === undefined) return `missing request for ${resource} in container ${name} of Pod ${metadata.name}`;
    sum += milliValue(request);
  }
  return sum;
}

/** Thousandths, in the suffixes in which metrics-server tells the resource. */
function amountText(resource: string, milli: number): string {
  return formatQuantity({ mantissa: BigInt(milli), scale: -3, format: resource === "memory" ? "BinarySI" : "DecimalSI" });
}
