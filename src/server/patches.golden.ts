import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { answerDifference, isCustom, readRecorded, replayRequest, startRecordingServer } from "../../test/golden/recorded-requests.ts";

/**
 * 3,849 recorded patches, applies and updates through the whole server: status, body with managedFields and the order of its
 * fields, warnings. Requests for custom kinds wait until the server serves those; what else is not met stands in the list of
 * gaps with its reason.
 */
const gaps = JSON.parse(readFileSync(new URL("patches.gaps.json", import.meta.url), "utf8")) as { [name: string]: string };

/** Met at least: the list of gaps is not to grow beyond it. */
const leastShares = { "json-patch.jsonl": 0.97, "json-merge-patch.jsonl": 0.97, "strategic-merge-patch.jsonl.gz": 0.97, "update.jsonl.gz": 0.94, "server-side-apply.jsonl.gz": 0.97 };

test.each(Object.entries(leastShares))("%s", async (file, leastShare) => {
  const cluster = await startRecordingServer();
  const failures: string[] = [];
  const unexpected: string[] = [];
  const lines = readRecorded(file).filter((line) => !isCustom(line));
  for (const line of lines) {
    const difference = answerDifference(line, await replayRequest(cluster, line));
    if (difference !== undefined && gaps[line.case] === undefined) failures.push(`${line.case} ${line.note}\n   ${difference}`);
    if (difference === undefined && gaps[line.case] !== undefined) unexpected.push(line.case);
  }
  expect(failures).toEqual([]);
  expect(unexpected, "these pass: take them from the list of gaps").toEqual([]);
  expect(lines.filter((line) => gaps[line.case] === undefined).length / lines.length).toBeGreaterThanOrEqual(leastShare);
});
