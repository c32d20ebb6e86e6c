import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus } from "../../api/types/autoscaling-v2.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { LabelSelector } from "../../api/types/meta-v1.ts";
import type { PodMetrics } from "../../api/types/metrics-v1beta1.ts";
import type { Instant } from "../../base/environment.ts";
import { parseQuantity } from "../../base/quantity.ts";
import type { Tolerance } from "./usage.ts";
import { proposeByUsage } from "./usage.ts";

/**
 * What one metric of an autoscaler asks for. Resources of Pods and of single containers are measured; nothing answers here for the
 * custom and external metrics APIs, so the other types say what upstream says in a cluster without an adapter. Pure.
 */

export interface MetricView {
  readonly scaler: HorizontalPodAutoscaler;
  readonly current: number;
  readonly pods: readonly Pod[];
  readonly metrics: readonly PodMetrics[] | string;
  readonly now: Instant;
}

export interface Asked {
  readonly replicas: number;
  readonly name: string;
  readonly status: MetricStatus;
}

export interface Failure {
  /** Of the event about this metric and of the condition. */
  readonly reason: string;
  readonly message: string;
  /** What the event about the whole computation says of it. */
  readonly error: string;
}

/** Upstream's horizontal-pod-autoscaler-tolerance. */
const defaultTolerance = 0.1;

const noCustomMetrics = "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered";

export function askMetric(metric: MetricSpec, view: MetricView): Asked | Failure {
  switch (metric.type) {
    case "Resource":
    case "ContainerResource":
      return askUsage(metric, view);
    case "Pods": {
      const message = `unable to get metric ${metric.pods?.metric.name}: ${noCustomMetrics}`;
      return { reason: "FailedGetPodsMetric", message, error: `failed to get pods metric value: ${message}` };
    }
    case "Object":
      return refuseObject(metric, view);
    case "External":
      return refuseExternal(metric, view);
    default: {
      const message = `unknown metric source type ${JSON.stringify(metric.type)}`;
      return { reason: "InvalidMetricSourceType", message, error: message };
    }
  }
}

function askUsage({ type, resource, containerResource }: MetricSpec, view: MetricView): Asked | Failure {
  const source = resource ?? containerResource;
  if (source === undefined) return { reason: "InvalidMetricSourceType", message: `metric of type ${type} without a source`, error: `metric of type ${type} without a source` };
  const container = resource === undefined ? containerResource?.container : undefined;
  const found = proposeByUsage({ ...view, resource: source.name, container, target: source.target, tolerance: toleranceOf(view.scaler) });
  if (typeof found === "string") {
    const error = `failed to get ${container === undefined ? `${source.name} resource` : `${container} container`} metric value: ${found}`;
    return { reason: `FailedGet${type}Metric`, message: found, error };
  }
  const { replicas, name, current } = found;
  const status: MetricStatus = container === undefined ? { type, resource: { name: source.name, current } } : { type, containerResource: { name: source.name, container, current } };
  return { replicas, name, status };
}

function toleranceOf({ spec: { behavior } }: HorizontalPodAutoscaler): Tolerance {
  const read = (text: string | undefined): number => {
    const quantity = text === undefined ? undefined : parseQuantity(text);
    return quantity === undefined ? defaultTolerance : Number(`${quantity.mantissa}e${quantity.scale}`);
  };
  return { up: read(behavior?.scaleUp?.tolerance), down: read(behavior?.scaleDown?.tolerance) };
}

function refuseObject({ object }: MetricSpec, { scaler }: MetricView): Failure {
  const { name } = object?.metric ?? { name: "" };
  const message = `unable to get metric ${name}: ${noCustomMetrics} on ${object?.describedObject.kind} ${scaler.metadata.namespace}/${object?.describedObject.name}`;
  const inner = object?.target.type === "Value" ? message : `failed to get ${name} object metric: ${message}`;
  return { reason: "FailedGetObjectMetric", message, error: `failed to get object metric value: ${inner}` };
}

function refuseExternal({ external }: MetricSpec, { scaler }: MetricView): Failure {
  const { name, selector } = external?.metric ?? { name: "" };
  const unserved = `the server could not find the requested resource (get ${name}.external.metrics.k8s.io)`;
  const message = `unable to get external metric ${scaler.metadata.namespace}/${name}/${goText(selector)}: unable to fetch metrics from external metrics API: ${unserved}`;
  const inner = external?.target.averageValue === undefined ? `failed to get external metric ${name}: ` : `failed to get ${name} external metric: `;
  return { reason: "FailedGetExternalMetric", message, error: `failed to get ${name} external metric value: ${inner}${message}` };
}

/** A selector as Go prints the pointer to it. */
function goText(selector: LabelSelector | undefined): string {
  if (selector === undefined) return "nil";
  const labels = Object.entries(selector.matchLabels ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}: ${value},`);
  const rules = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(" ")}],},`);
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join("")}},MatchExpressions:[]LabelSelectorRequirement{${rules.join("")}},}`;
}
