import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readDefaults, world } from "./create-answer.ts";
import { defaultsDifference, defaultsName } from "./defaults-judge.ts";
import { score, scoreText } from "./score.ts";

/** Defaults and validation against what a real server answered. What is not met yet stands in the gap files, and nothing else. */
function readGaps(file: string): { readonly [name: string]: string } {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8")) as { [name: string]: string };
}

const place = world();

describe("recorded wrongs", () => {
  const result = score(place);
  const gaps = readGaps("validation.gaps.json");

  it("are answered as recorded, but for the listed gaps", () => {
    console.log(scoreText(result));
    const unlisted = result.misses.filter(({ name }) => gaps[name] === undefined).map(({ name, difference }) => `${name}\n   ${difference.what}: ${difference.text}`);
    expect(unlisted).toEqual([]);
  });

  it("are met by nineteen of twenty lines of every kind", () => {
    const below = [...result.kinds].filter(([, { met, all }]) => met / all < 0.95).map(([kind]) => kind);
    expect(below).toEqual([]);
  });

  it("have no gap listed that is met or unknown", () => {
    const missed = new Set(result.misses.map(({ name }) => name));
    expect(Object.keys(gaps).filter((name) => !missed.has(name))).toEqual([]);
  });
});

describe("recorded defaults", () => {
  const gaps = readGaps("defaults.gaps.json");
  for (const line of readDefaults()) {
    const name = defaultsName(line);
    it(gaps[name] === undefined ? `${name} gets them` : `${name} does not get them yet: ${gaps[name]}`, () => {
      const difference = defaultsDifference(place, line);
      if (gaps[name] === undefined) expect(difference).toBeUndefined();
      else expect(difference).toBeDefined();
    });
  }
});
