import { expect, test } from "vitest";
import { slowStart } from "./slow-start.ts";

async function tried(count: number, fails: (index: number) => boolean): Promise<{ tried: number[]; failure: unknown }> {
  const tried: number[] = [];
  const failure = await slowStart(count, async (index) => {
    tried.push(index);
    await Promise.resolve();
    if (fails(index)) throw new Error(`no ${index}`);
  });
  return { tried, failure };
}

test("all are tried when none fails", async () => {
  expect(await tried(10, () => false)).toEqual({ tried: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], failure: undefined });
});

test("the first refusal ends it at once", async () => {
  expect((await tried(10, () => true)).tried).toEqual([0]);
});

test("a batch is finished before the rest is given up", async () => {
  const { tried: indexes, failure } = await tried(10, (index) => index === 1);
  expect(indexes).toEqual([0, 1, 2]);
  expect(String(failure)).toBe("Error: no 1");
});
