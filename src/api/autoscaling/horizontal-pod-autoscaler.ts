/** HorizontalPodAutoscaler: replicas by metrics. Stored as v2; v1, which knows the CPU target alone, is made from it. */
import type { Draft } from "../../base/json.ts";
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration, TableContext } from "../declaration.ts";
import { horizontalPodAutoscalers } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { HorizontalPodAutoscaler, HPAScalingRules, MetricSpec, MetricStatus, MetricTarget, MetricValueStatus } from "../types/autoscaling-v2.ts";
import { forbidden, invalid, required } from "../validation/errors.ts";
import { checkNonNegative } from "../validation/numbers.ts";
import { FieldPath } from "../validation/path.ts";
import { checkMetric, checkScalingRules } from "./metrics-validation.ts";

const spec = FieldPath.of("spec");
/** Metrics that are shown before `+ N more...`. */
const shown = 2;

export const horizontalPodAutoscaler: KindDeclaration<HorizontalPodAutoscaler> = {
  ref: horizontalPodAutoscalers,
  hasGeneration: false,
  generationRises: () => false,
  defaults(draft) {
    draft.spec.minReplicas ??= 1;
    if ((draft.spec.metrics ?? []).length === 0) {
      draft.spec.metrics = [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } }];
    }
    const behavior = draft.spec.behavior;
    if (behavior === undefined || behavior === null) return;
    behavior.scaleUp = withDefaults(behavior.scaleUp, defaultScaleUp);
    behavior.scaleDown = withDefaults(behavior.scaleDown, defaultScaleDown);
  },
  prepareCreate(draft) {
    draft.status = { desiredReplicas: 0, currentMetrics: null } as unknown as Draft<HorizontalPodAutoscaler>["status"];
  },
  prepareUpdate(draft, old) {
    draft.status = old.status as Draft<HorizontalPodAutoscaler>["status"];
  },
  validate(object) {
    const errors: FieldError[] = [];
    const { minReplicas, maxReplicas = 0, scaleTargetRef, metrics = [] } = object.spec;
    if (minReplicas !== undefined && minReplicas < 1) {
      errors.push(invalid(spec.child("minReplicas"), minReplicas, "must be greater than or equal to 1"));
    }
    if (maxReplicas === 0) errors.push(required(spec.child("maxReplicas"), "must be set and greater than 0"));
    else if (maxReplicas < 0) errors.push(invalid(spec.child("maxReplicas"), maxReplicas, "must be greater than or equal to 1"));
    if (minReplicas !== undefined && maxReplicas < minReplicas) {
      errors.push(invalid(spec.child("maxReplicas"), maxReplicas, "must be greater than or equal to `minReplicas`"));
    }
    for (const field of ["kind", "name"] as const) {
      if ((scaleTargetRef?.[field] ?? "") === "") errors.push(required(spec.child("scaleTargetRef").child(field)));
    }
    const target = scaleTargetRef?.apiVersion ?? "";
    if (!target.includes("/") && target !== "v1") {
      errors.push(invalid(spec.child("scaleTargetRef").child("apiVersion"), target, "apiVersion must specify API group"));
    }
    metrics?.forEach((metric, i) => checkMetric(metric, spec.child("metrics").index(i), errors));
    for (const field of ["scaleUp", "scaleDown"] as const) checkScalingRules(object.spec.behavior?.[field], spec.child("behavior").child(field), errors);
    if (minReplicas === 0 && !(metrics ?? []).some(({ type }) => type === "Object" || type === "External")) {
      errors.push(forbidden(spec.child("metrics"), "must specify at least one Object or External metric to support scaling to zero replicas"));
    }
    return errors;
  },
  status: {
    validate({ status }) {
      const errors: FieldError[] = [];
      for (const field of ["currentReplicas", "desiredReplicas"] as const) checkNonNegative(status[field], FieldPath.of("status"), field, errors);
      return errors;
    },
  },
  table: {
    columns: columns("Name", "Reference", "Targets", "MinPods", "MaxPods", "Replicas", "Age"),
    cells: autoscalerCells,
  },
};

const defaultScaleUp: HPAScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: "Max",
  policies: [
    { type: "Pods", value: 4, periodSeconds: 15 },
    { type: "Percent", value: 100, periodSeconds: 15 },
  ],
};
const defaultScaleDown: HPAScalingRules = { selectPolicy: "Max", policies: [{ type: "Percent", value: 100, periodSeconds: 15 }] };

/** A copy, so that no two objects share a list. */
function withDefaults(given: Draft<HPAScalingRules> | undefined, defaults: HPAScalingRules): Draft<HPAScalingRules> {
  const { policies = [], ...rest } = { ...defaults, ...given };
  return { ...rest, policies: policies.map((policy) => ({ ...policy })) };
}

export function autoscalerCells(object: HorizontalPodAutoscaler, context: TableContext): (string | number)[] {
  return [
    object.metadata.name,
    `${object.spec.scaleTargetRef.kind}/${object.spec.scaleTargetRef.name}`,
    targetsText(object.spec.metrics ?? [], object.status.currentMetrics ?? []),
    object.spec.minReplicas === undefined ? "<unset>" : String(object.spec.minReplicas),
    object.spec.maxReplicas,
    object.status.currentReplicas ?? 0,
    age(object, context),
  ];
}

function targetsText(metrics: readonly MetricSpec[], current: readonly MetricStatus[]): string {
  if (metrics.length === 0) return "<none>";
  const texts = metrics.map((metric, i) => metricText(metric, current[i]));
  const text = texts.slice(0, shown).join(", ");
  return texts.length > shown ? `${text} + ${texts.length - shown} more...` : text;
}

function metricText(metric: MetricSpec, status: MetricStatus | undefined): string {
  switch (metric.type) {
    case "Resource":
      return `${metric.resource?.name ?? ""}: ${usageText(metric.resource?.target, status?.resource?.current)}`;
    case "ContainerResource":
      return `${metric.containerResource?.name ?? ""}: ${usageText(metric.containerResource?.target, status?.containerResource?.current)}`;
    case "Pods":
      return `${status?.pods?.current.averageValue ?? "<unknown>"}/${metric.pods?.target.averageValue ?? ""}`;
    case "Object":
      return valueText(metric.object?.target, status?.object?.current);
    case "External":
      return valueText(metric.external?.target, status?.external?.current);
    default:
      return "<unknown type>";
  }
}

function valueText(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? "<unknown>"}/${target.averageValue} (avg)`;
  return `${current?.value ?? "<unknown>"}/${target?.value ?? ""}`;
}

function usageText(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? "<unknown>"}/${target.averageValue}`;
  const now = current?.averageUtilization === undefined ? "<unknown>" : `${current.averageUtilization}%`;
  return `${now}/${target?.averageUtilization === undefined ? "<auto>" : `${target.averageUtilization}%`}`;
}
