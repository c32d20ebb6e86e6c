import { expect, test } from "vitest";
import type { HorizontalPodAutoscaler } from "../../api/types/autoscaling-v2.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { PodMetrics } from "../../api/types/metrics-v1beta1.ts";
import { planScaler } from "./plan.ts";

const metrics = [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } } }];
const scaler = { metadata: { name: "web", generation: 1 }, spec: { minReplicas: 2, maxReplicas: 10, metrics }, status: { desiredReplicas: 0 } } as unknown as HorizontalPodAutoscaler;
const now = Date.UTC(2026, 0, 1, 1);
const since = "2026-01-01T00:00:00Z";

function plan(replicas: number, cpu: string | undefined) {
  const names = Array.from({ length: replicas }, (_, i) => `p${i}`);
  const pods = names.map((name) => ({
    metadata: { name }, spec: { containers: [{ name: "c", resources: { requests: { cpu: "100m" } } }] },
    status: { phase: "Running", startTime: since, conditions: [{ type: "Ready", status: "True", lastTransitionTime: since }] },
  })) as unknown as Pod[];
  const used = cpu === undefined ? "gone" : (names.map((name) => ({ metadata: { name }, containers: [{ name: "c", usage: { cpu } }] })) as unknown as PodMetrics[]);
  return planScaler({ scaler, scale: { replicas, selector: "app=web" }, pods, metrics: used, past: { changes: [], recommendations: [] }, now });
}

test.each([
  [3, "50m", undefined, "DesiredWithinRange"],
  [3, "54m", undefined, "DesiredWithinRange"],
  [3, "75m", 5, "DesiredWithinRange"],
  [3, "400m", 7, "ScaleUpLimit"],
  [8, "200m", 10, "TooManyReplicas"],
  [4, "10m", 2, "TooFewReplicas"],
  [12, "50m", 10, undefined],
  [1, "50m", 2, undefined],
  [0, "50m", undefined, undefined],
  [3, undefined, undefined, undefined],
])("%i replicas that use %s each become %s: %s", (replicas, cpu, wanted, reason) => {
  const { status, rescale } = plan(replicas, cpu);
  expect(rescale?.replicas).toBe(wanted);
  expect(status.conditions?.find(({ type }) => type === "ScalingLimited")?.reason).toBe(reason);
});

test("without metrics it says so in upstream's words", () => {
  expect(plan(3, undefined).status.conditions?.[1]).toMatchObject({
    type: "ScalingActive", status: "False", reason: "FailedGetResourceMetric",
    message: "the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: gone",
  });
});
