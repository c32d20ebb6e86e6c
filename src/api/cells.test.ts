import { describe, expect, it } from "vitest";
import { decodeValue } from "./schema/decode.ts";
import { loadSchema } from "./schema/schema.ts";
import type { JsonObject } from "../base/json.ts";
import type { KubeObject } from "./kind-ref.ts";
import { KindRegistry } from "./registry.ts";

/** Rows as a real server's clients printed them, at an instant that is five minutes after all objects were made. */
const registry = KindRegistry.default();
const schema = loadSchema();
const created = "2026-01-01T00:00:00Z";
const now = Date.parse("2026-01-01T00:05:00Z");

function row(apiVersion: string, kind: string, rest: JsonObject): string {
  const found = registry.byKind(apiVersion, kind);
  if (found?.declaration?.table === undefined) throw new Error(`no table of ${kind}`);
  const metadata = { name: "x", namespace: "default", creationTimestamp: created, ...(rest["metadata"] as JsonObject | undefined) };
  const object = decodeValue<KubeObject>(schema, found.facts.type, { apiVersion, kind, ...rest, metadata }).object;
  found.declaration.defaults?.(object as never);
  const cells = found.declaration.table.cells(object as KubeObject, { now });
  expect(cells.length).toBe(found.declaration.table.columns.length);
  return cells.map(String).join(" | ");
}

const template = { metadata: { labels: { app: "a" } }, spec: { containers: [{ name: "c", image: "busybox:1.36" }] } };

describe("cells of workloads", () => {
  it("of a DaemonSet", () => {
    const status = { desiredNumberScheduled: 4, currentNumberScheduled: 4, numberReady: 3, updatedNumberScheduled: 2, numberAvailable: 3, numberMisscheduled: 0 };
    expect(row("apps/v1", "DaemonSet", { spec: { selector: { matchLabels: { app: "a" } }, template }, status })).toBe(
      "x | 4 | 4 | 3 | 2 | 3 | <none> | 5m | c | busybox:1.36 | app=a",
    );
  });

  it("of a Deployment, a ReplicaSet and a StatefulSet", () => {
    const spec = { replicas: 4, selector: { matchLabels: { app: "a" }, matchExpressions: [{ key: "tier", operator: "NotIn", values: ["b", "a"] }] }, template };
    const status = { replicas: 4, readyReplicas: 2, updatedReplicas: 1, availableReplicas: 2 };
    expect(row("apps/v1", "Deployment", { spec, status })).toBe("x | 2/4 | 1 | 2 | 5m | c | busybox:1.36 | app=a,tier notin (a,b)");
    expect(row("apps/v1", "ReplicaSet", { spec, status })).toBe("x | 4 | 4 | 2 | 5m | c | busybox:1.36 | app=a,tier notin (a,b)");
    expect(row("apps/v1", "StatefulSet", { spec, status })).toBe("x | 2/4 | 5m | c | busybox:1.36");
  });

  it("of a Job in each of its states", () => {
    const job = (spec: JsonObject, status: JsonObject, metadata: JsonObject = {}): string =>
      row("batch/v1", "Job", { metadata, spec: { template, ...spec }, status }).split(" | ").slice(1, 4).join(" | ");
    const started = { startTime: "2026-01-01T00:03:00Z" };
    expect(job({}, {})).toBe("Running | 0/1 | ");
    expect(job({ parallelism: 3 }, { ...started, succeeded: 2 })).toBe("Running | 2/1 of 3 | 2m");
    const complete = { conditions: [{ type: "SuccessCriteriaMet", status: "True" }, { type: "Complete", status: "True" }] };
    expect(job({ completions: 2 }, { ...started, ...complete, succeeded: 2, completionTime: "2026-01-01T00:03:12Z" })).toBe("Complete | 2/2 | 12s");
    expect(job({}, { conditions: [{ type: "Suspended", status: "True" }] })).toBe("Suspended | 0/1 | ");
    expect(job({}, started, { deletionTimestamp: created })).toBe("Terminating | 0/1 | 2m");
  });

  it("of a CronJob", () => {
    const spec = { schedule: "*/5 * * * *", suspend: false, jobTemplate: { spec: { template } } };
    expect(row("batch/v1", "CronJob", { spec, status: { lastScheduleTime: "2026-01-01T00:04:30Z", active: [{ name: "j" }] } })).toBe(
      "x | */5 * * * * | <none> | False | 1 | 30s | 5m | c | busybox:1.36 | <none>",
    );
    expect(row("batch/v1", "CronJob", { spec })).toContain(" | 0 | <none> | 5m | ");
  });
});

describe("cells of the core group", () => {
  it("of a Node", () => {
    const status = {
      conditions: [{ type: "Ready", status: "True" }],
      addresses: [{ type: "InternalIP", address: "172.18.0.2" }],
      nodeInfo: {
        kubeletVersion: "v1.36.3",
        osImage: "Debian GNU/Linux 13 (trixie)",
        kernelVersion: "6.12.0-amd64",
        architecture: "amd64",
        containerRuntimeVersion: "containerd://2.2.0",
      },
    };
    const metadata = { labels: { "node-role.kubernetes.io/control-plane": "" } };
    expect(row("v1", "Node", { metadata, spec: { unschedulable: true }, status })).toBe(
      "x | Ready,SchedulingDisabled | control-plane | 5m | v1.36.3 | 172.18.0.2 | <none> | Debian GNU/Linux 13 (trixie) | 6.12.0-amd64 (amd64) | containerd://2.2.0",
    );
    expect(row("v1", "Node", {})).toMatch(/^x \| Unknown \| <none> \| 5m \|/);
  });

  it("of a Service of each type", () => {
    const service = (spec: JsonObject): string => row("v1", "Service", { spec }).split(" | ").slice(1, 5).join(" | ");
    const ports = [{ port: 80 }, { port: 53, protocol: "UDP" }];
    expect(service({ clusterIPs: ["10.96.0.7"], ports })).toBe("ClusterIP | 10.96.0.7 | <none> | 80/TCP,53/UDP");
    expect(service({ type: "NodePort", clusterIPs: ["10.96.0.7"], ports: [{ port: 80, nodePort: 30080 }] })).toBe("NodePort | 10.96.0.7 | <none> | 80:30080/TCP");
    expect(service({ type: "LoadBalancer", clusterIPs: ["10.96.0.7"], ports })).toContain(" | <pending> | ");
    expect(service({ type: "ExternalName", externalName: "example.com" })).toBe("ExternalName | <none> | example.com | <none>");
  });

  it("of an Event, old and new", () => {
    const core = {
      involvedObject: { kind: "Pod", name: "p", fieldPath: "spec.containers{c}" },
      reason: "Pulled",
      message: "done ",
      type: "Normal",
      source: { component: "kubelet", host: "n" },
      firstTimestamp: created,
      lastTimestamp: "2026-01-01T00:04:00Z",
      count: 3,
    };
    expect(row("v1", "Event", core)).toBe("60s | Normal | Pulled | pod/p | spec.containers{c} | kubelet, n | done | 5m | 3 | x");
    const recent = { regarding: { kind: "Node", name: "n" }, reason: "R", note: "m", type: "Normal", eventTime: "2026-01-01T00:04:59.000000Z" };
    expect(row("events.k8s.io/v1", "Event", { ...recent, reportingController: "c", reportingInstance: "i" })).toBe(
      "1s | Normal | R | node/n |  | c, i | m | 1s | 1 | x",
    );
  });

  it("of the plain kinds", () => {
    expect(row("v1", "ConfigMap", { data: { a: "1", b: "2" }, binaryData: { c: "AA==" } })).toBe("x | 3 | 5m");
    expect(row("v1", "Secret", { data: { a: "AA==" } })).toBe("x | Opaque | 1 | 5m");
    expect(row("v1", "Namespace", {})).toBe("x | Active | 5m");
    expect(row("coordination.k8s.io/v1", "Lease", { spec: { holderIdentity: "h" } })).toBe("x | h | 5m");
    expect(row("scheduling.k8s.io/v1", "PriorityClass", { value: 10 })).toBe("x | 10 | false | 5m | PreemptLowerPriority");
    const owner = { ownerReferences: [{ apiVersion: "apps/v1", kind: "DaemonSet", name: "d", uid: "u", controller: true }] };
    expect(row("apps/v1", "ControllerRevision", { metadata: owner, revision: 2, data: {} })).toBe("x | daemonset.apps/d | 2 | 5m");
  });

  it("of an EndpointSlice with more than fits", () => {
    const endpoints = [1, 2, 3, 4].map((last) => ({ addresses: [`10.0.0.${last}`] }));
    expect(row("discovery.k8s.io/v1", "EndpointSlice", { addressType: "IPv4", endpoints, ports: [{ port: 80 }] })).toBe(
      "x | IPv4 | 80 | 10.0.0.1,10.0.0.2,10.0.0.3 + 1 more... | 5m",
    );
  });

  it("of volumes and claims", () => {
    const spec = { volumeName: "v", storageClassName: "std", accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    const status = { phase: "Bound", capacity: { storage: "1Gi" }, accessModes: ["ReadOnlyMany", "ReadWriteOnce"] };
    expect(row("v1", "PersistentVolumeClaim", { spec, status })).toBe("x | Bound | v | 1Gi | RWO,ROX | std | <unset> | 5m | Filesystem");
  });
});
