import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../base/json.ts";
import { StatusError } from "../../base/status-error.ts";
import { kindsText } from "../data/kinds-text.ts";
import { decode } from "./decode.ts";
import { loadSchema } from "./schema.ts";

/** Decoding against what a real API server answered: its 400s word for word, and no error where it had none. */

const golden = new URL("../../../test/golden/", import.meta.url);
const schema = loadSchema();
const kinds = (JSON.parse(kindsText) as { kinds: { group: string; version: string; kind: string; type: string }[] }).kinds;

function typeOf(object: JsonObject): string {
  const found = kinds.find((kind) => (kind.group === "" ? "" : `${kind.group}/`) + kind.version === object["apiVersion"] && kind.kind === object["kind"]);
  if (!found) throw new Error(`no kind ${String(object["kind"])}`);
  return found.type;
}

interface Wrong {
  readonly base: string;
  readonly path: string;
  readonly op: "remove" | "replace";
  readonly value?: JsonValue;
  readonly code: number;
  readonly answer?: { readonly message: string };
}

function changed(base: JsonObject, wrong: Wrong): JsonObject {
  const copy = structuredClone(base) as JsonObject;
  const steps = wrong.path.slice(1).split("/").map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  let place = copy as unknown as { [key: string]: unknown };
  for (const step of steps.slice(0, -1)) place = place[step] as typeof place;
  const last = steps.at(-1) as string;
  if (wrong.op === "replace") place[last] = wrong.value;
  else if (Array.isArray(place)) place.splice(Number(last), 1);
  else delete place[last];
  return copy;
}

test("every wrong body of the recording is refused in upstream's words, every other is read", () => {
  const bases = JSON.parse(readFileSync(new URL("bases.json", golden), "utf8")) as (JsonObject & { kind: string; metadata: { name: string } })[];
  const lines = gunzipSync(readFileSync(new URL("validation.jsonl.gz", golden))).toString().trim().split("\n");
  const failures: string[] = [];
  for (const line of lines) {
    const wrong = JSON.parse(line) as Wrong;
    const base = bases.find((object) => `${object.kind}/${object.metadata.name}` === wrong.base) as JsonObject;
    const expected = wrong.code === 400 ? wrong.answer?.message : undefined;
    let got: string | undefined;
    try {
      decode(schema, typeOf(base), changed(base, wrong), "strict");
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      got = error.message;
    }
    if (got !== expected) failures.push(`${wrong.base} ${wrong.path}: ${String(got)} instead of ${String(expected)}`);
  }
  expect(lines.length).toBeGreaterThan(6000);
  expect(failures).toEqual([]);
});

test("an answer of the server decodes to itself, byte for byte", () => {
  const lines = readFileSync(new URL("defaults.jsonl", golden), "utf8").trim().split("\n");
  for (const line of lines) {
    const { body } = JSON.parse(line) as { body: JsonObject };
    expect(JSON.stringify(decode(schema, typeOf(body), body, "strict").object)).toBe(JSON.stringify(body));
  }
});
