import { describe, expect, it } from "vitest";
import type { Draft, JsonObject } from "../base/json.ts";
import { loadSchema } from "./schema/schema.ts";
import { decodeValue } from "./schema/decode.ts";
import type { KubeObject } from "./kind-ref.ts";
import { KindRegistry } from "./registry.ts";

/** What the hooks of a kind do to an object on its way in. */
const registry = KindRegistry.default();
const schema = loadSchema();

function made(apiVersion: string, kind: string, rest: JsonObject): Draft<KubeObject> {
  const found = registry.byKind(apiVersion, kind);
  if (found === undefined) throw new Error(`no kind ${kind}`);
  const metadata = { name: "x", uid: "u-1", ...(rest["metadata"] as JsonObject | undefined) };
  const { object } = decodeValue<KubeObject>(schema, found.facts.type, { apiVersion, kind, ...rest, metadata });
  found.declaration?.defaults?.(object);
  return object;
}

function created(apiVersion: string, kind: string, rest: JsonObject): Draft<KubeObject> {
  const object = made(apiVersion, kind, rest);
  registry.byKind(apiVersion, kind)?.declaration?.prepareCreate?.(object);
  return object;
}

function updated(apiVersion: string, kind: string, old: KubeObject, rest: JsonObject): Draft<KubeObject> {
  const object = made(apiVersion, kind, rest);
  registry.byKind(apiVersion, kind)?.declaration?.prepareUpdate?.(object, old);
  return object;
}

/** The value at a path such as `spec.ports.0`. */
function at(object: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, field) => (value as { [field: string]: unknown })[field], object);
}

function set(object: unknown, path: string, value: unknown): void {
  const last = path.lastIndexOf(".");
  (at(object, path.slice(0, last)) as { [field: string]: unknown })[path.slice(last + 1)] = value;
}

function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

const pod = { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "busybox" }] } };

describe("Job", () => {
  it("gets a selector for its uid and labels on Job and template", () => {
    const job = created("batch/v1", "Job", { spec: { template: pod } });
    const labels = { "batch.kubernetes.io/controller-uid": "u-1", "batch.kubernetes.io/job-name": "x", "controller-uid": "u-1", "job-name": "x" };
    expect(at(job, "spec.selector")).toEqual({ matchLabels: { "batch.kubernetes.io/controller-uid": "u-1" } });
    expect(at(job, "spec.template.metadata.labels")).toEqual(labels);
    expect(job.metadata.labels).toEqual(labels);
    expect(registry.byKind("batch/v1", "Job")?.declaration?.validate?.(job as KubeObject)).toEqual([]);
  });

  it("keeps its own labels and a selector made by hand", () => {
    const spec = { manualSelector: true, selector: { matchLabels: { a: "b" } }, template: { ...pod, metadata: { labels: { a: "b" } } } };
    const job = created("batch/v1", "Job", { metadata: { labels: { mine: "1" } }, spec });
    expect(job.metadata.labels).toEqual({ mine: "1" });
    expect(at(job, "spec.selector")).toEqual({ matchLabels: { a: "b" } });
    expect(at(job, "spec.template.metadata.labels")).toEqual({ a: "b" });
  });

  it("lets a suspended Job be moved, not changed", () => {
    const old = copy(created("batch/v1", "Job", { spec: { suspend: true, template: pod } })) as KubeObject;
    const rules = registry.byKind("batch/v1", "Job")?.declaration;
    const moved = copy(old);
    set(moved, "spec.template.spec.nodeSelector", { disk: "ssd" });
    expect(rules?.validateUpdate?.(moved as KubeObject, old)).toEqual([]);
    const changed = copy(old);
    set(changed, "spec.template.spec.containers.0.image", "other");
    expect(rules?.validateUpdate?.(changed as KubeObject, old).map(({ field }) => field)).toEqual(["spec.template.spec"]);
  });
});

describe("DaemonSet", () => {
  const generation = (object: Draft<KubeObject>): string | undefined => object.metadata.annotations?.["deprecated.daemonset.template.generation"];
  const body = (image: string): JsonObject => ({
    spec: { selector: { matchLabels: { a: "b" } }, template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image }] } } },
  });

  it("counts changes of its template, whatever the client says", () => {
    const first = created("apps/v1", "DaemonSet", body("a"));
    expect(generation(first)).toBe("1");
    const old = copy(first) as KubeObject;
    expect(generation(updated("apps/v1", "DaemonSet", old, { ...body("a"), metadata: { labels: { l: "m" } } }))).toBe("1");
    expect(generation(updated("apps/v1", "DaemonSet", old, body("b")))).toBe("2");
  });
});

describe("Namespace", () => {
  it("gets its name as a label, a finalizer and its phase", () => {
    const namespace = created("v1", "Namespace", { metadata: { labels: { environment: "qa" } }, status: { phase: "Terminating" } });
    expect(namespace.metadata.labels).toEqual({ environment: "qa", "kubernetes.io/metadata.name": "x" });
    expect(at(namespace, "spec")).toEqual({ finalizers: ["kubernetes"] });
    expect(at(namespace, "status")).toEqual({ phase: "Active" });
  });

  it("keeps the finalizers on an ordinary update", () => {
    const old = copy(created("v1", "Namespace", {})) as KubeObject;
    expect(at(updated("v1", "Namespace", old, { spec: { finalizers: [] } }), "spec.finalizers")).toEqual(["kubernetes"]);
  });
});

describe("Secret", () => {
  it("takes texts as data, the text winning", () => {
    const secret = created("v1", "Secret", { data: { a: "b2xk", z: "eg==" }, stringData: { a: "new", é: "ü" } });
    expect(at(secret, "data")).toEqual({ a: "bmV3", z: "eg==", é: "w7w=" });
    expect("stringData" in secret).toBe(false);
    expect(at(secret, "type")).toBe("Opaque");
  });
});

describe("Service", () => {
  it("keeps its address and node port when a client leaves them out", () => {
    const old = copy(created("v1", "Service", { spec: { type: "NodePort", clusterIP: "10.96.0.9", ports: [{ port: 80, nodePort: 30001 }] } })) as KubeObject;
    const now = updated("v1", "Service", old, { spec: { type: "NodePort", ports: [{ port: 80 }] } });
    expect(at(now, "spec.clusterIPs")).toEqual(["10.96.0.9"]);
    expect(at(now, "spec.ports.0.nodePort")).toBe(30001);
  });

  it("drops them when its type no longer has them", () => {
    const old = copy(created("v1", "Service", { spec: { type: "NodePort", clusterIP: "10.96.0.9", ports: [{ port: 80, nodePort: 30001 }] } })) as KubeObject;
    const inner = updated("v1", "Service", old, { spec: { type: "ClusterIP", ports: [{ port: 80, nodePort: 30001 }] } });
    expect(at(inner, "spec.ports.0")).not.toHaveProperty("nodePort");
    const named = updated("v1", "Service", old, { spec: { ...(at(old, "spec") as JsonObject), type: "ExternalName", externalName: "example.com", ports: [] } });
    expect(at(named, "spec")).not.toHaveProperty("clusterIP");
  });
});

describe("conversions", () => {
  it("lose nothing of an Event", () => {
    const kind = registry.byKind("events.k8s.io/v1", "Event");
    const event = made("events.k8s.io/v1", "Event", {
      eventTime: "2026-01-01T00:00:00.000000Z",
      reportingController: "c",
      reportingInstance: "i",
      action: "A",
      reason: "R",
      note: "n",
      type: "Normal",
      regarding: { kind: "Pod", name: "p" },
    });
    const stored = kind?.conversion?.toStored(copy(event));
    expect(stored).toMatchObject({ apiVersion: "v1", involvedObject: { kind: "Pod", name: "p" }, message: "n", reportingComponent: "c" });
    expect(kind?.conversion?.toServed(stored as KubeObject)).toMatchObject({ ...event, apiVersion: "events.k8s.io/v1" });
  });

  it("carry in annotations what autoscaling/v1 has no fields for", () => {
    const kind = registry.byKind("autoscaling/v1", "HorizontalPodAutoscaler");
    const memory = { type: "Resource", resource: { name: "memory", target: { type: "Utilization", averageUtilization: 50 } } };
    const cpu = { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 70 } } };
    const spec = { scaleTargetRef: { kind: "Deployment", name: "d" }, minReplicas: 1, maxReplicas: 3, metrics: [cpu, memory] };
    const stored = created("autoscaling/v2", "HorizontalPodAutoscaler", { spec });
    const served = kind?.conversion?.toServed(stored as KubeObject) as Draft<KubeObject>;
    expect(at(served, "spec")).toEqual({ scaleTargetRef: { kind: "Deployment", name: "d" }, minReplicas: 1, maxReplicas: 3, targetCPUUtilizationPercentage: 70 });
    const back = kind?.conversion?.toStored(served) as Draft<KubeObject>;
    expect(at(back, "spec")).toEqual(spec);
    expect(back.metadata).toEqual(stored.metadata);
  });

  it("scale at 80% of the CPU where autoscaling/v1 names no target", () => {
    const kind = registry.byKind("autoscaling/v1", "HorizontalPodAutoscaler");
    const stored = kind?.conversion?.toStored({ apiVersion: "autoscaling/v1", kind: "HorizontalPodAutoscaler", metadata: { name: "h" }, spec: { scaleTargetRef: { kind: "Deployment", name: "d" }, maxReplicas: 3 } } as never);
    expect(at(stored as Draft<KubeObject>, "spec")).toMatchObject({ minReplicas: 1, metrics: [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } }] });
    expect(at(kind?.conversion?.toServed(stored as KubeObject) as Draft<KubeObject>, "spec")).toMatchObject({ targetCPUUtilizationPercentage: 80 });
  });
});

describe("Clock", () => {
  it("does not go backwards", () => {
    const rules = registry.byKind("sim.coracle.dev/v1alpha1", "Clock")?.declaration;
    const old = { apiVersion: "", kind: "", metadata: { name: "cluster" }, spec: {}, status: { now: "2026-01-02T00:00:00Z" } } as unknown as KubeObject;
    const asked = (at: string): KubeObject => ({ ...old, spec: { at } }) as unknown as KubeObject;
    expect(rules?.validateUpdate?.(asked("2026-01-03T00:00:00Z"), old)).toEqual([]);
    expect(rules?.validateUpdate?.(asked("2026-01-01T00:00:00Z"), old).map(({ message }) => message)).toEqual([
      'Invalid value: "2026-01-01T00:00:00Z": time does not go backwards: it is 2026-01-02T00:00:00Z',
    ]);
    expect(rules?.nameErrors?.("other", false)).toHaveLength(1);
  });
});
