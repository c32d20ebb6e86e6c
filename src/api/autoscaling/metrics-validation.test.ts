import { expect, it } from "vitest";
import type { FieldError } from "../../base/field-error.ts";
import type { MetricSpec } from "../types/autoscaling-v2.ts";
import { FieldPath } from "../validation/path.ts";
import { checkMetric } from "./metrics-validation.ts";

function judged(metric: object): string[] {
  const errors: FieldError[] = [];
  checkMetric(metric as MetricSpec, FieldPath.of("m"), errors);
  return errors.map(({ field, message }) => `${field}: ${message}`);
}

const pods = { metric: { name: "rps" }, target: { type: "AverageValue", averageValue: "10" } };

it("a metric has the one source that its type names", () => {
  expect(judged({ type: "Pods", pods })).toEqual([]);
  expect(judged({ type: "Pods", resource: { name: "cpu", target: { type: "Utilization" } } })).toEqual([
    "m.resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization",
    "m.pods: Required value: must populate information for the given metric source",
  ]);
  expect(judged({ type: "Resource", pods, resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } } })).toEqual(["m.pods: Forbidden: must populate the given metric source only"]);
});

it("a target is positive and one", () => {
  expect(judged({ type: "Pods", pods: { metric: { name: "a/b" }, target: { type: "AverageValue", averageValue: "0" } } })).toEqual([
    `m.pods.metric.name: Invalid value: "a/b": may not contain '/'`,
    `m.pods.target.averageValue: Invalid value: "0": must be positive`,
  ]);
  expect(judged({ type: "External", external: { metric: { name: "q" }, target: { type: "Value", value: "1", averageValue: "1" } } })).toEqual([
    "m.external.target.value: Forbidden: may not set both a target value for metric and a per-pod target",
  ]);
  expect(judged({ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50, averageValue: "1" } } })).toEqual([
    "m.resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization",
  ]);
});
