/** HorizontalPodAutoscaler: what it measures, and how fast it may act. */
import type { FieldError } from "../../base/field-error.ts";
import type { HPAScalingRules, MetricSpec, MetricTarget } from "../types/autoscaling-v2.ts";
import { invalid, notSupported, pushProblems, required } from "../validation/errors.ts";
import { dns1123LabelProblems, qualifiedNameProblems } from "../validation/names.ts";
import type { FieldPath } from "../validation/path.ts";
import { isStandardContainerResource } from "../validation/quantities.ts";

/** Each type of metric, the field that holds it, and which targets it takes (none of them set: what upstream says). */
const types: { readonly [type: string]: { readonly field: keyof MetricSpec; readonly targets: readonly (keyof MetricTarget)[]; readonly none: string } } = {
  ContainerResource: { field: "containerResource", targets: ["averageUtilization", "averageValue"], none: "must set either a target raw value or a target utilization" },
  External: { field: "external", targets: ["averageValue", "value"], none: "must set either a target value for metric or a per-pod target" },
  Object: { field: "object", targets: ["averageValue", "value"], none: "must set either a target value or averageValue" },
  Pods: { field: "pods", targets: ["averageValue"], none: "must specify a positive target averageValue" },
  Resource: { field: "resource", targets: ["averageUtilization", "averageValue"], none: "must set either a target raw value or a target utilization" },
};

interface Source {
  readonly name?: string;
  readonly container?: string;
  readonly metric?: { readonly name?: string };
  readonly describedObject?: { readonly kind?: string; readonly name?: string };
  readonly target?: MetricTarget;
}

export function checkMetric(metric: MetricSpec, path: FieldPath, errors: FieldError[]): void {
  const { type = "" } = metric;
  const rule = types[type];
  if (type === "") errors.push(required(path.child("type"), "must specify a metric source type"));
  if (rule === undefined) {
    // Upstream looks the type up twice.
    for (let times = 0; times < 2; times++) errors.push(notSupported(path.child("type"), type, Object.keys(types)));
    return;
  }
  const source = metric[rule.field] as Source | undefined;
  const sourcePath = path.child(rule.field);
  if (source === undefined) {
    errors.push(required(sourcePath, "must populate information for the given metric source"));
    return;
  }
  checkSource(type, source, sourcePath, errors);
  checkTarget(source.target, rule, sourcePath.child("target"), errors);
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
  else if (type === "ContainerResource") {
    pushProblems(errors, namePath, name, qualifiedNameProblems(name));
    if (!name.includes("/") && !isStandardContainerResource(name)) errors.push(invalid(namePath, name, "must be a standard resource for containers"));
  }
  if (type !== "ContainerResource") return;
  const container = source.container ?? "";
  if (container === "") errors.push(required(path.child("container"), "must specify a container"));
  else pushProblems(errors, path.child("container"), container, dns1123LabelProblems(container));
}

function checkTarget(
  target: MetricTarget | undefined,
  rule: { readonly targets: readonly (keyof MetricTarget)[]; readonly none: string },
  path: FieldPath,
  errors: FieldError[],
): void {
  const type = target?.type ?? "";
  if (type === "") errors.push(required(path.child("type"), "must specify a metric target type"));
  if (!["Utilization", "Value", "AverageValue"].includes(type)) errors.push(invalid(path.child("type"), type, "must be either Utilization, Value, or AverageValue"));
  const [first = "averageValue"] = rule.targets;
  if (!rule.targets.some((field) => target?.[field] !== undefined)) errors.push(required(path.child(first), rule.none));
  const utilization = target?.averageUtilization;
  if (utilization !== undefined && utilization < 1) errors.push(invalid(path.child("averageUtilization"), utilization, "must be greater than 0"));
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
