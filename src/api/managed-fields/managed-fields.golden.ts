import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { kindsText } from "../data/kinds-text.ts";
import type { KubeObject } from "../kind-ref.ts";
import { equalJson } from "../schema/json-data.ts";
import { loadSchema } from "../schema/schema.ts";
import type { ManagedFieldsEntry } from "../types/meta-v1.ts";
import { ownUpdate } from "./managed-fields.ts";

/** Ownership after recorded updates and patches: from `before` to `after`, as if what the request asked for were `after`. */

interface Line {
  readonly case: string;
  readonly before: KubeObject | null;
  readonly request: { readonly path: string; readonly query?: string; readonly body?: { readonly metadata?: KubeObject["metadata"] } | null; readonly bodyRaw?: string; readonly userAgent?: string };
  readonly status: number;
  readonly after: KubeObject;
}

const golden = new URL("../../../test/golden/patches/", import.meta.url);
const gaps = JSON.parse(readFileSync(new URL("managed-fields.gaps.json", import.meta.url), "utf8")) as { [name: string]: string };
const schema = loadSchema();
const kinds = (JSON.parse(kindsText) as { kinds: { group: string; version: string; kind: string; type: string; plural: string }[] }).kinds;

function ownersOf(line: Line, put: boolean): readonly ManagedFieldsEntry[] {
  const { before, after, request } = line as Line & { before: KubeObject };
  const kind = kinds.find((candidate) => (candidate.group === "" ? "" : `${candidate.group}/`) + candidate.version === before.apiVersion && candidate.kind === before.kind);
  const { type, plural } = kind as (typeof kinds)[number];
  const steps = request.path.split("/");
  const subresource = steps[steps.lastIndexOf(plural) + 2];
  const named = /(?:^|&)fieldManager=([^&]*)/.exec(request.query ?? "")?.[1];
  const { managedFields: expected = [], ...metadata } = after.metadata;
  const sent = put && request.body && typeof request.body === "object" ? request.body.metadata?.managedFields : undefined;
  return ownUpdate(
    schema,
    type,
    before,
    { ...after, metadata: { ...metadata, ...(sent === undefined || sent === null ? {} : { managedFields: sent }) } },
    {
      manager: named ?? ((request.userAgent ?? "recorder/1.0").split("/")[0] as string),
      apiVersion: after.apiVersion,
      time: expected.map((entry) => entry.time ?? "").sort().at(-1) ?? "",
      subresource,
      reset: subresource === undefined ? [["status"]] : [],
    },
  );
}

function isForOwnership(line: Line, put: boolean): boolean {
  if (line.status !== 200 || line.before === null || line.after.kind !== line.before.kind) return false;
  const known = kinds.some((kind) => kind.kind === line.before?.kind);
  return known && (put || !JSON.stringify(line.request).includes("managedFields"));
}

test.each(["update.jsonl.gz", "strategic-merge-patch.jsonl.gz", "json-merge-patch.jsonl", "json-patch.jsonl"])("%s", (file) => {
  const bytes = readFileSync(new URL(file, golden));
  const put = file.startsWith("update");
  const failures: string[] = [];
  const unexpected: string[] = [];
  for (const text of (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString().trim().split("\n")) {
    const line = JSON.parse(text) as Line;
    if (!isForOwnership(line, put)) continue;
    const same = equalJson(ownersOf(line, put), line.after.metadata.managedFields ?? []);
    if (!same && gaps[line.case] === undefined) failures.push(line.case);
    if (same && gaps[line.case] !== undefined) unexpected.push(line.case);
  }
  expect(failures).toEqual([]);
  expect(unexpected, "these pass: take them from the list of gaps").toEqual([]);
});
