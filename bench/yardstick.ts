import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Figure } from "./figures.ts";

const times = 200_000;
/** What takes less time than this says nothing beside a yardstick of a second. */
const goalMsMin = 100;

/**
 * The peer of what happens inside a process: how long this machine takes, now, to read and print the JSON of a Pod so often. Between runs
 * the machine's speed differs by half; the ratios to this differ less.
 */
function yardstick(): NonNullable<Figure["peer"]> {
  const text = readFileSync(join(import.meta.dirname, "pod.json"), "utf8").trim();
  const started = performance.now();
  let printed = 0;
  for (let i = 0; i < times; i++) printed += JSON.stringify(JSON.parse(text)).length;
  if (printed < times) throw new Error("nothing was printed");
  return { what: `JSON of a Pod, ${times.toLocaleString("en-US")} ×`, value: performance.now() - started };
}

/** Figures of this process beside the yardstick, which is taken after them: it warms what they use. */
export function besideYardstick(figures: readonly Figure[]): Figure[] {
  const peer = yardstick();
  return figures.map((figure) => (figure.goal < goalMsMin ? figure : { ...figure, peer }));
}
