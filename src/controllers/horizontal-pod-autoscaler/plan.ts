import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerCondition, HorizontalPodAutoscalerStatus, MetricSpec, MetricStatus } from "../../api/types/autoscaling-v2.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { PodMetrics } from "../../api/types/metrics-v1beta1.ts";
import type { Instant } from "../../base/environment.ts";
import { formatTime } from "../../base/time.ts";
import { limit } from "./limits.ts";
import type { Past } from "./limits.ts";
import { proposeByUsage } from "./usage.ts";

/** What an autoscaler does now: the size it wants, its status, its events. Pure; what scaling itself says is added by `withCondition`. */

export interface Scale {
  readonly replicas: number;
  readonly selector: string;
}

export interface ScalerView {
  readonly scaler: HorizontalPodAutoscaler;
  /** A text says why there is none. */
  readonly scale: Scale | string;
  readonly pods: readonly Pod[];
  readonly metrics: readonly PodMetrics[] | string;
  readonly past: Past;
  readonly now: Instant;
}

export interface Warning {
  readonly reason: string;
  readonly message: string;
}

export interface ScalerPlan {
  readonly status: HorizontalPodAutoscalerStatus;
  readonly warnings: readonly Warning[];
  /** What the metrics ask for, to be remembered. */
  readonly recommended: number | undefined;
  readonly rescale: { readonly replicas: number; readonly reason: string } | undefined;
}

type Written = Required<Pick<HorizontalPodAutoscalerCondition, "type" | "status" | "reason" | "message">>;

/** With this condition; the transition time moves only with the status. */
export function withCondition(status: HorizontalPodAutoscalerStatus, { type, status: holds, reason, message }: Written, now: Instant): HorizontalPodAutoscalerStatus {
  const standing = status.conditions ?? [];
  const old = standing.find((each) => each.type === type);
  const made = { type, status: holds, lastTransitionTime: (old?.status === holds ? old.lastTransitionTime : undefined) ?? formatTime(now), reason, message };
  return { ...status, conditions: old ? standing.map((each) => (each === old ? made : each)) : [...standing, made] };
}

export function planScaler(view: ScalerView): ScalerPlan {
  const { scaler, scale, now, past } = view;
  const { spec, metadata } = scaler;
  let status: HorizontalPodAutoscalerStatus = { ...scaler.status, ...(metadata.generation === undefined ? {} : { observedGeneration: metadata.generation }) };
  const say = (type: string, holds: string, reason: string, message: string): void => void (status = withCondition(status, { type, status: holds, reason, message }, now));
  const rest = { recommended: undefined, rescale: undefined };
  if (typeof scale === "string") {
    say("AbleToScale", "False", "FailedGetScale", `the HPA controller was unable to get the target's current scale: ${scale}`);
    return { ...rest, status, warnings: [{ reason: "FailedGetScale", message: scale }] };
  }
  say("AbleToScale", "True", "SucceededGetScale", "the HPA controller was able to get the target's current scale");
  const current = scale.replicas;
  const minimum = spec.minReplicas ?? 1;
  const sized = (desired: number, metrics = status.currentMetrics): HorizontalPodAutoscalerStatus => ({
    ...status, currentReplicas: current, desiredReplicas: desired, ...(metrics === undefined ? {} : { currentMetrics: metrics }),
  });
  if (current === 0 && minimum !== 0) {
    say("ScalingActive", "False", "ScalingDisabled", "scaling is disabled since the replica count of the target is zero");
    return { ...rest, status: sized(0), warnings: [] };
  }
  if (current > spec.maxReplicas) return { status: sized(spec.maxReplicas), warnings: [], recommended: undefined, rescale: { replicas: spec.maxReplicas, reason: "Current number of replicas above Spec.MaxReplicas" } };
  if (current < minimum) return { status: sized(minimum), warnings: [], recommended: undefined, rescale: { replicas: minimum, reason: "Current number of replicas below Spec.MinReplicas" } };
  const found = measure(view, scale);
  if (found.failure) {
    say("ScalingActive", "False", found.failure.reason, found.failure.condition);
    return { ...rest, status: sized(status.desiredReplicas, found.statuses), warnings: [...found.warnings, { reason: "FailedComputeMetricsReplicas", message: found.failure.message }] };
  }
  say("ScalingActive", "True", "ValidMetricFound", `the HPA was able to successfully calculate a replica count from ${found.name}`);
  const { replicas, able, limited } = limit(scaler, { current, wanted: found.replicas, past, now });
  say("AbleToScale", "True", able.reason, able.message);
  say("ScalingLimited", limited.status, limited.reason, limited.message);
  const reason = found.replicas > current ? `${found.name} above target` : "All metrics below target";
  return { status: sized(replicas, found.statuses), warnings: found.warnings, recommended: found.replicas, rescale: replicas === current ? undefined : { replicas, reason } };
}

interface Measured {
  readonly replicas: number;
  readonly name: string;
  readonly statuses: readonly MetricStatus[];
  readonly warnings: readonly Warning[];
  readonly failure: { readonly reason: string; readonly condition: string; readonly message: string } | undefined;
}

/** The largest size that a metric asks for. One that cannot be read forbids to shrink. */
function measure(view: ScalerView, scale: Scale): Measured {
  const metrics = view.scaler.spec.metrics ?? [];
  const statuses: MetricStatus[] = [];
  const warnings: Warning[] = [];
  let best = { replicas: 0, name: "" };
  let first: { reason: string; condition: string; message: string } | undefined;
  if (scale.selector === "") {
    const failure = { reason: "InvalidSelector", condition: "the HPA target's scale is missing a selector", message: "selector is required" };
    return { ...best, statuses, warnings: [{ reason: "SelectorRequired", message: "selector is required" }], failure };
  }
  for (const metric of metrics) {
    const result = metric.type === "Resource" && metric.resource ? proposeByUsage({ ...view, source: metric.resource, current: scale.replicas }) : unserved(metric);
    if (typeof result === "string") {
      const reason = `FailedGet${metric.type}Metric`;
      const message = metric.resource ? `failed to get ${metric.resource.name} resource metric value: ${result}` : result;
      warnings.push({ reason, message: result });
      first ??= { reason, condition: `the HPA was unable to compute the replica count: ${result}`, message };
      continue;
    }
    statuses.push(result.status);
    if (result.replicas > best.replicas || best.name === "") best = result;
  }
  const failed = metrics.length - statuses.length;
  const useless = first !== undefined && (statuses.length === 0 || best.replicas < scale.replicas);
  const failure = useless && first ? { ...first, message: `invalid metrics (${failed} invalid out of ${metrics.length}), first error is: ${first.message}` } : undefined;
  return { replicas: best.replicas, name: best.name, statuses, warnings, failure };
}

/** Nothing answers for the custom and external metrics APIs. */
function unserved(metric: MetricSpec): string {
  const api = metric.type === "External" ? "external" : "custom";
  return `unable to fetch metrics from ${api} metrics API: the server could not find the requested resource`;
}
