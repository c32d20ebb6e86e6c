import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { replay } from "./replay.ts";

/**
 * The recorded transcripts with the real kubectl. What is not met stands in gaps.json, finding by finding, with its reason; what is met and
 * stands there fails. A reason that begins with "chance:" names something that upstream decides by chance or by the speed of its
 * machine; there either outcome is right. `CORACLE_GAPS=write` rewrites the list, keeping the reasons that are known;
 * CORACLE_TRANSCRIPTS names the topics to run, parted by commas, where not all are wanted.
 */
const gapsPath = join(import.meta.dirname, "gaps.json");
type Gaps = { [topic: string]: { [what: string]: string } };
const gaps = JSON.parse(readFileSync(gapsPath, "utf8")) as Gaps;
const recorded = readdirSync(join(import.meta.dirname, "recorded")).sort();
const asked = process.env["CORACLE_TRANSCRIPTS"];
const topics = asked === undefined ? recorded : asked.split(",");

describe.concurrent("recorded transcripts", { timeout: 280_000 }, () => {
  const unmet = new Map<string, readonly string[]>();

  for (const topic of topics) {
    it(topic, async () => {
      const findings = await replay(topic);
      const known = gaps[topic] ?? {};
      if (process.env["CORACLE_GAPS"] === "write") {
        unmet.set(topic, findings.filter(({ what, met }) => !met || known[what]?.startsWith("chance:")).map(({ what }) => what));
        return;
      }
      expect(findings.map(({ what }) => what), `${topic}: gaps.json names what is not looked at`).toEqual(expect.arrayContaining(Object.keys(known)));
      for (const { what, met, expected, got } of findings) {
        const reason = known[what];
        if (reason === undefined) expect(got, `${topic}, ${what}: ${expected}`).toBe(met ? got : expected);
        else if (!reason.startsWith("chance:")) expect(met, `${topic}, ${what} is met now: take it off gaps.json`).toBe(false);
      }
    });
  }

  it("have gaps only where something was recorded", () => expect(recorded).toEqual(expect.arrayContaining(Object.keys(gaps))));

  afterAll(() => {
    if (unmet.size === 0) return;
    const all: Gaps = { ...gaps };
    for (const [topic, left] of unmet) {
      delete all[topic];
      if (left.length > 0) all[topic] = Object.fromEntries(left.map((what) => [what, gaps[topic]?.[what] ?? "not looked into yet"]));
    }
    writeFileSync(gapsPath, `${JSON.stringify(Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1))), null, 1)}\n`);
  });
});
