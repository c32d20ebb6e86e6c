import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchesSelector, selects } from "./label-selector.ts";
import { parseLabelSelector, SelectorError } from "./parse-label-selector.ts";

const labels = { app: "web", tier: "front", size: "10", empty: "" };

describe("label selectors as text", () => {
  it.each([
    ["", true],
    ["app=web", true],
    ["app==web,tier=front", true],
    ["app!=web", false],
    ["missing!=x", true],
    ["app in (web, db)", true],
    ["app notin (web,db)", false],
    ["missing notin (web)", true],
    ["app", true],
    ["!app", false],
    ["! missing", true],
    ["size>9", true],
    ["size<10", false],
    ["app>1", false],
    ["empty=", true],
    ["app in ()", false],
    ["empty in (,x)", true],
  ])("%s", (text, expected) => expect(selects(parseLabelSelector(text), labels)).toBe(expected));

  it.each(["app=web,", "=web", "app in web", "app in (web", "a b", "app==web)", ","])("refuses %s", (text) => {
    expect(() => parseLabelSelector(text)).toThrow(SelectorError);
  });

  it("never fails in another way", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ab,()!=<> innotx") }), (text) => {
        try {
          parseLabelSelector(text);
        } catch (error) {
          expect(error).toBeInstanceOf(SelectorError);
        }
      }),
    );
  });
});

describe("label selectors of objects", () => {
  it("selects nothing when absent, everything when empty", () => {
    expect(matchesSelector(undefined, labels)).toBe(false);
    expect(matchesSelector({}, labels)).toBe(true);
  });

  it("asks for all of both parts", () => {
    const selector = { matchLabels: { app: "web" }, matchExpressions: [{ key: "tier", operator: "In", values: ["front", "back"] }] };
    expect(matchesSelector(selector, labels)).toBe(true);
    expect(matchesSelector(selector, { app: "web" })).toBe(false);
  });
});
