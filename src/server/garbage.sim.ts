import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { configMaps, pods } from "../api/kinds.ts";
import { startInProcessServer } from "../../test/in-process-server.ts";
import type { InProcessServer } from "../../test/in-process-server.ts";
import type { ApiRequest, ApiResponse } from "./request.ts";

/**
 * Whatever comes in over the wire: the server answers, never with a defect of its own, and what it refuses has changed nothing.
 */
let cluster: InProcessServer;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const credentials = { type: "certificate", commonName: "admin", organizations: ["system:masters"] } as const;

beforeAll(async () => {
  cluster = await startInProcessServer();
  await cluster.client.create(configMaps, { metadata: { name: "there", namespace: "default" }, data: { a: "b" } });
  await cluster.client.create(pods, { metadata: { name: "there", namespace: "default" }, spec: { containers: [{ name: "c", image: "busybox" }] } });
});

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly type: string;
  readonly body: Uint8Array | undefined;
}

async function ask({ method, path, query, type, body }: Asked): Promise<ApiResponse> {
  const gone = new AbortController();
  const headers = { "content-type": type, accept: "application/json", "user-agent": "test" };
  const request: ApiRequest = { method, path, query, headers, credentials, wants: "bytes", signal: gone.signal, ...(body === undefined ? {} : { body }) };
  const answer = await cluster.server.handle(request);
  gone.abort();
  return answer;
}

const textOf = ({ body }: ApiResponse): string => (body.type === "bytes" ? body.parts.map((part) => decoder.decode(part)).join("") : "");

/** Refused, or not: 500 is nobody's answer to these, and whoever is refused has moved nothing. */
async function judge(asked: Asked): Promise<void> {
  const before = cluster.store.revision;
  const answer = await ask(asked);
  const said = textOf(answer);
  expect(answer.status, said).not.toBe(500);
  if (answer.status >= 400) {
    expect(cluster.store.revision).toBe(before);
    if (said.startsWith("{")) expect(JSON.parse(said)).toMatchObject({ kind: "Status", status: "Failure", code: answer.status });
  }
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
}

const collections = ["/api/v1/namespaces/default/pods", "/api/v1/namespaces/default/configmaps", "/api/v1/namespaces/default/services", "/api/v1/namespaces/default/secrets", "/api/v1/namespaces/default/events", "/apis/apps/v1/namespaces/default/daemonsets", "/apis/apps/v1/namespaces/default/deployments", "/apis/batch/v1/namespaces/default/jobs", "/apis/batch/v1/namespaces/default/cronjobs", "/api/v1/nodes", "/api/v1/namespaces", "/apis/rbac.authorization.k8s.io/v1/clusterroles"];
const segment = fc.oneof(
  fc.constantFrom("api", "apis", "v1", "apps", "batch", "namespaces", "default", "pods", "configmaps", "there", "status", "log", "exec", "binding", "eviction", "scale", "token", "proxy", "watch", "..", ".", "", "%2e%2e", "%00", "%zz", "%ff", "__proto__", "constructor", "é", "a".repeat(300)),
  fc.string({ maxLength: 8 }).map(encodeURIComponent),
);
const anyPath = fc.oneof(fc.array(segment, { maxLength: 9 }).map((parts) => `/${parts.join("/")}`), fc.tuple(fc.constantFrom(...collections), fc.array(segment, { maxLength: 3 })).map(([head, parts]) => [head, ...parts].join("/")));
const word = fc.constantFrom("1", "0", "-1", "true", "maybe", "%zz", "a=b", "a%20in%20(b", "!", "metadata.name%3Dthere", "9".repeat(30), "All", "Background", "");
const anyQuery = fc
  .array(fc.tuple(fc.constantFrom("limit", "continue", "labelSelector", "fieldSelector", "resourceVersion", "resourceVersionMatch", "dryRun", "fieldValidation", "fieldManager", "force", "pretty", "timeoutSeconds", "gracePeriodSeconds", "propagationPolicy", "allowWatchBookmarks", "sendInitialEvents", "container", "tailLines", "sinceTime"), word), { maxLength: 4 })
  .map((pairs) => pairs.map(([key, value]) => `${key}=${value}`).join("&"));
const anyMethod = fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW");
const anyType = fc.constantFrom("application/json", "application/yaml", "application/merge-patch+json", "application/strategic-merge-patch+json", "application/json-patch+json", "application/apply-patch+yaml", "application/vnd.kubernetes.protobuf", "text/plain", "");

const fieldName = fc.constantFrom("apiVersion", "kind", "metadata", "name", "namespace", "labels", "annotations", "finalizers", "ownerReferences", "managedFields", "resourceVersion", "uid", "creationTimestamp", "generateName", "spec", "status", "template", "selector", "matchLabels", "matchExpressions", "containers", "initContainers", "volumes", "image", "env", "valueFrom", "ports", "containerPort", "resources", "limits", "cpu", "data", "binaryData", "stringData", "schedule", "jobTemplate", "completions", "backoffLimit", "replicas", "rules", "items", "op", "path", "value", "from", "$patch", "$retainKeys", "$setElementOrder/containers", "$deleteFromPrimitiveList/finalizers", "__proto__", "constructor", "toString");
const leaf = fc.oneof(fc.constantFrom<unknown>(null, true, "", "v1", "Pod", "there", "default", "delete", "replace", "merge", "add", "test", "/metadata/labels/a", "/spec/containers/-", "*/5 * * * *", "1e400", "10Gi", "2026-01-01T00:00:00Z", -1, 0, 1.5, 2 ** 53, 1e300), fc.string({ maxLength: 6 }), fc.integer());
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof({ maxDepth: 6, depthSize: "medium" }, leaf, fc.array(tie("tree"), { maxLength: 3 }), fc.array(fc.tuple(fieldName, tie("tree")), { maxLength: 5 }).map((entries) => Object.fromEntries(entries))),
}));
const kinds: readonly [string, string, string][] = [["v1", "Pod", "pods"], ["v1", "ConfigMap", "configmaps"], ["v1", "Service", "services"], ["apps/v1", "DaemonSet", "daemonsets"], ["apps/v1", "Deployment", "deployments"], ["batch/v1", "Job", "jobs"], ["batch/v1", "CronJob", "cronjobs"]];

const labels = { app: "x" };
const podSpec = {
  restartPolicy: "Always", nodeSelector: { a: "b" }, terminationGracePeriodSeconds: 5, tolerations: [{ key: "k", operator: "Exists", effect: "NoExecute", tolerationSeconds: 5 }],
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: "k", operator: "In", values: ["v"] }] }] } } },
  initContainers: [{ name: "i", image: "busybox", command: ["true"] }],
  containers: [{
    name: "c", image: "nginx", command: ["sh", "-c", "date"], ports: [{ name: "web", containerPort: 80, hostPort: 8080, protocol: "TCP" }], env: [{ name: "A", value: "b" }, { name: "N", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
    envFrom: [{ configMapRef: { name: "m" } }], resources: { limits: { cpu: "100m", memory: "1Gi" }, requests: { cpu: "50m" } }, volumeMounts: [{ name: "v", mountPath: "/v", subPath: "a" }], securityContext: { runAsUser: 5 },
    livenessProbe: { httpGet: { path: "/", port: "web" }, periodSeconds: 3 }, readinessProbe: { exec: { command: ["true"] } }, lifecycle: { preStop: { sleep: { seconds: 1 } } },
  }],
  volumes: [{ name: "v", emptyDir: { sizeLimit: "1Gi" } }, { name: "p", projected: { sources: [{ configMap: { name: "m" } }, { downwardAPI: { items: [{ path: "x", fieldRef: { fieldPath: "metadata.name" } }] } }] } }, { name: "h", hostPath: { path: "/x", type: "Directory" } }],
};
const template = { metadata: { labels }, spec: podSpec };
const jobSpec = { parallelism: 1, completions: 1, completionMode: "Indexed", backoffLimit: 2, activeDeadlineSeconds: 5, podFailurePolicy: { rules: [{ action: "FailJob", onExitCodes: { operator: "In", values: [3] } }] }, template: { metadata: { labels }, spec: { ...podSpec, restartPolicy: "Never" } } };
const metadata = { namespace: "default", labels, annotations: { a: "b" }, finalizers: ["x.example/y"], ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: "there", uid: "u" }] };
/** Each is accepted as it stands. */
const whole: readonly (readonly [string, Json])[] = [
  ["/api/v1/namespaces/default/pods", { apiVersion: "v1", kind: "Pod", metadata, spec: podSpec }],
  ["/api/v1/namespaces/default/configmaps", { apiVersion: "v1", kind: "ConfigMap", metadata, data: { a: "b" }, binaryData: { c: "AAEC" } }],
  ["/api/v1/namespaces/default/services", { apiVersion: "v1", kind: "Service", metadata, spec: { type: "NodePort", selector: labels, ports: [{ name: "web", port: 80, targetPort: "web" }], sessionAffinity: "ClientIP" } }],
  ["/apis/apps/v1/namespaces/default/daemonsets", { apiVersion: "apps/v1", kind: "DaemonSet", metadata, spec: { selector: { matchLabels: labels }, template, updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } } } }],
  ["/apis/apps/v1/namespaces/default/deployments", { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: { replicas: 2, selector: { matchLabels: labels }, template, strategy: { rollingUpdate: { maxSurge: 1 } } } }],
  ["/apis/batch/v1/namespaces/default/jobs", { apiVersion: "batch/v1", kind: "Job", metadata, spec: jobSpec }],
  ["/apis/batch/v1/namespaces/default/cronjobs", { apiVersion: "batch/v1", kind: "CronJob", metadata, spec: { schedule: "*/5 * * * *", timeZone: "Europe/Berlin", concurrencyPolicy: "Forbid", startingDeadlineSeconds: 20, jobTemplate: { spec: jobSpec } } }],
  ["/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles", { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata, rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }] }],
];
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const insides = (value: Json): [string, Json][] => (value !== null && typeof value === "object" ? Object.entries(value) : []);
const places = (value: Json): string[][] => [[], ...insides(value).flatMap(([key, inner]) => places(inner).map((rest) => [key, ...rest]))];

/** The object with another value at one place; `undefined` takes the place out. */
function changed(value: Json, place: readonly string[], other: unknown): Json | undefined {
  const [key, ...rest] = place;
  if (key === undefined) return other as Json | undefined;
  const entries = insides(value).map(([name, inner]) => [name, name === key ? changed(inner, rest, other) : inner] as const);
  const kept = entries.filter(([, inner]) => inner !== undefined);
  return Array.isArray(value) ? kept.map(([, inner]) => inner as Json) : (Object.fromEntries(kept) as Json);
}

let made = 0;
function bodyOf(object: Json | undefined): Uint8Array {
  const text = JSON.stringify(object ?? null);
  return encoder.encode(text.replace('"metadata":{', `"metadata":{"name":"made-${++made}",`));
}

describe("whatever comes in", () => {
  test("whole objects, of which one or two places are something else", { timeout: 60_000 }, async () => {
    for (const [path, object] of whole) expect((await ask({ method: "POST", path, query: "", type: "application/json", body: bodyOf(object) })).status).toBe(201);
    const mutated = fc.tuple(fc.constantFrom(...whole), fc.array(fc.tuple(fc.nat(), fc.oneof(leaf, fc.constant(undefined), tree)), { minLength: 1, maxLength: 2 })).map(([[path, object], changes]): Asked => {
      let next: Json | undefined = object;
      for (const [at, other] of changes) {
        const all: string[][] = places(next ?? null);
        next = changed(next ?? null, all[at % all.length] as string[], other);
      }
      return { method: "POST", path, query: "", type: "application/json", body: bodyOf(next) };
    });
    await fc.assert(fc.asyncProperty(mutated, judge), { numRuns: 3000, seed: 4 });
  });

  test("any method, path, query and bytes", { timeout: 60_000 }, async () => {
    const body = fc.option(fc.oneof(fc.uint8Array({ maxLength: 60 }), tree.map((value) => encoder.encode(JSON.stringify(value)))), { nil: undefined });
    await fc.assert(fc.asyncProperty(fc.record({ method: anyMethod, path: anyPath, query: anyQuery, type: anyType, body }), judge), { numRuns: 1500, seed: 1 });
  });

  test("objects of the right kind with anything in them", { timeout: 60_000 }, async () => {
    const created = fc.tuple(fc.constantFrom(...kinds), tree, tree, tree).map(([[apiVersion, kind, plural], metadata, spec, data]): Asked => {
      const group = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
      const named = metadata !== null && typeof metadata === "object" ? { name: "made", ...metadata } : metadata;
      return { method: "POST", path: `${group}/namespaces/default/${plural}`, query: "", type: "application/json", body: encoder.encode(JSON.stringify({ apiVersion, kind, metadata: named, spec, data })) };
    });
    await fc.assert(fc.asyncProperty(created, judge), { numRuns: 1500, seed: 2 });
  });

  test("any patch of what is there", { timeout: 60_000 }, async () => {
    const type = fc.constantFrom("application/merge-patch+json", "application/strategic-merge-patch+json", "application/json-patch+json");
    const patched = fc.tuple(fc.constantFrom("pods", "configmaps"), type, fc.oneof(tree, fc.array(tree, { maxLength: 3 }))).map(([plural, type, value]): Asked => {
      return { method: "PATCH", path: `/api/v1/namespaces/default/${plural}/there`, query: "", type, body: encoder.encode(JSON.stringify(value)) };
    });
    await fc.assert(fc.asyncProperty(patched, judge), { numRuns: 1500, seed: 3 });
  });
});
