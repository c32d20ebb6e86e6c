import { gunzipSync } from "node:zlib";
import { readFileSync } from "node:fs";
import type { Draft, JsonObject, JsonValue } from "../../src/base/json.ts";
import { StatusError } from "../../src/base/status-error.ts";
import type { Status } from "../../src/base/status-error.ts";
import type { Kind } from "../../src/api/registry.ts";
import type { KubeObject } from "../../src/api/kind-ref.ts";
import type { Pod } from "../../src/api/types/core-v1.ts";
import { applyJsonPatch } from "../../src/api/patch/json-patch.ts";
import { applyMergePatch } from "../../src/api/patch/merge-patch.ts";
import { applyStrategicMergePatch } from "../../src/api/patch/strategic-merge.ts";
import { decode } from "../../src/api/schema/decode.ts";
import { amongEmpties, withEmpties } from "../../src/api/schema/empties.ts";
import { checkConditional, prepareStatusUpdate, prepareUpdate, validateStatusUpdate, validateUpdate } from "../../src/server/strategy.ts";
import { admitTolerations } from "./create-answer.ts";
import type { World } from "./create-answer.ts";

/** Updates of objects and of their status, patches of Pods among them, against what a real server answered: what may change, and how a refusal shows it. */
export interface UpdateCase {
  readonly case: string;
  readonly note: string;
  readonly subresource: "" | "status";
  readonly before: JsonObject;
  readonly method: "PUT" | "PATCH";
  readonly contentType: string;
  readonly body: JsonValue;
  readonly status: number;
  readonly after: JsonObject;
}

interface Recorded {
  readonly case: string;
  readonly note: string;
  readonly before?: JsonObject;
  readonly request: { readonly method: string; readonly path: string; readonly contentType: string; readonly body: JsonValue };
  readonly status: number;
  readonly after: JsonObject;
}

function readLines(file: string): Recorded[] {
  const bytes = readFileSync(new URL(`patches/${file}`, import.meta.url));
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Recorded);
}

/** Custom kinds need their definitions. */
const customKinds: readonly unknown[] = ["Widget", "Gadget"];

/** Every PUT, and the patches of Pods, that were accepted or found invalid: of objects and of their status. */
export function readUpdates(): UpdateCase[] {
  const cases: UpdateCase[] = [];
  for (const file of ["json-patch.jsonl", "json-merge-patch.jsonl", "strategic-merge-patch.jsonl.gz", "update.jsonl.gz"]) {
    for (const { case: id, note, before, request, status, after } of readLines(file)) {
      const kind = before?.["kind"];
      if (before === undefined || kind === undefined || customKinds.includes(kind)) continue;
      if (kind !== "Pod" && file !== "update.jsonl.gz") continue;
      const subresource = subresourceOf(request.path);
      const counted = (status === 200 || status === 422) && (request.method === "PUT" || request.method === "PATCH");
      // Ports are given out by the server, which replays the same cases.
      if (JSON.stringify(after).includes("provided port is not in the valid range")) continue;
      if (!counted || (subresource !== "" && subresource !== "status")) continue;
      cases.push({ case: id, note, subresource, before, method: request.method as "PUT" | "PATCH", contentType: request.contentType, body: request.body, status, after });
    }
  }
  return cases;
}

/** What stands behind the name in `/api/v1/namespaces/n/pods/name/status`. */
function subresourceOf(path: string): string {
  const steps = path.split("/").filter((step) => step !== "");
  const afterVersion = steps.slice(steps[0] === "api" ? 2 : 3);
  const rest = afterVersion[0] === "namespaces" && afterVersion.length > 2 && afterVersion[2] !== "status" && afterVersion[2] !== "finalize" ? afterVersion.slice(2) : afterVersion;
  return rest[2] ?? "";
}

function kindOf({ registry }: World, line: UpdateCase): Kind {
  const { apiVersion, kind: name } = line.before as { apiVersion: string; kind: string };
  const kind = registry.byKind(apiVersion, name);
  if (kind === undefined) throw new Error(`no kind ${name}`);
  return kind;
}

function asked({ schema }: World, line: UpdateCase, typeName: string): JsonValue {
  if (line.method === "PUT") return line.body;
  if (line.contentType.startsWith("application/json-patch")) return applyJsonPatch(line.before, line.body as never);
  if (line.contentType.startsWith("application/merge-patch")) return applyMergePatch(line.before, line.body as never);
  return applyStrategicMergePatch(schema, typeName, line.before as never, line.body as never) as JsonValue;
}

/** What the server puts back before it judges. */
function putBack({ metadata: now }: Draft<KubeObject>, { metadata: old }: KubeObject): void {
  for (const field of ["creationTimestamp", "generation"] as const) now[field] = old[field] as never;
  for (const field of ["uid", "resourceVersion", "namespace"] as const) {
    if ((now[field] ?? "") === "") now[field] = old[field] as never;
  }
  if (old.deletionTimestamp !== undefined) {
    now.deletionTimestamp = old.deletionTimestamp;
    now.deletionGracePeriodSeconds ??= old.deletionGracePeriodSeconds as never;
  }
}

function answer(place: World, line: UpdateCase): Status | undefined {
  const { schema } = place;
  const kind = kindOf(place, line);
  const typeName = kind.facts.type;
  try {
    const old = decode(schema, typeName, line.before, "ignore").object as KubeObject;
    const { object: draft, empties } = decode(schema, typeName, asked(place, line, typeName), "ignore");
    amongEmpties(draft, empties, () => kind.declaration?.defaults?.(draft));
    checkConditional(kind, draft.metadata);
    putBack(draft, old);
    if (line.subresource === "status") {
      prepareStatusUpdate(kind, draft, old, Date.UTC(2027, 0, 1));
      validateStatusUpdate(kind, draft as KubeObject, old);
    } else {
      const { spec } = draft as unknown as Draft<Pod>;
      if (kind.facts.kind === "Pod" && spec !== undefined) admitTolerations(spec);
      prepareUpdate(kind, draft, old);
      validateUpdate(kind, withEmpties(draft as KubeObject, empties, old), old);
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return error.status;
  }
}

/** What the recorded answer has and ours has not, or the other way round. */
export function updateDifference(place: World, line: UpdateCase): unknown {
  const refused = answer(place, line);
  if ((refused?.code ?? 200) !== line.status) return `${refused?.code ?? 200} instead of ${line.status}: ${refused?.message ?? ""}`;
  if (line.status !== 422) return undefined;
  // As a set: upstream judges metadata several times on the way and repeats what it finds.
  const causes = (status: Status | undefined): string[] => [...new Set((status?.details?.causes ?? []).map((cause) => JSON.stringify(cause)))].sort();
  const got = causes(refused);
  const wanted = causes(line.after as unknown as Status);
  return JSON.stringify(got) === JSON.stringify(wanted) ? undefined : { got, wanted };
}
