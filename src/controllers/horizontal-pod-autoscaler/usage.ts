import type { MetricStatus, ResourceMetricSource } from "../../api/types/autoscaling-v2.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { PodMetrics } from "../../api/types/metrics-v1beta1.ts";
import type { Instant } from "../../base/environment.ts";
import { milliValue } from "../../base/quantity.ts";
import { parseTime } from "../../base/time.ts";
import { podCondition } from "../pod-status.ts";

/**
 * How many replicas one resource metric asks for: the usage of the Pods against the target. Pods that are not ready yet and Pods
 * without metrics never push in the direction in which the others point. Pure.
 */

/** Upstream's tolerance, CPU initialisation period and delay of initial readiness. */
const tolerance = 0.1;
const cpuInitializationMs = 5 * 60_000;
const initialReadinessMs = 30_000;

export interface UsageView {
  readonly source: ResourceMetricSource;
  readonly current: number;
  /** Those that the target's selector selects. */
  readonly pods: readonly Pod[];
  /** A text says why there are none. */
  readonly metrics: readonly PodMetrics[] | string;
  readonly now: Instant;
}

export interface Proposal {
  readonly replicas: number;
  readonly name: string;
  readonly status: MetricStatus;
}

interface Sums {
  readonly used: number;
  readonly wanted: number;
  readonly count: number;
}

/** The proposal, or in upstream's words why there is none. */
export function proposeByUsage(view: UsageView): Proposal | string {
  const { source, metrics } = view;
  const utilization = source.target.averageUtilization;
  const failed = utilization === undefined ? "" : `failed to get ${source.name} utilization: `;
  const noMetrics = `${failed}unable to get metrics for resource ${source.name}: `;
  if (typeof metrics === "string") return `${noMetrics}unable to fetch metrics from resource metrics API: ${metrics}`;
  if (metrics.length === 0) return `${noMetrics}no metrics returned from resource metrics API`;
  const groups = grouped(view, metrics);
  if (groups.ready.length === 0) return `${failed}did not receive metrics for targeted pods (pods might be unready)`;
  const wantedOf = (pod: Pod): number | string => (utilization === undefined ? milliValue(source.target.averageValue ?? "0") : requestOf(pod, source.name));
  const goal = utilization === undefined ? 1 : utilization / 100;
  const sum = (entries: readonly { readonly pod: Pod; readonly used: number | "wanted" }[]): Sums | string => {
    let used = 0;
    let wanted = 0;
    for (const entry of entries) {
      const each = wantedOf(entry.pod);
      if (typeof each === "string") return each;
      wanted += each;
      used += entry.used === "wanted" ? each * Math.max(1, goal) : entry.used;
    }
    return { used, wanted, count: entries.length };
  };
  const measured = sum(groups.ready);
  if (typeof measured === "string") return `${failed}${measured}`;
  const ratioOf = ({ used, wanted }: Sums): number => used / wanted / goal;
  const first = ratioOf(measured);
  const status = metricStatus(source, measured);
  const name = utilization === undefined ? `${source.name} resource` : `${source.name} resource utilization (percentage of request)`;
  const propose = (replicas: number): Proposal => ({ replicas, name, status });
  const waiting = first > 1 ? groups.unready : [];
  if (waiting.length === 0 && groups.missing.length === 0) return propose(within(first) ? view.current : rounded(first * measured.count));
  const guessed = groups.missing.map((pod) => ({ pod, used: first < 1 ? ("wanted" as const) : 0 }));
  const all = sum([...groups.ready, ...guessed, ...waiting.map((pod) => ({ pod, used: 0 }))]);
  if (typeof all === "string") return `${failed}${all}`;
  const second = ratioOf(all);
  if (within(second) || (first < 1 && second > 1) || (first > 1 && second < 1)) return propose(view.current);
  const replicas = rounded(second * all.count);
  return propose((second < 1 && replicas > view.current) || (second > 1 && replicas < view.current) ? view.current : replicas);
}

function within(ratio: number): boolean {
  return Math.abs(1 - ratio) <= tolerance + 1e-9;
}

/** Upwards, but not for the noise of a division. */
function rounded(value: number): number {
  return Math.ceil(value - 1e-9);
}

function grouped(view: UsageView, metrics: readonly PodMetrics[]) {
  const byName = new Map(metrics.map((each) => [each.metadata.name, each]));
  const ready: { pod: Pod; used: number }[] = [];
  const unready: Pod[] = [];
  const missing: Pod[] = [];
  for (const pod of view.pods) {
    if (pod.metadata.deletionTimestamp !== undefined || pod.status.phase === "Failed" || pod.status.phase === "Succeeded") continue;
    const found = byName.get(pod.metadata.name);
    if (pod.status.phase === "Pending") unready.push(pod);
    else if (found === undefined) missing.push(pod);
    else if (view.source.name === "cpu" && startsUp(pod, view.now)) unready.push(pod);
    else ready.push({ pod, used: (found.containers ?? []).reduce((sum, { usage }) => sum + milliValue(usage?.[view.source.name] ?? "0"), 0) });
  }
  return { ready, unready, missing };
}

/** The processor time of starting says nothing about load. */
function startsUp(pod: Pod, now: Instant): boolean {
  const condition = podCondition(pod, "Ready");
  const start = parseTime(pod.status.startTime ?? "");
  if (condition === undefined || start === undefined) return true;
  if (condition.status !== "False") return false;
  return start + cpuInitializationMs > now || start + initialReadinessMs > (parseTime(condition.lastTransitionTime ?? "") ?? 0);
}

function requestOf(pod: Pod, resource: string): number | string {
  let sum = 0;
  for (const { name, resources } of pod.spec.containers) {
    const request = resources?.requests?.[resource];
    if (request === undefined) return `missing request for ${resource} in container ${name} of Pod ${pod.metadata.name}`;
    sum += milliValue(request);
  }
  return sum;
}

function metricStatus({ name, target }: ResourceMetricSource, { used, wanted, count }: Sums): MetricStatus {
  const average = Math.floor(used / count);
  const averageValue = average % 1000 === 0 ? `${average / 1000}` : `${average}m`;
  const averageUtilization = target.averageUtilization === undefined ? {} : { averageUtilization: Math.floor((used * 100) / wanted) };
  return { type: "Resource", resource: { name, current: { averageValue, ...averageUtilization } } };
}
