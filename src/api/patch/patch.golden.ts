import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { JsonObject } from "../../base/json.ts";
import { StatusError } from "../../base/status-error.ts";
import type { KubeObject } from "../kind-ref.ts";
import type { FieldValidation } from "../schema/decode.ts";
import { equalJson } from "../schema/json-data.ts";
import { loadSchema } from "../schema/schema.ts";
import type { Draft } from "../../base/json.ts";
import { KindRegistry } from "../registry.ts";
import type { Kind } from "../registry.ts";
import { jsonPatchObject } from "./json-patch.ts";
import { mergePatchObject } from "./merge-patch.ts";
import type { Patched, PatchTarget } from "./patched.ts";
import { strategicPatchObject } from "./strategic-merge.ts";

/**
 * The patch engine against recorded requests: what it makes of `before`, and the kind's declaration of that, is `after` but for
 * what only a server knows; what it refuses, it refuses in upstream's words. Cases in which admission changed more stand in the
 * list of gaps.
 */

interface Line {
  readonly case: string;
  readonly before: (JsonObject & KubeObject) | null;
  readonly request: {
    readonly path: string;
    readonly query?: string;
    readonly contentType: string;
    readonly body?: unknown;
    readonly bodyRaw?: string;
    readonly bodyRepeat?: { readonly item: unknown; readonly count: number };
  };
  readonly status: number;
  readonly after: JsonObject & { readonly message?: string; readonly details?: unknown };
  readonly warnings?: readonly string[];
}

const golden = new URL("../../../test/golden/patches/", import.meta.url);
const gaps = JSON.parse(readFileSync(new URL("patch.gaps.json", import.meta.url), "utf8")) as { [name: string]: string };
const schema = loadSchema();
const registry = KindRegistry.default();

/** Fields that defaulting or admission fills in again after a patch took them away or added what holds them. */
const defaulted: ReadonlySet<string> = new Set(
  (
    "terminationMessagePath terminationMessagePolicy imagePullPolicy protocol targetPort emptyDir replicas minReplicas defaultMode dnsPolicy restartPolicy schedulerName " +
    "securityContext terminationGracePeriodSeconds strategy type rollingUpdate maxUnavailable maxSurge apiVersion metrics successThreshold failureThreshold periodSeconds " +
    "timeoutSeconds scheme nodePort allocatable kubernetes.io/metadata.name finalizers tolerations sessionAffinity internalTrafficPolicy externalTrafficPolicy " +
    "sessionAffinityConfig progressDeadlineSeconds revisionHistoryLimit"
  ).split(" "),
);
const serverManaged = ["managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink"];

function kindOf(object: KubeObject): Kind | undefined {
  return registry.byKind(object.apiVersion, object.kind);
}

/** What the kind makes of it: its defaults, and what a request to this place cannot change. */
function settled(kind: Kind, draft: Draft<KubeObject>, before: KubeObject, ofStatus: boolean): KubeObject {
  const { declaration } = kind;
  declaration?.defaults?.(draft);
  const [fields, old] = [draft as unknown as { [field: string]: unknown }, structuredClone(before) as unknown as { [field: string]: unknown }];
  const fixed = ofStatus ? Object.keys({ ...fields, ...old }).filter((field) => field !== "status" && field !== "metadata") : kind.facts.subresources?.some(({ name }) => name === "status") ? ["status"] : [];
  for (const field of fixed) {
    if (field in old) fields[field] = old[field];
    else delete fields[field];
  }
  if (ofStatus) declaration?.status?.prepare?.(draft, before, 0);
  else declaration?.prepareUpdate?.(draft, before);
  return draft as KubeObject;
}

function bodyOf(line: Line): string {
  const { body, bodyRaw, bodyRepeat } = line.request;
  if (bodyRepeat) return JSON.stringify(Array(bodyRepeat.count).fill(bodyRepeat.item));
  return bodyRaw ?? (body === null || body === undefined ? "" : JSON.stringify(body));
}

function engineOf(contentType: string): ((target: PatchTarget, current: KubeObject, body: string) => Patched) | undefined {
  if (contentType.startsWith("application/json-patch+json")) return jsonPatchObject;
  if (contentType.startsWith("application/merge-patch+json")) return mergePatchObject;
  return contentType.startsWith("application/strategic-merge-patch+json") ? strategicPatchObject : undefined;
}

function withoutServerFields(object: unknown): unknown {
  const copy = structuredClone(object) as { metadata?: { [field: string]: unknown } };
  for (const field of serverManaged) delete copy.metadata?.[field];
  return copy;
}

/** Equal, or less by what is defaulted. */
function fits(got: unknown, expected: unknown, key = ""): boolean {
  if (equalJson(got, expected) || (key === "targetPort" && got === 0)) return true;
  if (typeof got !== "object" || typeof expected !== "object" || got === null || expected === null || Array.isArray(got) !== Array.isArray(expected)) return false;
  if (Array.isArray(got)) return got.length === (expected as unknown[]).length && got.every((item, index) => fits(item, (expected as unknown[])[index]));
  const [left, right] = [got as { [key: string]: unknown }, expected as { [key: string]: unknown }];
  return Object.keys(left).every((name) => name in right && fits(left[name], right[name], name)) && Object.keys(right).every((name) => name in left || defaulted.has(name));
}

const ofThePatch = /^ "" is invalid: patch|^error decoding patch|^the server rejected our request due|^invalid patch format|^json: cannot unmarshal|maximum operations/;

/** What is wrong with our answer; undefined when nothing is, or when the refusal is not the engine's to give. */
function problemOf(line: Line, kind: Kind): string | undefined {
  const query = new Map((line.request.query ?? "").split("&").map((pair) => pair.split("=") as [string, string]));
  const target = { schema, typeName: kind.facts.type, mode: (query.get("fieldValidation") ?? "Warn").toLowerCase() as FieldValidation };
  const engine = engineOf(line.request.contentType) as NonNullable<ReturnType<typeof engineOf>>;
  let patched: Patched;
  try {
    patched = engine(target, line.before as KubeObject, bodyOf(line));
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const same = error.status.code === line.status && error.message === line.after?.message && equalJson(error.status.details ?? null, line.after.details ?? null);
    return same ? undefined : `${error.status.code} ${error.message.slice(-300)}`;
  }
  if (line.status !== 200) {
    const ours = line.status === 500 ? !line.after.message?.startsWith("strconv") : ofThePatch.test(line.after?.message ?? "");
    return ours ? "not refused" : undefined;
  }
  const warned = (line.warnings ?? []).filter((text) => /^(json patch )?(unknown|duplicate) field/.test(text));
  if (!equalJson(patched.warnings, warned)) return `warnings ${JSON.stringify(patched.warnings)}`;
  const object = settled(kind, patched.object, line.before as KubeObject, line.request.path.endsWith("/status"));
  return fits(withoutServerFields(object), withoutServerFields(line.after)) ? undefined : "another object";
}

function isForTheEngine(line: Line): boolean {
  const { path, query, contentType } = line.request;
  if (line.before === null || kindOf(line.before) === undefined || path.endsWith("/scale") || engineOf(contentType) === undefined) return false;
  const mode = /fieldValidation=([^&]*)/.exec(query ?? "")?.[1];
  return (mode === undefined || ["Strict", "Warn", "Ignore"].includes(mode)) && bodyOf(line).length <= 3 * 1024 * 1024;
}

const files = ["json-patch.jsonl", "json-merge-patch.jsonl", "strategic-merge-patch.jsonl.gz"];

function readLines(file: string): Line[] {
  const bytes = readFileSync(new URL(file, golden));
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString().trim();
  return text.split("\n").map((line) => JSON.parse(line) as Line).filter(isForTheEngine);
}

test.each(files)("%s", (file) => {
  const failures: string[] = [];
  const unexpected: string[] = [];
  for (const line of readLines(file)) {
    const problem = problemOf(line, kindOf(line.before as KubeObject) as Kind);
    if (problem !== undefined && gaps[line.case] === undefined) failures.push(`${line.case}: ${problem}`);
    if (problem === undefined && gaps[line.case] !== undefined) unexpected.push(line.case);
  }
  expect(failures).toEqual([]);
  expect(unexpected, "these pass: take them from the list of gaps").toEqual([]);
});

test("no gap is listed of what is not looked at", () => {
  const names = new Set(files.flatMap(readLines).map((line) => line.case));
  expect(Object.keys(gaps).filter((name) => !names.has(name))).toEqual([]);
});
