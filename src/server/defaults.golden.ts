import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { answerDifference, replayRequest, startRecordingServer } from "../../test/golden/recorded-requests.ts";
import type { RecordedRequest } from "../../test/golden/recorded-requests.ts";

/** The recorded creates through the whole server: defaults, admission, managed fields, the order of fields. */
interface Line {
  readonly request: { readonly method: string; readonly path: string; readonly body: { readonly kind: string; readonly metadata: { readonly name: string } } };
  readonly status: number;
  readonly body: { readonly metadata?: { readonly managedFields?: readonly { readonly manager: string }[] } };
}

const lines = readFileSync(new URL("../../test/golden/defaults.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Line);
const gaps = JSON.parse(readFileSync(new URL("defaults.gaps.json", import.meta.url), "utf8")) as { [name: string]: string };

test("creates are answered as recorded, but for the listed gaps", async () => {
  const cluster = await startRecordingServer(["rec", "rec-lr"]);
  const failures: string[] = [];
  const unexpected: string[] = [];
  for (const { request, status, body } of lines) {
    const name = `${request.body.kind}/${request.body.metadata.name}`;
    const manager = body.metadata?.managedFields?.[0]?.manager ?? "recorder";
    const [path = "", query = ""] = request.path.split("?");
    const line: RecordedRequest = { case: name, note: "", before: null, request: { ...request, path, query, contentType: "application/json", userAgent: `${manager}/1.0` }, status, after: body };
    const difference = answerDifference(line, await replayRequest(cluster, line));
    if (difference !== undefined && gaps[name] === undefined) failures.push(`${name}\n   ${difference}`);
    if (difference === undefined && gaps[name] !== undefined) unexpected.push(name);
  }
  expect(failures).toEqual([]);
  expect(unexpected, "these pass: take them from the list of gaps").toEqual([]);
});
