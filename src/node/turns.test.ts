import { expect, test } from "vitest";
import { FifoRunner } from "../base/runner.ts";
import { nodeTurns } from "./turns.ts";

function runnerOnNode(): FifoRunner {
  return new FifoRunner({
    turn: nodeTurns(),
    fail: (error) => {
      throw error;
    },
  });
}

test("a turn comes after every continuation of the step before it, however deep", async () => {
  const runner = runnerOnNode();
  const seen: string[] = [];
  for (const name of ["a", "b", "c"]) {
    runner.post(async () => {
      for (let depth = 0; depth < 20; depth++) await Promise.resolve().then(() => Promise.resolve());
      seen.push(name);
    });
  }
  runner.post(() => void seen.push("d"));
  await runner.idle();
  expect(seen).toEqual(["a", "b", "c", "d"]);
});

test("the event loop comes round while there is always another step", async () => {
  const runner = runnerOnNode();
  let round = false;
  let steps = 0;
  const step = (): void => {
    steps++;
    if (!round || steps < 100) runner.post(step);
  };
  runner.post(step);
  setTimeout(() => (round = true), 20);
  await new Promise((resolve) => setTimeout(resolve, 1));
  await runner.idle();
  expect(round).toBe(true);
  expect(steps).toBeGreaterThanOrEqual(100);
});
