/** HorizontalPodAutoscaler of autoscaling/v1: the CPU target as a field; what v1 has no field for rides in annotations. */
import type { Draft } from "../../base/json.ts";
import type { KindConversion } from "../conversion.ts";
import type { KindDeclaration } from "../declaration.ts";
import { horizontalPodAutoscalers, horizontalPodAutoscalersV1 } from "../kinds.ts";
import type { HorizontalPodAutoscaler as AutoscalerV1 } from "../types/autoscaling-v1.ts";
import type { HorizontalPodAutoscaler, MetricSpec } from "../types/autoscaling-v2.ts";
import { autoscalerCells, horizontalPodAutoscaler } from "./horizontal-pod-autoscaler.ts";

const metricsAnnotation = "autoscaling.alpha.kubernetes.io/metrics";
const behaviorAnnotation = "autoscaling.alpha.kubernetes.io/behavior";

function isCpu(metric: MetricSpec): boolean {
  return metric.type === "Resource" && metric.resource?.name === "cpu" && metric.resource.target.averageUtilization !== undefined;
}

function toStored(draft: Draft<AutoscalerV1>): Draft<HorizontalPodAutoscaler> {
  const { targetCPUUtilizationPercentage: target, ...spec } = draft.spec;
  const { [metricsAnnotation]: metrics, [behaviorAnnotation]: behavior, ...annotations } = draft.metadata.annotations ?? {};
  const carried = (text: string | undefined): unknown => {
    try {
      return text === undefined ? undefined : JSON.parse(text);
    } catch {
      return undefined;
    }
  };
  const cpu: MetricSpec[] = target === undefined ? [] : [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: target } } }];
  const all = [...cpu, ...((carried(metrics) as MetricSpec[] | undefined) ?? [])];
  const rules = carried(behavior);
  const metadata = { ...draft.metadata };
  if (Object.keys(annotations).length > 0) metadata.annotations = annotations;
  else delete metadata.annotations;
  const stored = {
    kind: horizontalPodAutoscalers.kind,
    apiVersion: horizontalPodAutoscalers.apiVersion,
    metadata,
    spec: { ...spec, ...(all.length === 0 ? {} : { metrics: all }), ...(rules === undefined ? {} : { behavior: rules }) },
    status: storedStatus(draft.status),
  } as Draft<HorizontalPodAutoscaler>;
  // Upstream fills in what the stored form defaults to whenever it reads one: without a target, that of 80% of the CPU counts.
  horizontalPodAutoscaler.defaults?.(stored);
  return stored;
}

function storedStatus(status: Draft<AutoscalerV1>["status"] | undefined): object {
  const { currentCPUUtilizationPercentage: used, ...rest } = status ?? { currentReplicas: 0, desiredReplicas: 0 };
  if (used === undefined) return { ...rest, currentMetrics: null };
  return { ...rest, currentMetrics: [{ type: "Resource", resource: { name: "cpu", current: { averageUtilization: used } } }] };
}

function toServed(object: HorizontalPodAutoscaler): Draft<AutoscalerV1> {
  const { metrics, behavior, ...spec } = object.spec;
  const cpu = metrics?.find(isCpu);
  const others = metrics?.filter((metric) => metric !== cpu) ?? [];
  const { currentMetrics, conditions: _, ...status } = object.status;
  const used = currentMetrics?.find(({ type, resource }) => type === "Resource" && resource?.name === "cpu")?.resource?.current.averageUtilization;
  const carried = {
    ...(others.length === 0 ? {} : { [metricsAnnotation]: JSON.stringify(others) }),
    ...(behavior === undefined ? {} : { [behaviorAnnotation]: JSON.stringify(behavior) }),
  };
  const annotations = { ...object.metadata.annotations, ...carried };
  const target = cpu?.resource?.target.averageUtilization;
  return {
    kind: horizontalPodAutoscalersV1.kind,
    apiVersion: horizontalPodAutoscalersV1.apiVersion,
    metadata: { ...object.metadata, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
    spec: { ...spec, ...(target === undefined ? {} : { targetCPUUtilizationPercentage: target }) },
    status: { currentReplicas: 0, ...status, ...(used === undefined ? {} : { currentCPUUtilizationPercentage: used }) },
  } as Draft<AutoscalerV1>;
}

export const autoscalerConversion: KindConversion<AutoscalerV1, HorizontalPodAutoscaler> = {
  served: horizontalPodAutoscalersV1,
  stored: horizontalPodAutoscalers,
  toStored,
  toServed,
};

export const horizontalPodAutoscalerV1: KindDeclaration<AutoscalerV1> = {
  ref: horizontalPodAutoscalersV1,
  hasGeneration: false,
  generationRises: () => false,
  defaults(draft) {
    draft.spec.minReplicas ??= 1;
  },
  validate: (object) => horizontalPodAutoscaler.validate?.(toStored(object as Draft<AutoscalerV1>) as HorizontalPodAutoscaler) ?? [],
  table: {
    columns: horizontalPodAutoscaler.table?.columns ?? [],
    cells: (object, context) => autoscalerCells(toStored(object as Draft<AutoscalerV1>) as HorizontalPodAutoscaler, context),
  },
};
