import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonValue } from "../base/json.ts";
import { YamlError, parseYamlDocuments, printYaml, repeatedYamlKeys } from "./yaml.ts";

test.each([
  ["yes", true],
  ["off", false],
  ["0777", 511],
  ["0o17", 15],
  ["1_000", 1000],
  ["0b11", 3],
  ["08", 8],
  ["1e3", 1000],
  ["12:30:45", "12:30:45"],
  ["2026-01-01", "2026-01-01"],
  ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"],
  ["~", null],
  ["v1.36", "v1.36"],
])("%s reads as kubectl reads it", (text, value) => {
  expect(parseYamlDocuments(`a: ${text}\n`)).toEqual([{ a: value }]);
});

test("several documents, empty ones left out, the last of equal keys wins", () => {
  expect(parseYamlDocuments("---\na: 1\na: 2\n---\n# nothing\n---\non: x\n")).toEqual([{ a: 2 }, { true: "x" }]);
});

test("an error names the line", () => {
  const read = () => parseYamlDocuments("a: b\n c: d\n");
  expect(read).toThrow(YamlError);
  expect(read).toThrow(/^yaml: line 2: /);
});

test("prints as kubectl prints", () => {
  const object = {
    metadata: { name: "x", annotations: { a10: "true", a2: "null", text: "one\ntwo\n", spaced: "a \nb", tab: "a\tb" } },
    items: [{ b: [], a: {} }, "plain: not", "- x", "2026-01-01T00:00:00Z", "", ["nested"]],
    kind: "List",
  };
  expect(printYaml(object)).toBe(`items:
- a: {}
  b: []
- 'plain: not'
- '- x'
- "2026-01-01T00:00:00Z"
- ""
- - nested
kind: List
metadata:
  annotations:
    a2: "null"
    a10: "true"
    spaced: "a \\nb"
    tab: "a\\tb"
    text: |
      one
      two
  name: x
`);
});

test("long lines are folded at the first space beyond column 80", () => {
  const message = `pods "denied-6b7d689b68-" is forbidden: error looking up service account deployment-progress-deadline/nobody: not found`;
  expect(printYaml({ status: { message } })).toBe(`status:
  message: 'pods "denied-6b7d689b68-" is forbidden: error looking up service account
    deployment-progress-deadline/nobody: not found'
`);
});

const text = fc.oneof(fc.string(), fc.string({ unit: "grapheme" }), fc.constantFrom("y", "0x1F", "1_0", "-", "? a", "a #b", "a: b", "\n", " \n", "a\n\n", "  lead\nx", "long ".repeat(40), "e  e ".repeat(30)));
const json = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, fc.constant(null), fc.boolean(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0), text, fc.array(tie("value")), fc.dictionary(text.filter((key) => key !== "__proto__"), tie("value"))),
})).value;

test("what is printed reads back as the same", () => {
  fc.assert(
    fc.property(json, (value) => {
      expect(parseYamlDocuments(printYaml({ value }))).toEqual([{ value }]);
    }),
    { numRuns: 500 },
  );
});

test("aliases add no more than a request may hold, and none contains itself", () => {
  const level = (name: string, of: string): string => `${name}: &${name} [${Array(9).fill(of).join(",")}]`;
  const names = [..."abcdefghij"];
  const bomb = names.map((name, i) => level(name, i === 0 ? "x" : `*${names[i - 1]}`)).join("\n");
  expect(() => parseYamlDocuments(bomb)).toThrow("yaml: document contains excessive aliasing");
  expect(() => parseYamlDocuments(`a: &a ${"x".repeat(100_000)}\nb: [${Array(90).fill("*a").join(",")}]`)).toThrow("excessive aliasing");
  expect(() => parseYamlDocuments("a: &a [*a]")).toThrow(YamlError);
  expect(parseYamlDocuments("a: &a {x: z}\nb: [*a, *a]")).toEqual([{ a: { x: "z" }, b: [{ x: "z" }, { x: "z" }] }]);
});

test("nobody writes ten thousand documents", () => {
  expect(() => parseYamlDocuments("---\n".repeat(700_000))).toThrow("yaml: more than 10000 documents");
  expect(parseYamlDocuments("---\na: 1\n".repeat(1000))).toHaveLength(1000);
});

test("keys that stand again in a mapping are told by their lines", () => {
  expect(repeatedYamlKeys('a: 1\nb: {x: 1, x: 2}\nc:\n- k: v\n  "k": w\n- k: v\na: 3\n')).toEqual(['line 2: key "x" already set in map', 'line 5: key "k" already set in map', 'line 7: key "a" already set in map']);
  expect(repeatedYamlKeys("a: &x {k: v}\nb:\n  <<: *x\n  k: v\nc: [*x, *x]\n---\na: 1\na: 2\n")).toEqual([]);
});

test.each([
  ["a: b: c\n", "yaml: line 1: mapping values are not allowed in this context"],
  ["a: b\n  c: d\n", "yaml: line 2: mapping values are not allowed in this context"],
  ["a: @x\n", "yaml: line 1: found character that cannot start any token"],
  ["a:\n  b: 1\n c\n", "yaml: line 2: did not find expected key"],
  ["a:\n\tb: 1\n", "yaml: line 2: found a tab character that violates indentation"],
])("%j is refused in Go's words", (text, message) => {
  expect(() => parseYamlDocuments(text)).toThrow(message);
});
