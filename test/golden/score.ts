import { writeFileSync } from "node:fs";
import { answerCreate, applyWrong, readBases, readDefaults, readWrongs, world } from "./create-answer.ts";
import type { World } from "./create-answer.ts";
import { compare, lineName } from "./judge.ts";
import type { Difference } from "./judge.ts";
import { defaultsDifference, defaultsName } from "./defaults-judge.ts";
import { readUpdates, updateDifference } from "./update-judge.ts";
import { defaultsReason, reasonFor, updateReason } from "./gap-reasons.ts";

/**
 * How many of the recorded wrongs are answered as recorded, by kind. Run directly it prints the score:
 * `node test/golden/score.ts [Kind] [--show N] [--write]`: `--show` prints the first N differences, `--write` all lists of gaps.
 */
export interface Miss {
  readonly name: string;
  readonly kind: string;
  readonly difference: Difference;
}

export interface Score {
  readonly kinds: Map<string, { met: number; all: number }>;
  readonly misses: readonly Miss[];
  readonly names: ReadonlySet<string>;
}

export function score(place: World, only?: string): Score {
  const bases = readBases();
  const kinds = new Map<string, { met: number; all: number }>();
  const misses: Miss[] = [];
  const names = new Set<string>();
  for (const line of readWrongs()) {
    const kind = line.base.slice(0, line.base.indexOf("/"));
    if (only !== undefined && only !== kind) continue;
    const base = bases.get(line.base);
    if (base === undefined) throw new Error(`no base ${line.base}`);
    const tally = kinds.get(kind) ?? { met: 0, all: 0 };
    kinds.set(kind, tally);
    tally.all++;
    const name = lineName(line);
    names.add(name);
    const difference = differenceOf(place, applyWrong(base, line), line, base as { apiVersion: string; kind: string });
    if (difference === undefined) tally.met++;
    else misses.push({ name, kind, difference });
  }
  return { kinds, misses, names };
}

function differenceOf(place: World, body: Parameters<typeof answerCreate>[1], line: Parameters<typeof compare>[1], target: { apiVersion: string; kind: string }): Difference | undefined {
  try {
    return compare(answerCreate(place, body, target), line);
  } catch (error) {
    return { what: "code", text: `threw ${String(error instanceof Error ? error.stack : error).slice(0, 400)}` };
  }
}

export function scoreText({ kinds }: Score): string {
  let met = 0;
  let all = 0;
  const rows: string[] = [];
  for (const [kind, tally] of kinds) {
    met += tally.met;
    all += tally.all;
    rows.push(`${kind.padEnd(34)} ${String(tally.met).padStart(5)} of ${String(tally.all).padStart(5)}  ${percent(tally.met, tally.all)}`);
  }
  rows.push(`${"all".padEnd(34)} ${String(met).padStart(5)} of ${String(all).padStart(5)}  ${percent(met, all)}`);
  return rows.join("\n");
}

function percent(met: number, all: number): string {
  return `${((100 * met) / all).toFixed(1)} %`;
}

function main(): void {
  const words = process.argv.slice(2);
  const shown = words.indexOf("--show");
  const count = shown < 0 ? 0 : Number(words[shown + 1] ?? 20);
  const kind = words.find((word, i) => !word.startsWith("--") && (shown < 0 || i !== shown + 1));
  const result = score(world(), kind);
  console.log(scoreText(result));
  for (const miss of result.misses.slice(0, count)) console.log(`\n${miss.name}\n   ${miss.difference.what}: ${miss.difference.text}`);
  if (words.includes("--write")) {
    const gaps = Object.fromEntries(result.misses.map((miss) => [miss.name, reasonFor(miss)]).sort(([a = ""], [b = ""]) => (a < b ? -1 : 1)));
    writeGaps("validation.gaps.json", gaps);
    const place = world();
    const names = readDefaults().filter((line) => defaultsDifference(place, line) !== undefined).map(defaultsName);
    writeGaps("defaults.gaps.json", Object.fromEntries(names.map((name) => [name, defaultsReason])));
    const updates = readUpdates().filter((line) => updateDifference(place, line) !== undefined);
    writeGaps("updates.gaps.json", Object.fromEntries(updates.map((line) => [line.case, updateReason])));
  }
}

function writeGaps(file: string, gaps: { readonly [name: string]: string }): void {
  writeFileSync(new URL(file, import.meta.url), `${JSON.stringify(gaps, undefined, 1)}\n`);
}

if (import.meta.main) main();
