import { expect, it } from "vitest";
import type { JsonObject, JsonValue } from "../../src/base/json.ts";
import { answerCreate, readBases, world } from "./create-answer.ts";
import { updateDifference } from "./update-judge.ts";
import type { UpdateCase } from "./update-judge.ts";

/**
 * Every place of every recorded object, replaced by what fits it badly: created, and put in the place of the good one. Whatever the
 * answer, it is an answer: no hook of a kind throws anything but a refusal. One in `step` of all 45,000 is tried, always the same ones.
 */
const step = 101;
const replacements: readonly (JsonValue | undefined)[] = [
  undefined,
  ...["", "Not_Valid!", "x".repeat(300), "a/b/c", "https://u@h/p?q#f", "*", "//", "[a", ":", "."],
  ...[null, -1, 0, 1.5, 70000, true, false],
  ...[{}, { a: null }, { a: "b" }, { a: {} }],
  ...([[], [null], [{}], [""], ["a", "a"]] as JsonValue[]),
];

function* places(value: unknown, at: readonly string[] = []): Generator<readonly string[]> {
  if (at.length > 0) yield at;
  if (typeof value === "object" && value !== null) for (const [key, inner] of Object.entries(value)) yield* places(inner, [...at, key]);
}

function replaced(base: JsonObject, at: readonly string[], value: JsonValue | undefined): JsonObject {
  const copy = structuredClone(base);
  let holder = copy as { [key: string]: JsonValue };
  for (const key of at.slice(0, -1)) holder = holder[key] as { [key: string]: JsonValue };
  const last = at.at(-1) as string;
  if (value !== undefined) holder[last] = value;
  else if (Array.isArray(holder)) holder.splice(Number(last), 1);
  else delete holder[last];
  return copy;
}

it("odd bodies are answered, never with a broken hook", () => {
  const place = world();
  let count = 0;
  for (const base of readBases().values()) {
    const target = base as unknown as { apiVersion: string; kind: string };
    const before = { ...base, metadata: { ...(base["metadata"] as JsonObject), uid: "u", resourceVersion: "5" } } as JsonObject;
    for (const at of places(base)) {
      if (at[0] === "apiVersion" || at[0] === "kind") continue;
      for (const value of replacements) {
        if (++count % step !== 0) continue;
        const body = replaced(base, at, value);
        answerCreate(place, body, target);
        for (const subresource of ["", "status"] as const) {
          const update: UpdateCase = { case: "", note: "", subresource, before, method: "PUT", contentType: "application/json", body, status: 200, after: {} };
          updateDifference(place, update);
        }
      }
    }
  }
  expect(count).toBeGreaterThan(40_000);
});
