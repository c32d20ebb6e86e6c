import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { KubeObject } from "../../src/api/kind-ref.ts";
import { KindRegistry } from "../../src/api/registry.ts";
import { keyOf } from "../../src/server/keys.ts";
import { parseQuery } from "../../src/server/query.ts";
import { requestInfo } from "../../src/server/request-info.ts";
import type { ApiResponse } from "../../src/server/request.ts";
import { startInProcessServer } from "../in-process-server.ts";
import type { InProcessServer } from "../in-process-server.ts";

/**
 * Recorded requests on one object, each with the state before and the answer: the state is put into the store as it stood, the
 * request goes through the whole server as bytes, and the answer is compared after making equal what varies from run to run.
 */
export interface RecordedRequest {
  readonly case: string;
  readonly note: string;
  readonly before: KubeObject | null;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly query?: string;
    readonly contentType: string;
    readonly body?: unknown;
    readonly bodyRaw?: string;
    readonly bodyRepeat?: { readonly item: unknown; readonly count: number };
    readonly userAgent?: string;
  };
  readonly status: number;
  readonly after: Json | null;
  readonly warnings?: readonly string[];
}

type Json = { readonly [key: string]: unknown };

export interface RecordedAnswer {
  readonly status: number;
  readonly body: Json | null;
  readonly warnings: readonly string[];
}

export function readRecorded(file: string): RecordedRequest[] {
  const bytes = readFileSync(new URL(`patches/${file}`, import.meta.url));
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as RecordedRequest);
}

const registry = KindRegistry.default();
const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** The certificate of the recording. */
const fingerprint = "1f38439171aac78c4a9c33d1e387f375d6833da8c944a4e704384fd0dc3f7b1f";
const credentials = { type: "certificate", commonName: "admin", organizations: ["system:masters"], fingerprint } as const;

/** A server with the namespaces of the recordings, at a time after all of them. */
export async function startRecordingServer(namespaces: readonly string[] = ["golden"]): Promise<InProcessServer> {
  const cluster = await startInProcessServer({ now: Date.UTC(2027, 0, 1) });
  const create = async (path: string, body: object): Promise<void> => {
    await cluster.server.handle({ credentials, wants: "bytes", method: "POST", path, query: "", headers: {}, body: encoder.encode(JSON.stringify(body)) });
  };
  for (const name of namespaces) {
    await create("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
    await create(`/api/v1/namespaces/${name}/serviceaccounts`, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } });
  }
  return cluster;
}

export async function replayRequest(cluster: InProcessServer, line: RecordedRequest): Promise<RecordedAnswer> {
  const { method, path, query = "", contentType, userAgent = "recorder/1.0" } = line.request;
  await setState(cluster, line);
  const body = bodyOf(line);
  const response = await cluster.server.handle({
    credentials,
    wants: "bytes",
    method,
    path,
    query,
    headers: { "user-agent": userAgent, accept: "application/json", ...(contentType === "" ? {} : { "content-type": contentType }) },
    ...(body === undefined ? {} : { body: encoder.encode(body) }),
  });
  const text = response.body.type === "bytes" ? response.body.parts.map((part) => decoder.decode(part)).join("") : "";
  return { status: response.status, body: text.startsWith("{") ? (JSON.parse(text) as Json) : null, warnings: warningsOf(response) };
}

async function setState(cluster: InProcessServer, { request, status, before: standingBefore, after }: RecordedRequest): Promise<void> {
  // Of what was only read, the answer tells what there was.
  const before = request.method === "GET" && status === 200 ? (after as unknown as KubeObject) : standingBefore;
  const info = requestInfo("GET", request.path, parseQuery(""));
  if (info.type !== "resource") return;
  const kind = registry.byResource(info.group, info.version, info.resource);
  if (kind === undefined) return;
  const name = before?.metadata.name ?? info.name;
  const key = keyOf(kind, kind.facts.namespaced ? info.namespace : "", name);
  const standing = cluster.store.get(key);
  if (before !== null) {
    const served = registry.byKind(before.apiVersion, before.kind);
    const state = served?.conversion === undefined || served.storage === served ? before : (served.conversion.toStored(structuredClone(before) as never) as KubeObject);
    cluster.store.put(key, standing?.revision ?? 0, () => structuredClone(state));
  } else if (standing !== undefined) cluster.store.delete(key, standing.revision, () => standing.object);
}

function bodyOf({ request }: RecordedRequest): string | undefined {
  const { body, bodyRaw, bodyRepeat } = request;
  if (bodyRepeat !== undefined) return JSON.stringify(Array(bodyRepeat.count).fill(bodyRepeat.item));
  return bodyRaw ?? (body === null || body === undefined ? undefined : JSON.stringify(body));
}

function warningsOf({ headers }: ApiResponse): readonly string[] {
  const texts = headers["warning"] ?? [];
  return (typeof texts === "string" ? [texts] : texts).map((text) => text.replace(/^299 - "(.*)"$/s, "$1").replaceAll(/\\(["\\])/g, "$1"));
}

/** What differs between the answers, or undefined. Fields must stand in the same order, too. */
export function answerDifference(line: RecordedRequest, answer: RecordedAnswer): string | undefined {
  if (answer.status !== line.status) return `${answer.status} instead of ${line.status}: ${String(answer.body?.["message"]).slice(0, 300)}`;
  const known = JSON.stringify([line.before, line.request]);
  const [got, wanted] = [steady(answer.body, line, known), steady(line.after, line, known)];
  const place = firstDifference(got, wanted) ?? (JSON.stringify(got) === JSON.stringify(wanted) ? undefined : orderDifference(got, wanted));
  if (place !== undefined) return place;
  if (line.warnings === undefined) return undefined;
  const [heard, said] = [JSON.stringify(answer.warnings), JSON.stringify(line.warnings)];
  return heard === said ? undefined : `warnings ${heard} instead of ${said}`;
}

const varying = /(?<="name":"gen-)[a-z0-9]{5}(?=")|(?<="nodePort":)3\d{4}|(?<=")10\.96\.\d+\.\d+(?=")|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

function steady(body: Json | null, line: RecordedRequest, known: string): unknown {
  if (body === null) return null;
  const text = JSON.stringify(body)
    .replaceAll(varying, (found) => (known.includes(found) ? found : found.startsWith("3") && found.length === 5 ? "0" : "<varies>"))
    .replaceAll(/kube-api-access-[a-z0-9]{5}/g, "kube-api-access-<varies>")
    .replaceAll("\u00a0", " ")
    .replaceAll(/0x[0-9a-f]{6,}|wall:\d+/g, "<go>");
  const out = JSON.parse(text) as { metadata?: { resourceVersion?: string }; message?: string; details?: { causes?: unknown[] } };
  if (out.metadata?.resourceVersion !== undefined) out.metadata.resourceVersion = out.metadata.resourceVersion === line.before?.metadata.resourceVersion ? "<same>" : "<new>";
  const causes = out.details?.causes;
  if (causes !== undefined && causes.length > 1) {
    // In no order: Go walks maps as it likes.
    causes.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    out.message = [...(out.message ?? "")].sort().join("");
  }
  return out;
}

function firstDifference(got: unknown, wanted: unknown, path = ""): string | undefined {
  if (typeof got !== "object" || typeof wanted !== "object" || got === null || wanted === null || Array.isArray(got) !== Array.isArray(wanted)) {
    return got === wanted ? undefined : `${path}: ${JSON.stringify(got)?.slice(0, 700)} instead of ${JSON.stringify(wanted)?.slice(0, 700)}`;
  }
  for (const key of new Set([...Object.keys(wanted), ...Object.keys(got)])) {
    const inner = firstDifference((got as Json)[key], (wanted as Json)[key], `${path}/${key}`);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** The first object whose fields stand in another order. */
function orderDifference(got: unknown, wanted: unknown, path = ""): string | undefined {
  if (typeof got !== "object" || got === null) return undefined;
  const [left, right] = [Object.keys(got), Object.keys(wanted as Json)];
  if (left.join(" ") !== right.join(" ")) return `${path}: fields ${left.join(" ")} instead of ${right.join(" ")}`;
  for (const key of left) {
    const inner = orderDifference((got as Json)[key], (wanted as Json)[key], `${path}/${key}`);
    if (inner !== undefined) return inner;
  }
  return undefined;
}
