import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerCondition, HorizontalPodAutoscalerStatus, MetricStatus } from "../../api/types/autoscaling-v2.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { PodMetrics } from "../../api/types/metrics-v1beta1.ts";
import type { Instant } from "../../base/environment.ts";
import { formatTime } from "../../base/time.ts";
import { limit } from "./limits.ts";
import type { Past, Recommendation } from "./limits.ts";
import { askMetric } from "./metric.ts";
import type { Failure } from "./metric.ts";

/** What an autoscaler does now: the size it wants, its status, its events. Pure; what scaling itself says is added by `rescaled` and `notRescaled`. */

export interface Scale {
  readonly replicas: number;
  readonly selector: string;
}

export interface ScalerView {
  readonly scaler: HorizontalPodAutoscaler;
  /** A text says why there is none. */
  readonly scale: Scale | string;
  /** Those that the scale's selector selects. */
  readonly pods: readonly Pod[];
  readonly metrics: readonly PodMetrics[] | string;
  /** The autoscalers whose targets select one of these Pods, as `namespace/name`, this one among them. */
  readonly claimants: readonly string[];
  /** Undefined at the first look. */
  readonly past: Past | undefined;
  readonly now: Instant;
}

export interface Warning {
  readonly reason: string;
  readonly message: string;
}

export interface ScalerPlan {
  readonly status: HorizontalPodAutoscalerStatus;
  readonly warnings: readonly Warning[];
  /** To be remembered: what the metrics ask for, and before that the size at the first look. */
  readonly recommendations: readonly Recommendation[];
  readonly rescale: { readonly replicas: number; readonly reason: string } | undefined;
}

type Written = Required<Pick<HorizontalPodAutoscalerCondition, "type" | "status" | "reason" | "message">>;

/** With this condition; the transition time moves only with the status. */
function withCondition(status: HorizontalPodAutoscalerStatus, { type, status: holds, reason, message }: Written, now: Instant): HorizontalPodAutoscalerStatus {
  const standing = status.conditions ?? [];
  const old = standing.find((each) => each.type === type);
  const made = { type, status: holds, lastTransitionTime: (old?.status === holds ? old.lastTransitionTime : undefined) ?? formatTime(now), reason, message };
  return { ...status, conditions: old ? standing.map((each) => (each === old ? made : each)) : [...standing, made] };
}

/** The status after the target was given its new size. */
export function rescaled(status: HorizontalPodAutoscalerStatus, replicas: number, now: Instant): HorizontalPodAutoscalerStatus {
  const message = `the HPA controller was able to update the target scale to ${replicas}`;
  return withCondition({ ...status, lastScaleTime: formatTime(now) }, { type: "AbleToScale", status: "True", reason: "SucceededRescale", message }, now);
}

/** The status after the target could not be given its new size; `before` is what stood there. */
export function notRescaled(status: HorizontalPodAutoscalerStatus, options: { readonly before: HorizontalPodAutoscalerStatus; readonly error: string; readonly now: Instant }): HorizontalPodAutoscalerStatus {
  const message = `the HPA controller was unable to update the target scale: ${options.error}`;
  return withCondition({ ...status, desiredReplicas: options.before.desiredReplicas }, { type: "AbleToScale", status: "False", reason: "FailedUpdateScale", message }, options.now);
}

export function planScaler(view: ScalerView): ScalerPlan {
  const { scaler, scale, now, past } = view;
  const { spec } = scaler;
  let status: HorizontalPodAutoscalerStatus = scaler.status;
  const say = (type: string, holds: string, reason: string, message: string): void => void (status = withCondition(status, { type, status: holds, reason, message }, now));
  if (typeof scale === "string") {
    say("AbleToScale", "False", "FailedGetScale", `the HPA controller was unable to get the target's current scale: ${scale}`);
    return { status, warnings: [{ reason: "FailedGetScale", message: scale }], recommendations: [], rescale: undefined };
  }
  say("AbleToScale", "True", "SucceededGetScale", "the HPA controller was able to get the target's current scale");
  const current = scale.replicas;
  const minimum = spec.minReplicas ?? 1;
  const seed: readonly Recommendation[] = past === undefined ? [{ at: now, replicas: current }] : [];
  const still = { warnings: [], recommendations: seed, rescale: undefined };
  if (current === 0) {
    say("ScalingActive", "False", "ScalingDisabled", "scaling is disabled since the replica count of the target is zero");
    return { ...still, status: sized(status, current, { desired: 0, metrics: undefined }) };
  }
  const forced = current > spec.maxReplicas ? ([spec.maxReplicas, "above Spec.MaxReplicas"] as const) : current < minimum ? ([minimum, "below Spec.MinReplicas"] as const) : undefined;
  if (forced) return { ...still, status: sized(status, current, { desired: forced[0], metrics: undefined }), rescale: { replicas: forced[0], reason: `Current number of replicas ${forced[1]}` } };
  const found = measure(view, scale);
  if (found.failure) {
    const { reason, condition, message } = found.failure;
    say("ScalingActive", "False", reason, condition);
    const warnings = [...found.warnings, { reason: "FailedComputeMetricsReplicas", message }];
    return { ...still, status: sized(status, current, { desired: scaler.status.desiredReplicas, metrics: found.statuses }), warnings };
  }
  say("ScalingActive", "True", "ValidMetricFound", `the HPA was able to successfully calculate a replica count from ${found.name}`);
  const wanted = found.replicas;
  const { replicas, able, limited } = limit(scaler, { current, wanted, past: { changes: past?.changes ?? [], recommendations: past?.recommendations ?? seed }, now });
  say("AbleToScale", "True", able.reason, able.message);
  say("ScalingLimited", limited.status, limited.reason, limited.message);
  // Where only an older recommendation asks for another size, upstream tells no reason either.
  const reason = wanted > current ? `${found.name} above target` : wanted < current ? "All metrics below target" : "";
  return {
    status: sized(status, current, { desired: replicas, metrics: found.statuses }),
    warnings: found.warnings,
    recommendations: [...seed, { at: now, replicas: wanted }],
    rescale: replicas === current ? undefined : { replicas, reason },
  };
}

/** Made anew from what is known now: of the standing status only the conditions and the time of the last scaling stay. */
function sized({ lastScaleTime, conditions }: HorizontalPodAutoscalerStatus, current: number, next: { readonly desired: number; readonly metrics: readonly MetricStatus[] | undefined }): HorizontalPodAutoscalerStatus {
  const made = {
    ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
    ...(current === 0 ? {} : { currentReplicas: current }),
    desiredReplicas: next.desired,
    // The wire has null for a list that nobody made.
    currentMetrics: next.metrics ?? null,
    // Left over from a cluster that scales to zero; the gate for that is off.
    conditions: (conditions ?? []).filter(({ type }) => type !== "ScaledToZero"),
  };
  return made as unknown as HorizontalPodAutoscalerStatus;
}

interface Measured {
  readonly replicas: number;
  readonly name: string;
  readonly statuses: readonly MetricStatus[] | undefined;
  readonly warnings: readonly Warning[];
  readonly failure: { readonly reason: string; readonly condition: string; readonly message: string } | undefined;
}

/** What stands in the status for a metric that could not be read. */
const unread = { type: "" } as MetricStatus;

/** The largest size that a metric asks for. One that cannot be read forbids to shrink. */
function measure(view: ScalerView, scale: Scale): Measured {
  const selection = badSelection(view, scale);
  if (selection) return { replicas: 0, name: "", statuses: undefined, ...selection };
  const metrics = view.scaler.spec.metrics ?? [];
  const statuses: MetricStatus[] = [];
  const failures: Failure[] = [];
  let best: { readonly replicas: number; readonly name: string } = { replicas: 0, name: "" };
  for (const metric of metrics) {
    const asked = askMetric(metric, { ...view, current: scale.replicas });
    if ("error" in asked) failures.push(asked);
    else if (best.replicas === 0 || asked.replicas > best.replicas) best = asked;
    statuses.push("error" in asked ? unread : asked.status);
  }
  const [first] = failures;
  const useless = first !== undefined && (failures.length === metrics.length || best.replicas < scale.replicas);
  const failure = useless && {
    reason: first.reason,
    condition: `the HPA was unable to compute the replica count: ${first.message}`,
    message: `invalid metrics (${failures.length} invalid out of ${metrics.length}), first error is: ${first.error}`,
  };
  return { replicas: best.replicas, name: best.name, statuses, warnings: failures, failure: failure || undefined };
}

/** Why the Pods of the target cannot be told apart from others. */
function badSelection({ claimants }: ScalerView, { selector }: Scale): Pick<Measured, "warnings" | "failure"> | undefined {
  if (selector === "") {
    const message = "selector is required";
    return { warnings: [{ reason: "SelectorRequired", message }], failure: { reason: "InvalidSelector", condition: "the HPA target's scale is missing a selector", message } };
  }
  if (claimants.length < 2) return undefined;
  const message = `pods by selector ${selector} are controlled by multiple HPAs: [${claimants.join(" ")}]`;
  return { warnings: [{ reason: "AmbiguousSelector", message }], failure: { reason: "AmbiguousSelector", condition: message, message } };
}
