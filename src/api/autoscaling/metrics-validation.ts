/** HorizontalPodAutoscaler: what it measures, and how fast it may act. */
import type { FieldError } from "../../base/field-error.ts";
import { milliValue } from "../../base/quantity.ts";
import type { HPAScalingRules, MetricSpec, MetricTarget } from "../types/autoscaling-v2.ts";
import { forbidden, invalid, notSupported, pushProblems, required } from "../validation/errors.ts";
import { dns1123LabelProblems, pathSegmentNameProblems, qualifiedNameProblems } from "../validation/names.ts";
import type { FieldPath } from "../validation/path.ts";
import { isStandardContainerResource } from "../validation/quantities.ts";

interface Rule {
  readonly type: string;
  readonly field: "object" | "external" | "pods" | "resource" | "containerResource";
  /** Which targets it takes, and what upstream says when none of them is set. */
  readonly targets: readonly (keyof MetricTarget)[];
  readonly none: string;
  /** The target that may not be set beside the other, and what upstream says then. */
  readonly both?: { readonly field: keyof MetricTarget; readonly text: string };
}

const ofResource = {
  targets: ["averageUtilization", "averageValue"],
  none: "must set either a target raw value or a target utilization",
  both: { field: "averageValue", text: "may not set both a target raw value and a target utilization" },
} as const;

/** Each type of metric. Of several sources upstream looks into the first of this order, whatever the metric says it is. */
const rules: readonly Rule[] = [
  { type: "Object", field: "object", targets: ["averageValue", "value"], none: "must set either a target value or averageValue" },
  {
    type: "External",
    field: "external",
    targets: ["averageValue", "value"],
    none: "must set either a target value for metric or a per-pod target",
    both: { field: "value", text: "may not set both a target value for metric and a per-pod target" },
  },
  { type: "Pods", field: "pods", targets: ["averageValue"], none: "must specify a positive target averageValue" },
  { type: "Resource", field: "resource", ...ofResource },
  { type: "ContainerResource", field: "containerResource", ...ofResource },
];

interface Source {
  readonly name?: string;
  readonly container?: string;
  readonly metric?: { readonly name?: string };
  readonly describedObject?: { readonly kind?: string; readonly name?: string };
  readonly target?: MetricTarget;
}

export function checkMetric(metric: MetricSpec, path: FieldPath, errors: FieldError[]): void {
  const { type = "" } = metric;
  const rule = rules.find((one) => one.type === type);
  const unknown = notSupported(path.child("type"), type, rules.map((one) => one.type).sort());
  if (type === "") errors.push(required(path.child("type"), "must specify a metric source type"));
  if (rule === undefined) errors.push(unknown);
  const given = rules.filter(({ field }) => metric[field] !== undefined);
  const [first] = given;
  if (first !== undefined) {
    const source = metric[first.field] as Source;
    checkSource(first.type, source, path.child(first.field), errors);
    checkTarget(source.target ?? {}, first, path.child(first.field).child("target"), errors);
  }
  // Upstream looks an unknown type up twice.
  if (rule === undefined) errors.push(unknown);
  else if (!given.includes(rule)) errors.push(required(path.child(rule.field), "must populate information for the given metric source"));
  if (given.length < 2) return;
  for (const { field } of given) if (field !== rule?.field) errors.push(forbidden(path.child(field), "must populate the given metric source only"));
}

function checkSource(type: string, source: Source, path: FieldPath, errors: FieldError[]): void {
  if (type === "Object") {
    for (const field of ["kind", "name"] as const) {
      if ((source.describedObject?.[field] ?? "") === "") errors.push(required(path.child("describedObject").child(field)));
    }
  }
  const resource = type === "Resource" || type === "ContainerResource";
  const name = (resource ? source.name : source.metric?.name) ?? "";
  const namePath = resource ? path.child("name") : path.child("metric").child("name");
  if (name === "") errors.push(required(namePath, resource ? "must specify a resource name" : "must specify a metric name"));
  else if (!resource) pushProblems(errors, namePath, name, pathSegmentNameProblems(name, false));
  else if (type === "ContainerResource") {
    pushProblems(errors, namePath, name, qualifiedNameProblems(name));
    if (!name.includes("/") && !isStandardContainerResource(name)) errors.push(invalid(namePath, name, "must be a standard resource for containers"));
  }
  if (type !== "ContainerResource") return;
  const container = source.container ?? "";
  if (container === "") errors.push(required(path.child("container"), "must specify a container"));
  else pushProblems(errors, path.child("container"), container, dns1123LabelProblems(container));
}

function checkTarget(target: Partial<MetricTarget>, rule: Rule, path: FieldPath, errors: FieldError[]): void {
  const type = target.type ?? "";
  if (type === "") errors.push(required(path.child("type"), "must specify a metric target type"));
  if (!["Utilization", "Value", "AverageValue"].includes(type)) errors.push(invalid(path.child("type"), type, "must be either Utilization, Value, or AverageValue"));
  for (const field of ["value", "averageValue"] as const) {
    const amount = target[field];
    if (amount !== undefined && milliValue(amount) <= 0) errors.push(invalid(path.child(field), amount, "must be positive"));
  }
  const utilization = target.averageUtilization;
  if (utilization !== undefined && utilization < 1) errors.push(invalid(path.child("averageUtilization"), utilization, "must be greater than 0"));
  const [first = "averageValue"] = rule.targets;
  if (!rule.targets.some((field) => target[field] !== undefined)) errors.push(required(path.child(first), rule.none));
  if (rule.both !== undefined && rule.targets.every((field) => target[field] !== undefined)) errors.push(forbidden(path.child(rule.both.field), rule.both.text));
}

/** One hour: upstream's longest window; and half of it, its longest period of a policy. */
const windowSecondsMax = 3600;
const periodSecondsMax = 1800;

export function checkScalingRules(rules: HPAScalingRules | undefined, path: FieldPath, errors: FieldError[]): void {
  if (rules === undefined) return;
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [] } = rules;
  const windowPath = path.child("stabilizationWindowSeconds");
  if (window !== undefined && window < 0) errors.push(invalid(windowPath, window, "must be greater than or equal to zero"));
  if (window !== undefined && window > windowSecondsMax) errors.push(invalid(windowPath, window, `must be less than or equal to ${windowSecondsMax}`));
  const selections = ["Disabled", "Max", "Min"];
  if (selectPolicy !== undefined && !selections.includes(selectPolicy)) errors.push(notSupported(path.child("selectPolicy"), selectPolicy, selections));
  const policiesPath = path.child("policies");
  if (policies.length === 0) errors.push(required(policiesPath, "must specify at least one Policy"));
  policies.forEach(({ type = "", value = 0, periodSeconds = 0 }, i) => {
    const at = policiesPath.index(i);
    if (type !== "Percent" && type !== "Pods") errors.push(notSupported(at.child("type"), type, ["Percent", "Pods"]));
    if (value <= 0) errors.push(invalid(at.child("value"), value, "must be greater than zero"));
    if (periodSeconds <= 0) errors.push(invalid(at.child("periodSeconds"), periodSeconds, "must be greater than zero"));
    if (periodSeconds > periodSecondsMax) errors.push(invalid(at.child("periodSeconds"), periodSeconds, `must be less than or equal to ${periodSecondsMax}`));
  });
}
