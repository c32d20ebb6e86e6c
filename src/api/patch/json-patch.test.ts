import { expect, test } from "vitest";
import { applyJsonPatch } from "./json-patch.ts";
import { applyMergePatch } from "./merge-patch.ts";

const document = Object.freeze({ a: Object.freeze([1, 2, 3]), b: Object.freeze({ c: "x" }), d: null });

test.each([
  [[{ op: "add", path: "/a/-1", value: 4 }], { a: [1, 2, 3, 4], b: { c: "x" }, d: null }],
  [[{ op: "remove", path: "/a/-1" }], { a: [1, 2], b: { c: "x" }, d: null }],
  [[{ op: "replace", path: "/new", value: 1 }], { ...document, new: 1 }],
  [[{ op: "copy", from: "/b", path: "/e" }, { op: "add", path: "/e/c", value: "y" }], { ...document, e: { c: "y" } }],
  [[{ op: "move", from: "/a/0", path: "/a/2" }], { ...document, a: [2, 3, 1] }],
  [[{ op: "test", path: "/missing", value: null }], document],
  [[{ op: "add", path: "/__proto__", value: { x: 1 } }], JSON.parse('{"a":[1,2,3],"b":{"c":"x"},"d":null,"__proto__":{"x":1}}')],
])("%j", (operations, expected) => {
  expect(applyJsonPatch(document, operations)).toEqual(expected);
});

test.each([
  [[{ op: "remove", path: "/missing" }]],
  [[{ op: "add", path: "/x/y", value: 1 }]],
  [[{ op: "test", path: "/a/0", value: 2 }]],
  [[{ op: "remove", path: "/a/-" }]],
  [[{ op: "frob", path: "/a" }]],
  [[{ op: "add", path: "a", value: 1 }]],
])("%j does not apply", (operations) => {
  expect(() => applyJsonPatch(document, operations)).toThrow("the server rejected our request due to an error in our request");
});

test("a merge patch removes with null and keeps null items of lists", () => {
  expect(applyMergePatch(document, { b: { c: null, e: { f: null, g: 1 } }, a: [null], d: { x: null } })).toEqual({ a: [null], b: { e: { g: 1 } }, d: {} });
  expect(document).toEqual({ a: [1, 2, 3], b: { c: "x" }, d: null });
});

test("copies of copies end where texts do", () => {
  const copies = Array.from({ length: 14 }, (_, index) => ({ op: "copy", from: "/b", path: `/b/${"c/".repeat(index)}c` }));
  const doubling = Array.from({ length: 12 }, (_, index) => ({ op: "copy", from: "/b", path: `/b${"/n".repeat(2 ** index)}` }));
  expect(() => applyJsonPatch({ b: {} }, doubling)).toThrow("the server rejected our request");
  expect(() => applyJsonPatch({ b: {} }, copies.slice(0, 1))).not.toThrow();
});
