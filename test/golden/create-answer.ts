import { gunzipSync } from "node:zlib";
import { readFileSync } from "node:fs";
import type { Draft, JsonObject, JsonValue } from "../../src/base/json.ts";
import { StatusError, forbidden } from "../../src/base/status-error.ts";
import type { Status } from "../../src/base/status-error.ts";
import { KindRegistry } from "../../src/api/registry.ts";
import type { Kind } from "../../src/api/registry.ts";
import { decode } from "../../src/api/schema/decode.ts";
import { amongEmpties, withEmpties } from "../../src/api/schema/empties.ts";
import { decodeJsonText } from "../../src/api/schema/json-text.ts";
import { loadSchema } from "../../src/api/schema/schema.ts";
import type { Schema } from "../../src/api/schema/schema.ts";
import type { KubeObject } from "../../src/api/kind-ref.ts";
import type { Pod, PodSpec } from "../../src/api/types/core-v1.ts";
import { certificateRequester } from "../../src/server/admission/certificates.ts";
import { storageProtection } from "../../src/server/admission/storage-protection.ts";
import { taintNodesByCondition } from "../../src/server/admission/taint-nodes-by-condition.ts";
import { prepareCreate, validateCreate } from "../../src/server/strategy.ts";

/**
 * The way of a create through the declarations alone: decoding, defaults, preparation, validation; no store, no server. What
 * admission does to Pods before they are judged is played here, because validation sees it.
 */
export interface World {
  readonly schema: Schema;
  readonly registry: KindRegistry;
}

export function world(): World {
  return { schema: loadSchema(), registry: KindRegistry.default() };
}

export interface Answer {
  readonly code: number;
  readonly status?: Status;
  readonly object?: KubeObject;
}

export function answerCreate({ schema, registry }: World, body: JsonObject, target: { apiVersion: string; kind: string }): Answer {
  const kind = registry.byKind(target.apiVersion, target.kind);
  if (kind === undefined) return { code: 404 };
  try {
    return { code: 201, object: create(schema, kind, body) };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { code: error.status.code, status: error.status };
  }
}

function create(schema: Schema, kind: Kind, body: JsonObject): KubeObject {
  const document = decodeJsonText(JSON.stringify(body));
  const { object, empties } = decode(schema, kind.facts.type, document.value, "strict", { duplicates: document.duplicates });
  const stored = kind.conversion === undefined ? object : kind.conversion.toStored(object);
  const target = kind.storage;
  if (kind.facts.namespaced) stored.metadata.namespace ??= "rec";
  stored.metadata.uid = "00000000-0000-0000-0000-000000000000";
  stored.metadata.creationTimestamp = "2026-07-07T07:07:07Z";
  amongEmpties(stored, empties, () => target.declaration?.defaults?.(stored));
  admit(target, stored);
  prepareCreate(target, stored);
  if (target.facts.kind === "Pod") admitPod(stored as unknown as Draft<Pod>);
  // A version that is stored in another's form is judged by its own rules, under the name of the stored one.
  const served = (kind.conversion === undefined ? stored : kind.conversion.toServed(stored as KubeObject)) as KubeObject;
  validateCreate({ ...target, declaration: kind.declaration }, withEmpties(served, empties));
  return served;
}

/** Who recorded. */
const recorder = { name: "admin", groups: ["system:masters", "system:authenticated"], extra: { "authentication.kubernetes.io/credential-id": ["X509SHA256=1f38439171aac78c4a9c33d1e387f375d6833da8c944a4e704384fd0dc3f7b1f"] } };

/** The plugins that need nothing but the object and who sends it. */
function admit(kind: Kind, object: Draft<KubeObject>): void {
  const request = { operation: "CREATE", kind, subresource: "", namespace: object.metadata.namespace ?? "", name: object.metadata.name ?? "", user: recorder, object, old: undefined, dryRun: true, warn: () => undefined } as const;
  for (const plugin of [storageProtection, taintNodesByCondition, certificateRequester]) plugin.mutate?.(request, undefined as never);
}

const priorities: { readonly [name: string]: number } = { "system-cluster-critical": 2000000000, "system-node-critical": 2000001000 };

/** Admission of a server with default plugins, as far as answers show it. */
function admitPod(pod: Draft<Pod>): void {
  const spec = pod.spec;
  if (spec === undefined) return;
  if ((spec.serviceAccountName ?? "") === "") {
    spec.serviceAccountName = "default";
    spec.serviceAccount = "default";
  }
  const className = spec.priorityClassName ?? "";
  if (className !== "" && priorities[className] === undefined) {
    throw forbidden({ group: "", plural: "pods" }, pod.metadata.name ?? "", `no PriorityClass with name ${className} was found`);
  }
  spec.priority ??= priorities[className] ?? 0;
  spec.preemptionPolicy ??= "PreemptLowerPriority";
  admitTolerations(spec);
}

/** Every Pod stays five minutes on a node that is lost, unless it says otherwise; admission sees to it on updates too. */
export function admitTolerations(spec: Draft<PodSpec>): void {
  for (const key of ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]) {
    const tolerated = (spec.tolerations ?? []).some(
      (toleration) => (toleration.key === key || (toleration.key ?? "") === "") && (toleration.effect === "NoExecute" || (toleration.effect ?? "") === ""),
    );
    if (!tolerated) (spec.tolerations ??= []).push({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 });
  }
}

const folder = new URL(".", import.meta.url);

export interface WrongLine {
  /** Kind and name of the base. */
  readonly base: string;
  readonly path: string;
  readonly op: "remove" | "replace";
  readonly value?: JsonValue;
  readonly code: number;
  readonly answer?: Status;
  /** The Warning header. */
  readonly warning?: string;
}

export function readWrongs(): WrongLine[] {
  return lines(gunzipSync(readFileSync(new URL("validation.jsonl.gz", folder))).toString("utf8"));
}

export interface DefaultsLine {
  readonly request: { readonly path: string; readonly body: JsonObject };
  readonly status: number;
  readonly body: JsonObject;
}

export function readDefaults(): DefaultsLine[] {
  return lines(readFileSync(new URL("defaults.jsonl", folder), "utf8"));
}

export function readBases(): Map<string, JsonObject> {
  const list = JSON.parse(readFileSync(new URL("bases.json", folder), "utf8")) as JsonObject[];
  return new Map(list.map((base) => [`${base["kind"] as string}/${(base["metadata"] as { name: string }).name}`, base]));
}

function lines<T>(text: string): T[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);
}

/** The base with one place removed or replaced. */
export function applyWrong(base: JsonObject, line: WrongLine): JsonObject {
  const copy = structuredClone(base) as { [key: string]: unknown };
  const steps = line.path.split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = steps.pop() ?? "";
  let holder: { [key: string]: unknown } = copy;
  for (const step of steps) holder = holder[step] as { [key: string]: unknown };
  if (line.op === "replace") holder[last] = line.value;
  else if (Array.isArray(holder)) holder.splice(Number(last), 1);
  else delete holder[last];
  return copy as JsonObject;
}
