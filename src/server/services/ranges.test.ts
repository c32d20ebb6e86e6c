import { expect, test } from "vitest";
import { SeededRandom } from "../../base/random.ts";
import { clusterIpRange, drawFrom, ipText, ipValue, isIn, nodePortRange } from "./ranges.ts";

test("addresses as numbers and back", () => {
  expect(ipText(clusterIpRange.first)).toBe("10.96.0.1");
  expect(ipText(clusterIpRange.last)).toBe("10.96.255.254");
  expect(ipValue(new Uint8Array([10, 96, 0, 1]))).toBe(clusterIpRange.first);
  expect(isIn(clusterIpRange, ipValue(new Uint8Array([10, 97, 0, 0])))).toBe(false);
});

test("draws above the band for fixed values, and from the band when the rest is taken", () => {
  const range = { first: 1, last: 10, dynamic: 4 };
  const random = new SeededRandom(7);
  const taken = new Set<number>();
  const drawn: (number | undefined)[] = [];
  for (let i = 0; i < 11; i++) {
    const value = drawFrom(range, random, (candidate) => !taken.has(candidate));
    drawn.push(value);
    if (value !== undefined) taken.add(value);
  }
  expect(drawn.slice(0, 7).every((value) => value !== undefined && value >= 4)).toBe(true);
  expect(drawn.slice(7)).toEqual([1, 2, 3, undefined]);
});

test("the bands are as wide as upstream's", () => {
  expect(ipText(clusterIpRange.dynamic)).toBe("10.96.1.1");
  expect(nodePortRange.dynamic).toBe(30_086);
});
