import fc from "fast-check";
import { expect, test } from "vitest";
import { addQuantity, canonicalQuantity, compareQuantity, formatQuantity, milliValue, parseQuantity, quantityError, quantityOf, quantityValue } from "./quantity.ts";

test.each([
  ["0", "0"],
  ["1000m", "1"],
  ["100m", "100m"],
  ["1500m", "1500m"],
  ["0.5", "500m"],
  ["1.5", "1500m"],
  ["1000", "1k"],
  ["1000k", "1M"],
  ["1024Mi", "1Gi"],
  ["64Mi", "64Mi"],
  ["1.5Gi", "1536Mi"],
  ["0.5Ki", "512"],
  ["1e3", "1e3"],
  ["1000e3", "1e6"],
  ["0.0000000001", "1n"],
  ["-1000m", "-1"],
  ["123456789012345678901234567890", "123456789012345678901234567890"],
  ["100Ei", "9223372036854775807"],
  ["5", "5"],
  ["0m", "0"],
  [".5", "500m"],
  ["12E", "12E"],
])("%s is stored as %s", (text, canonical) => {
  expect(canonicalQuantity(text)).toBe(canonical);
});

test("what is no quantity says why", () => {
  expect(quantityError("")).toContain("must match the regular expression");
  expect(quantityError("Not_Valid!")).toContain("must match the regular expression");
  expect(quantityError("1.2.3")).toContain("must match the regular expression");
  expect(quantityError("5kk")).toBe("unable to parse quantity's suffix");
  expect(quantityError("k")).toBe("unable to parse numeric part of quantity");
  expect(canonicalQuantity("1e999999999")).toBeUndefined();
});

test("numbers round away from zero", () => {
  expect(quantityValue("1500m")).toBe(2);
  expect(milliValue("1.5")).toBe(1500);
  expect(milliValue("1n")).toBe(1);
  expect(quantityValue("1Gi")).toBe(2 ** 30);
});

const written = fc
  .tuple(fc.constantFrom("", "-"), fc.nat(99_999_999), fc.option(fc.nat(999)), fc.constantFrom("", "n", "u", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "E-2"))
  .map(([sign, whole, fraction, suffix]) => `${sign}${whole}${fraction === null ? "" : `.${fraction}`}${suffix}`);

test("the canonical form is a fixed point and means the same", () => {
  fc.assert(
    fc.property(written, (text) => {
      const canonical = canonicalQuantity(text) as string;
      const again = parseQuantity(canonical) as NonNullable<ReturnType<typeof parseQuantity>>;
      expect(canonicalQuantity(canonical)).toBe(canonical);
      expect(compareQuantity(parseQuantity(text) as typeof again, again)).toBe(0);
    }),
  );
});

test("adding is that of numbers", () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: -1e9, max: 1e9 }), (a, b) => {
      expect(quantityValue(addQuantity(quantityOf(a), quantityOf(b)))).toBe(a + b);
    }),
  );
  expect(formatQuantity(addQuantity(quantityOf(0), quantityOf(2048, "BinarySI")))).toBe("2Ki");
});
