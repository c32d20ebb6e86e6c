import fc from "fast-check";
import { expect, test } from "vitest";
import type { FieldSet } from "./field-set.ts";
import { difference, isEmptySet, union } from "./field-set.ts";

/** A set from plain paths, the obvious way. */
function fromPaths(paths: readonly string[]): FieldSet {
  const root: { [element: string]: unknown } = {};
  for (const path of [...paths].sort()) {
    let place = root;
    for (const step of path.split("/")) place = (place[`f:${step}`] ??= {}) as typeof place;
    place["."] = {};
  }
  const tidy = (node: { [element: string]: unknown }): FieldSet => {
    const elements = Object.keys(node).sort();
    if (elements.length === 1 && elements[0] === ".") return {};
    return Object.fromEntries(elements.map((element) => [element, element === "." ? {} : tidy(node[element] as { [element: string]: unknown })]));
  };
  return tidy(root);
}

const paths = fc.uniqueArray(fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 }).map((steps) => steps.join("/")), { maxLength: 12 });

test("union and difference are those of sets of paths", () => {
  fc.assert(
    fc.property(paths, paths, (left, right) => {
      expect(union(fromPaths(left), fromPaths(right))).toEqual(fromPaths([...new Set([...left, ...right])]));
      expect(difference(fromPaths(left), fromPaths(right))).toEqual(fromPaths(left.filter((path) => !right.includes(path))));
    }),
  );
});

test("a set that does not change is the same object", () => {
  fc.assert(
    fc.property(paths, (some) => {
      const set = fromPaths(some);
      expect(union(set, fromPaths(some))).toBe(set);
      expect(difference(set, fromPaths(["d", "e/f"]))).toBe(set);
      expect(isEmptySet(difference(set, set))).toBe(true);
    }),
  );
});
