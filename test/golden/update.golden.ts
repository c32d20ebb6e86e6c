import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { world } from "./create-answer.ts";
import { readUpdates, updateDifference } from "./update-judge.ts";

const gaps = JSON.parse(readFileSync(new URL("updates.gaps.json", import.meta.url), "utf8")) as { readonly [name: string]: string };
const place = world();

describe("updates", () => {
  for (const line of readUpdates()) {
    const gap = gaps[line.case];
    it(`${line.case} ${line.note}${gap === undefined ? "" : ` (a gap: ${gap})`}`, () => {
      const difference = updateDifference(place, line);
      if (gap === undefined) expect(difference).toBeUndefined();
      else expect(difference).toBeDefined();
    });
  }
});
