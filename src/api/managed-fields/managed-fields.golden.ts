import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { JsonValue } from "../../base/json.ts";
import type { KubeObject } from "../kind-ref.ts";
import { jsonPatchObject } from "../patch/json-patch.ts";
import { mergePatchObject } from "../patch/merge-patch.ts";
import { strategicPatchObject } from "../patch/strategic-merge.ts";
import { KindRegistry } from "../registry.ts";
import type { Kind } from "../registry.ts";
import { decode } from "../schema/decode.ts";
import { equalJson } from "../schema/json-data.ts";
import { loadSchema } from "../schema/schema.ts";
import type { ManagedFieldsEntry } from "../types/meta-v1.ts";
import { ownUpdate } from "./managed-fields.ts";
import { resetFields } from "./reset-fields.ts";

/** Ownership after recorded updates and patches: from `before` to what the request asks for, with defaults; what the server changes after that owns nothing. */

interface Line {
  readonly case: string;
  readonly before: KubeObject | null;
  readonly request: { readonly path: string; readonly query?: string; readonly contentType: string; readonly body?: unknown; readonly bodyRaw?: string; readonly bodyRepeat?: { readonly item: unknown; readonly count: number }; readonly userAgent?: string };
  readonly status: number;
  readonly after: KubeObject;
}

const golden = new URL("../../../test/golden/patches/", import.meta.url);
const gaps = JSON.parse(readFileSync(new URL("managed-fields.gaps.json", import.meta.url), "utf8")) as { [name: string]: string };
const schema = loadSchema();
const registry = KindRegistry.default();
const engines = [
  ["application/json-patch", jsonPatchObject],
  ["application/merge-patch", mergePatchObject],
  ["application/strategic-merge-patch", strategicPatchObject],
] as const;

function bodyOf({ request: { body, bodyRaw, bodyRepeat } }: Line): string {
  return bodyRepeat ? JSON.stringify(Array(bodyRepeat.count).fill(bodyRepeat.item)) : (bodyRaw ?? JSON.stringify(body));
}

/** The object that the request asks for. */
function askedOf(line: Line, { facts: { type }, declaration }: Kind, before: KubeObject): KubeObject {
  const engine = engines.find(([contentType]) => line.request.contentType.startsWith(contentType))?.[1];
  const { object } = engine ? engine({ schema, typeName: type, mode: "ignore" }, before, bodyOf(line)) : decode(schema, type, JSON.parse(bodyOf(line)) as JsonValue, "ignore");
  declaration?.defaults?.(object);
  return object as KubeObject;
}

function ownersOf(line: Line, kind: Kind): readonly ManagedFieldsEntry[] {
  const { before, after, request } = line as Line & { before: KubeObject };
  const { type, plural } = kind.facts;
  const steps = request.path.split("/");
  const subresource = steps[steps.lastIndexOf(plural) + 2];
  const named = /(?:^|&)fieldManager=([^&]*)/.exec(request.query ?? "")?.[1];
  const { managedFields: expected = [] } = after.metadata;
  return ownUpdate(schema, type, before, askedOf(line, kind, before), {
    manager: named ?? ((request.userAgent ?? "recorder/1.0").split("/")[0] as string),
    apiVersion: after.apiVersion,
    time: expected.map((entry) => entry.time ?? "").sort().at(-1) ?? "",
    subresource,
    reset: resetFields(kind.facts, subresource ?? ""),
  });
}

function kindOf(line: Line): Kind | undefined {
  if (line.status !== 200 || line.before === null || line.after.kind !== line.before.kind) return undefined;
  return registry.byKind(line.before.apiVersion, line.before.kind);
}

test.each(["update.jsonl.gz", "strategic-merge-patch.jsonl.gz", "json-merge-patch.jsonl", "json-patch.jsonl"])("%s", (file) => {
  const bytes = readFileSync(new URL(file, golden));
  const failures: string[] = [];
  const unexpected: string[] = [];
  for (const text of (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString().trim().split("\n")) {
    const line = JSON.parse(text) as Line;
    const kind = kindOf(line);
    if (kind === undefined) continue;
    const same = equalJson(ownersOf(line, kind), line.after.metadata.managedFields ?? []);
    if (!same && gaps[line.case] === undefined) failures.push(line.case);
    if (same && gaps[line.case] !== undefined) unexpected.push(line.case);
  }
  expect(failures).toEqual([]);
  expect(unexpected, "these pass: take them from the list of gaps").toEqual([]);
});
