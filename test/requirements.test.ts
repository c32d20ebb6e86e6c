import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";
import { notYet, shownBy } from "./requirements.ts";
import waiting from "./scenarios/waiting.json" with { type: "json" };

/** The table of requirements is complete: every row is shown by a test or a guide that exists, or is listed with the reason why not yet. */
const root = join(import.meta.dirname, "..");
const table = readFileSync(join(import.meta.dirname, "requirements.md"), "utf8");
const rows = [...table.matchAll(/^\| (S-\d{3}) \| [^|]+ \| (.+) \|$/gm)].map((match) => ({ id: match[1] as string, text: match[2] as string }));

const texts = new Map<string, string | undefined>();
function textOf(file: string): string | undefined {
  if (!texts.has(file)) texts.set(file, existsSync(join(root, file)) ? readFileSync(join(root, file), "utf8") : undefined);
  return texts.get(file);
}

/** What is wrong with a reference; undefined when what it names is there. */
function wrong(reference: string): string | undefined {
  const step = /^(E\d\d)([a-z]?)\/(\d+)$/.exec(reference);
  if (step) {
    const [, scenario = "", part, number] = step;
    const file = `test/scenarios/${scenario.toLowerCase()}.test.ts`;
    const text = textOf(file);
    if (text === undefined) return `${file} does not exist`;
    const own = text.split(/^scenario\(/m).find((each) => each.startsWith(`"${scenario}${part}",`));
    if (!own?.includes(`s.step(${number}, "`)) return `${file} has no step ${number} of ${scenario}${part}`;
    return Object.hasOwn(waiting, reference) ? `${reference} may wait` : undefined;
  }
  const [file = "", title = ""] = reference.split(/ [#>] /);
  const text = textOf(file);
  if (text === undefined) return `${file} does not exist`;
  const there = reference.includes(" # ") ? text.split("\n").some((line) => /^#+ /.test(line) && line.replace(/^#+ /, "") === title) : text.includes(`("${title}",`);
  return there ? undefined : `${file} has no "${title}"`;
}

test("the table has every row once, in order", () => {
  expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 286 }, (_, i) => `S-${String(i + 1).padStart(3, "0")}`));
  for (const { id, text } of rows) expect(text.length, id).toBeGreaterThan(20);
});

test("every row is shown by something, and nothing is shown that is no row", () => {
  expect(Object.keys(shownBy)).toEqual(rows.map(({ id }) => id));
  expect(Object.entries(shownBy).filter(([, references]) => references.length === 0 || new Set(references).size < references.length)).toEqual([]);
});

test("what shows a row exists, unless it is listed as not yet shown", () => {
  const faults = Object.entries(shownBy).flatMap(([id, references]) => {
    const missing = references.map(wrong).filter((fault) => fault !== undefined);
    if (notYet[id] !== undefined) return missing.length === 0 ? [`${id} is shown now: take it off notYet`] : [];
    return missing.map((fault) => `${id}: ${fault}`);
  });
  expect(faults).toEqual([]);
  expect(Object.keys(notYet).filter((id) => !(id in shownBy))).toEqual([]);
  if (Object.keys(notYet).length > 0) process.stdout.write(`not shown yet:\n${Object.entries(notYet).map(([id, reason]) => `  ${id}: ${reason}\n`).join("")}`);
});

test("a wrong reference is noticed", () => {
  expect(wrong("E01/99")).toBe("test/scenarios/e01.test.ts has no step 99 of E01");
  expect(wrong("E99/1")).toBe("test/scenarios/e99.test.ts does not exist");
  expect(wrong("E01a/2")).toBe("test/scenarios/e01.test.ts has no step 2 of E01a");
  expect(wrong("README.md # No such heading")).toBe('README.md has no "No such heading"');
  expect(wrong("test/requirements.test.ts > no such test")).toBe('test/requirements.test.ts has no "no such test"');
});
