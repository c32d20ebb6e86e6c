import { gunzipSync } from "node:zlib";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Draft, JsonObject, JsonValue } from "../../src/base/json.ts";
import { StatusError } from "../../src/base/status-error.ts";
import type { Status } from "../../src/base/status-error.ts";
import type { KubeObject } from "../../src/api/kind-ref.ts";
import type { Pod } from "../../src/api/types/core-v1.ts";
import { applyJsonPatch } from "../../src/api/patch/json-patch.ts";
import { applyMergePatch } from "../../src/api/patch/merge-patch.ts";
import { applyStrategicMergePatch } from "../../src/api/patch/strategic-merge.ts";
import { decode } from "../../src/api/schema/decode.ts";
import { prepareStatusUpdate, prepareUpdate, validateStatusUpdate, validateUpdate } from "../../src/server/strategy.ts";
import { admitTolerations, world } from "./create-answer.ts";

/** Updates and patches of Pods and of their status, against what a real server answered: what may change, and how a refusal shows the difference. */
interface UpdateCase {
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

const cases = gunzipSync(readFileSync(new URL("pod-updates.jsonl.gz", import.meta.url)))
  .toString("utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as UpdateCase);

const { schema, registry } = world();
const kind = registry.byKind("v1", "Pod");
if (kind === undefined) throw new Error("no kind Pod");
const typeName = kind.facts.type;

function asked(line: UpdateCase): JsonValue {
  if (line.method === "PUT") return line.body;
  if (line.contentType.startsWith("application/json-patch")) return applyJsonPatch(line.before, line.body as never);
  if (line.contentType.startsWith("application/merge-patch")) return applyMergePatch(line.before, line.body as never);
  return applyStrategicMergePatch(schema, typeName, line.before as never, line.body as never) as JsonValue;
}

function answer(line: UpdateCase): Status | undefined {
  try {
    const old = decode(schema, typeName, line.before, "ignore").object as KubeObject;
    const draft: Draft<KubeObject> = decode(schema, typeName, asked(line), "ignore").object;
    if (kind === undefined) return undefined;
    kind.declaration?.defaults?.(draft);
    for (const field of ["uid", "creationTimestamp", "generation"] as const) draft.metadata[field] = old.metadata[field] as never;
    if (line.subresource === "status") {
      prepareStatusUpdate(kind, draft, old);
      validateStatusUpdate(kind, draft as KubeObject, old);
    } else {
      const { spec } = draft as unknown as Draft<Pod>;
      if (spec !== undefined) admitTolerations(spec);
      prepareUpdate(kind, draft, old);
      validateUpdate(kind, draft as KubeObject, old);
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return error.status;
  }
}

describe("updates of Pods", () => {
  for (const line of cases) {
    it(`${line.case} ${line.note}`, () => {
      const refused = answer(line);
      expect(refused?.code ?? 200).toBe(line.status);
      if (line.status !== 422) return;
      expect(refused?.details?.causes).toEqual((line.after as unknown as Status).details?.causes);
    });
  }
});
