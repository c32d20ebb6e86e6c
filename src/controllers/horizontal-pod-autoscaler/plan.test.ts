import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerStatus, MetricSpec } from "../../api/types/autoscaling-v2.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { PodMetrics } from "../../api/types/metrics-v1beta1.ts";
import { formatTime } from "../../base/time.ts";
import type { Change, Recommendation } from "./limits.ts";
import type { ScalerPlan } from "./plan.ts";
import { planScaler } from "./plan.ts";

const now = Date.UTC(2026, 0, 1, 1);
const since = "2026-01-01T00:00:00Z";
const minute = 60_000;

const cpuAt = (averageUtilization: number): MetricSpec => ({ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization } } });

/** One Pod as the world shows it: what it uses (undefined: nobody measured it) of the tenth of a core that it asks for. */
interface Seen {
  readonly cpu?: string | undefined;
  readonly phase?: string;
  readonly ready?: boolean;
  readonly started?: number;
  readonly deleted?: boolean;
}

interface Options {
  readonly spec?: object;
  readonly replicas?: number;
  readonly metrics?: string;
  readonly changes?: readonly Change[];
  readonly recommendations?: readonly Recommendation[];
  readonly status?: object;
  readonly at?: number;
  readonly claimants?: readonly string[];
  readonly selector?: string;
  readonly first?: boolean;
}

function plan(seen: readonly Seen[], options: Options = {}): ScalerPlan {
  const { at = now, replicas = seen.length, changes = [], recommendations = [], selector = "app=web" } = options;
  const scaler = { metadata: { name: "web", namespace: "default" }, spec: { minReplicas: 2, maxReplicas: 10, metrics: [cpuAt(50)], ...options.spec }, status: { desiredReplicas: 0, ...options.status } } as unknown as HorizontalPodAutoscaler;
  const pods = seen.map(({ phase = "Running", ready = true, started, deleted }, i) => {
    const startTime = started === undefined ? since : formatTime(started);
    const metadata = { name: `p${i}`, ...(deleted ? { deletionTimestamp: since } : {}) };
    return { metadata, spec: { containers: [{ name: "c", resources: { requests: { cpu: "100m", memory: "100Mi" } } }] }, status: { phase, startTime, conditions: [{ type: "Ready", status: ready ? "True" : "False", lastTransitionTime: startTime }] } };
  }) as unknown as Pod[];
  const measured = seen.flatMap(({ cpu }, i) => (cpu === undefined ? [] : [{ metadata: { name: `p${i}` }, timestamp: formatTime(at), window: "15s", containers: [{ name: "c", usage: { cpu, memory: "150Mi" } }] }]));
  const past = options.first ? undefined : { changes, recommendations };
  return planScaler({ scaler, scale: { replicas, selector }, pods, metrics: options.metrics ?? (measured as unknown as PodMetrics[]), claimants: options.claimants ?? ["default/web"], past, now: at });
}

const each = (count: number, cpu: string | undefined): Seen[] => Array.from({ length: count }, () => ({ cpu }));
const condition = ({ conditions }: HorizontalPodAutoscalerStatus, type: string) => conditions?.find((one) => one.type === type);

test.each([
  [3, "50m", undefined, "DesiredWithinRange"],
  [3, "55m", undefined, "DesiredWithinRange"],
  [3, "56m", 4, "DesiredWithinRange"],
  [3, "75m", 5, "DesiredWithinRange"],
  [3, "400m", 6, "ScaleUpLimit"],
  [2, "400m", 4, "ScaleUpLimit"],
  [8, "200m", 10, "TooManyReplicas"],
  [4, "10m", 2, "TooFewReplicas"],
  [12, "50m", 10, undefined],
  [1, "50m", 2, undefined],
  [0, "50m", undefined, undefined],
])("%i replicas that use %s each become %s: %s", (replicas, cpu, wanted, reason) => {
  const { status, rescale } = plan(each(replicas, cpu));
  expect(rescale?.replicas).toBe(wanted);
  expect(condition(status, "ScalingLimited")?.reason).toBe(reason);
});

describe("says in upstream's words", () => {
  const failed = "unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: gone";
  const noCustom = "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered";
  const target = { type: "Value", value: "5" };
  const object = { metric: { name: "hits" }, describedObject: { kind: "Service", name: "web" } };
  const external = "unable to get external metric default/jobs/&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},}: unable to fetch metrics from external metrics API: the server could not find the requested resource (get jobs.external.metrics.k8s.io)";
  const jobs = { name: "jobs", selector: { matchLabels: { a: "b" } } };
  const memory = { type: "Resource", resource: { name: "memory", target: { type: "AverageValue", averageValue: "100Mi" } } };
  const inContainer = (container: string): MetricSpec => ({ type: "ContainerResource", containerResource: { name: "cpu", container, target: { type: "Utilization", averageUtilization: 50 } } });
  const cases: [string, object, string | undefined, string, string, string][] = [
    ["no metrics of Pods", cpuAt(50), "gone", "FailedGetResourceMetric", `failed to get cpu utilization: ${failed}`, `failed to get cpu resource metric value: failed to get cpu utilization: ${failed}`],
    ["no metrics for a value", memory, "gone", "FailedGetResourceMetric", `failed to get memory usage: ${failed.replace("cpu", "memory")}`, `failed to get memory resource metric value: failed to get memory usage: ${failed.replace("cpu", "memory")}`],
    ["a container that is not there", inContainer("x"), undefined, "FailedGetContainerResourceMetric", "failed to get cpu utilization: did not receive metrics for targeted pods (pods might be unready)", "failed to get x container metric value: failed to get cpu utilization: did not receive metrics for targeted pods (pods might be unready)"],
    ["a metric of Pods", { type: "Pods", pods: { metric: { name: "hits" }, target } }, undefined, "FailedGetPodsMetric", `unable to get metric hits: ${noCustom}`, `failed to get pods metric value: unable to get metric hits: ${noCustom}`],
    ["a metric of an object", { type: "Object", object: { ...object, target } }, undefined, "FailedGetObjectMetric", `unable to get metric hits: ${noCustom} on Service default/web`, `failed to get object metric value: unable to get metric hits: ${noCustom} on Service default/web`],
    ["an average over an object", { type: "Object", object: { ...object, target: { type: "AverageValue", averageValue: "5" } } }, undefined, "FailedGetObjectMetric", `unable to get metric hits: ${noCustom} on Service default/web`, `failed to get object metric value: failed to get hits object metric: unable to get metric hits: ${noCustom} on Service default/web`],
    ["an external one", { type: "External", external: { metric: jobs, target } }, undefined, "FailedGetExternalMetric", external, `failed to get jobs external metric value: failed to get external metric jobs: ${external}`],
    ["an external average", { type: "External", external: { metric: jobs, target: { type: "AverageValue", averageValue: "5" } } }, undefined, "FailedGetExternalMetric", external, `failed to get jobs external metric value: failed to get jobs external metric: ${external}`],
  ];
  test.each(cases)("that it knows nothing: %s", (_, metric, metrics, reason, message, error) => {
    const { status, warnings, rescale } = plan(each(3, "50m"), { spec: { metrics: [metric] }, ...(metrics === undefined ? {} : { metrics }), status: { desiredReplicas: 3 } });
    expect(rescale).toBeUndefined();
    expect(status).toMatchObject({ currentReplicas: 3, desiredReplicas: 3, currentMetrics: [{ type: "" }] });
    expect(condition(status, "ScalingActive")).toMatchObject({ status: "False", reason, message: `the HPA was unable to compute the replica count: ${message}` });
    expect(warnings).toMatchObject([{ reason, message }, { reason: "FailedComputeMetricsReplicas", message: `invalid metrics (1 invalid out of 1), first error is: ${error}` }]);
  });

  test("what it measures, each resource in its own suffixes", () => {
    const { status } = plan(each(3, "50m"), { spec: { metrics: [cpuAt(50), memory, inContainer("c")] } });
    expect(status.currentMetrics).toEqual([
      { type: "Resource", resource: { name: "cpu", current: { averageUtilization: 50, averageValue: "50m" } } },
      { type: "Resource", resource: { name: "memory", current: { averageValue: "150Mi" } } },
      { type: "ContainerResource", containerResource: { name: "cpu", container: "c", current: { averageUtilization: 50, averageValue: "50m" } } },
    ]);
    expect(condition(status, "ScalingActive")?.message).toBe("the HPA was able to successfully calculate a replica count from memory resource");
  });

  test("that its Pods are also another's, or not selected at all", () => {
    const message = "pods by selector app=web are controlled by multiple HPAs: [default/a default/web]";
    const { status, warnings } = plan(each(3, "50m"), { claimants: ["default/a", "default/web"] });
    expect(condition(status, "ScalingActive")).toMatchObject({ status: "False", reason: "AmbiguousSelector" });
    expect(warnings).toEqual([{ reason: "AmbiguousSelector", message }, { reason: "FailedComputeMetricsReplicas", message }]);
    expect(plan(each(3, "50m"), { selector: "" }).warnings[0]).toEqual({ reason: "SelectorRequired", message: "selector is required" });
  });

  test("that nothing scales a target of no replicas", () => {
    const { status, rescale } = plan([], { status: { currentMetrics: [], conditions: [{ type: "ScaledToZero", status: "True" }] } });
    expect(rescale).toBeUndefined();
    expect(status).toMatchObject({ desiredReplicas: 0, currentMetrics: null });
    expect(status.conditions?.map(({ type, status: holds, reason }) => [type, holds, reason])).toEqual([["AbleToScale", "True", "SucceededGetScale"], ["ScalingActive", "False", "ScalingDisabled"]]);
  });
});

describe("Pods that say nothing", () => {
  const cases: [string, Seen[], number | undefined][] = [
    ["one without metrics counts as idle on the way up", [...each(2, "100m"), {}], 4],
    ["and as fully used on the way down, so that nothing shrinks", [...each(2, "10m"), {}], undefined],
    ["one that starts counts as idle on the way up", [...each(2, "80m"), { cpu: "900m", ready: false, started: now - minute }], undefined],
    ["a percentage is cut off before it is judged", [...each(2, "55m"), { cpu: "57m" }], undefined],
    ["and not at all on the way down", [...each(2, "10m"), { cpu: "10m", ready: false, started: now - minute }], 2],
    ["one that is ready counts only when a whole window was measured", [...each(2, "50m"), { cpu: "900m", started: now - 10_000 }], undefined],
    ["and counts from then on", [...each(2, "50m"), { cpu: "150m", started: now - 15_000 }], 5],
    ["one that has been ready once counts although it is not now", [...each(2, "100m"), { cpu: "100m", ready: false, started: now - 20 * minute }], 4],
    ["one that is going does not count", [...each(3, "50m"), { cpu: "900m", deleted: true }], undefined],
    ["one that failed does not count", [...each(3, "50m"), { phase: "Failed" }], undefined],
    ["one that is pending counts as idle on the way up", [...each(2, "60m"), { phase: "Pending" }], undefined],
  ];
  test.each(cases)("%s", (_, seen, wanted) => {
    expect(plan(seen, { replicas: 3 }).rescale?.replicas).toBe(wanted);
  });
});

describe("what was recommended before", () => {
  test("holds a fall for five minutes, and the size at the first look counts as recommended", () => {
    expect(plan(each(6, "10m"), { first: true })).toMatchObject({ rescale: undefined, recommendations: [{ at: now, replicas: 6 }, { at: now, replicas: 2 }] });
    const { status, rescale } = plan(each(6, "10m"), { recommendations: [{ at: now - 5 * minute + 1, replicas: 6 }] });
    expect([rescale, condition(status, "AbleToScale")?.reason]).toEqual([undefined, "ScaleDownStabilized"]);
    expect(plan(each(6, "10m"), { recommendations: [{ at: now - 5 * minute, replicas: 6 }] }).rescale).toEqual({ replicas: 2, reason: "All metrics below target" });
  });

  test("without behavior it lifts the size as well, and no reason is told", () => {
    expect(plan(each(4, "50m"), { recommendations: [{ at: now - minute, replicas: 6 }] }).rescale).toEqual({ replicas: 6, reason: "" });
    expect(plan(each(4, "50m"), { spec: { behavior: {} }, recommendations: [{ at: now - minute, replicas: 6 }] }).rescale).toBeUndefined();
  });
});

test.each([
  ["Pods and Percent, the greater counts", { scaleUp: {} }, [], 4, "400m", 8, "ScaleUpLimit"],
  ["what was added within the period counts", { scaleUp: {} }, [{ at: now - 14_000, by: 2 }], 4, "400m", 6, "ScaleUpLimit"],
  ["and not at its edge", { scaleUp: {} }, [{ at: now - 15_000, by: 2 }], 4, "400m", 8, "ScaleUpLimit"],
  ["Disabled", { scaleUp: { selectPolicy: "Disabled" } }, [], 4, "400m", undefined, "ScaleUpLimit"],
  ["10 % more, in upstream's floating point", { scaleUp: { policies: [{ type: "Percent", value: 10, periodSeconds: 60 }] } }, [], 100, "400m", 111, "ScaleUpLimit"],
  ["Min of two", { scaleUp: { selectPolicy: "Min", policies: [{ type: "Pods", value: 1, periodSeconds: 60 }, { type: "Percent", value: 100, periodSeconds: 60 }] } }, [], 4, "400m", 5, "ScaleUpLimit"],
  ["down by two in a minute", { scaleDown: { stabilizationWindowSeconds: 0, policies: [{ type: "Pods", value: 2, periodSeconds: 60 }] } }, [{ at: now - 30_000, by: -1 }], 8, "10m", 7, "ScaleDownLimit"],
  ["a tolerance of its own, up", { scaleUp: { tolerance: "0" } }, [], 4, "51m", 5, "DesiredWithinRange"],
  ["a tolerance of its own, down", { scaleDown: { tolerance: "0.5", stabilizationWindowSeconds: 0 } }, [], 4, "26m", undefined, "DesiredWithinRange"],
])("behavior: %s", (_, behavior, changes, replicas, cpu, wanted, reason) => {
  const { status, rescale } = plan(each(replicas, cpu), { spec: { behavior, maxReplicas: 1000 }, changes });
  expect([rescale?.replicas, condition(status, "ScalingLimited")?.reason]).toEqual([wanted, reason]);
});

describe("whatever is seen", () => {
  const seen = fc.record({
    cpu: fc.option(fc.integer({ min: 0, max: 300 }).map((milli) => `${milli}m`), { nil: undefined }), phase: fc.constantFrom("Running", "Running", "Running", "Pending", "Failed"),
    ready: fc.boolean(), deleted: fc.boolean(), started: fc.integer({ min: 0, max: 30 * minute }).map((ago) => now - ago),
  });
  const policy = fc.record({ type: fc.constantFrom("Pods", "Percent"), value: fc.integer({ min: 1, max: 150 }), periodSeconds: fc.integer({ min: 1, max: 1800 }) });
  const rules = fc.record({ stabilizationWindowSeconds: fc.nat(600), selectPolicy: fc.constantFrom("Min", "Max", "Disabled"), policies: fc.array(policy, { minLength: 1, maxLength: 2 }) }, { requiredKeys: [] });
  const spec = fc.record({ bounds: fc.tuple(fc.integer({ min: 1, max: 8 }), fc.nat(8)), behavior: fc.option(fc.record({ scaleUp: rules, scaleDown: rules }), { nil: undefined }) }).map(
    ({ bounds: [least, more], behavior }) => ({ minReplicas: least, maxReplicas: least + more, ...(behavior && { behavior }) }),
  );
  const recommendations = fc.array(fc.record({ at: fc.nat(10 * minute).map((ago) => now - ago), replicas: fc.nat(20) }), { maxLength: 4 });
  const changes = fc.array(fc.record({ at: fc.nat(10 * minute).map((ago) => now - ago), by: fc.integer({ min: -5, max: 5 }) }), { maxLength: 4 });
  const view = fc.tuple(fc.array(seen, { maxLength: 12 }), spec, recommendations, changes);

  test("a new size lies between minimum and maximum, differs from the old one and stands in the status; nothing scales what is at zero", () => {
    fc.assert(
      fc.property(view, ([pods, own, told, done]) => {
        const { rescale, status } = plan(pods, { spec: own, recommendations: told, changes: done });
        if (pods.length === 0) expect(rescale).toBeUndefined();
        if (pods.length === 0) return;
        expect(status.currentReplicas).toBe(pods.length);
        if (rescale === undefined) return;
        expect(rescale.replicas).not.toBe(pods.length);
        expect(rescale.replicas).toBeGreaterThanOrEqual(own.minReplicas);
        expect(rescale.replicas).toBeLessThanOrEqual(own.maxReplicas);
        expect(status.desiredReplicas).toBe(rescale.replicas);
      }),
      { numRuns: 300 },
    );
  });

  test("no policy is outrun, and a window never lets the size go where no recommendation within it pointed", () => {
    fc.assert(
      fc.property(view, ([pods, own, told, done]) => {
        const { rescale, recommendations: asked } = plan(pods, { spec: own, recommendations: told, changes: done });
        const wanted = asked.at(-1)?.replicas;
        if (rescale === undefined || wanted === undefined) return;
        const steps = rescale.replicas - pods.length;
        const behavior = "behavior" in own ? own.behavior : undefined;
        if (!behavior) expect(steps).toBeLessThanOrEqual(Math.max(pods.length, 4));
        if (!behavior) return;
        const side = steps > 0 ? behavior.scaleUp : behavior.scaleDown;
        expect(side.selectPolicy).not.toBe("Disabled");
        const within = (seconds: number): number[] => told.filter(({ at }) => at > now - seconds * 1000).map(({ replicas }) => replicas);
        if (steps > 0) expect(rescale.replicas).toBeLessThanOrEqual(Math.min(wanted, ...within(side.stabilizationWindowSeconds ?? 0)));
        else expect(rescale.replicas).toBeGreaterThanOrEqual(Math.min(pods.length, Math.max(wanted, ...within(side.stabilizationWindowSeconds ?? 300))));
      }),
      { numRuns: 300 },
    );
  });

  test("with metrics that cannot be read nothing shrinks", () => {
    const broken = { type: "Pods", pods: { metric: { name: "hits" }, target: { type: "AverageValue", averageValue: "1" } } };
    fc.assert(
      fc.property(view, ([pods, own, told, done]) => {
        const { rescale } = plan(pods, { spec: { ...own, metrics: [cpuAt(50), broken] }, recommendations: told, changes: done });
        if (pods.length <= own.maxReplicas) expect(rescale?.replicas ?? pods.length).toBeGreaterThanOrEqual(pods.length);
      }),
    );
  });

  test("the same view again changes nothing in the status", () => {
    fc.assert(
      fc.property(view, ([pods, own, told, done]) => {
        const options = { spec: own, recommendations: told, changes: done };
        const { status } = plan(pods, options);
        expect(plan(pods, { ...options, status }).status).toEqual(status);
      }),
    );
  });
});
