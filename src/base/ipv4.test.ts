import fc from "fast-check";
import { expect, test } from "vitest";
import { formatIpv4, parseIpv4, parseIpv4Range, rangeContains } from "./ipv4.ts";

test("reads the dotted form and nothing else", () => {
  expect(parseIpv4("10.96.0.10")).toBe(0x0a60000a);
  expect(parseIpv4("255.255.255.255")).toBe(0xffffffff);
  expect(parseIpv4("0.0.0.0")).toBe(0);
  for (const wrong of ["", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "a.b.c.d", "fe80::1"]) {
    expect(parseIpv4(wrong), wrong).toBeUndefined();
  }
});

test("writes what it reads", () => {
  fc.assert(fc.property(fc.nat({ max: 0xffffffff }), (value) => parseIpv4(formatIpv4(value)) === value));
});

test("knows what a range holds", () => {
  const range = parseIpv4Range("10.244.7.9/16");
  expect(range?.text).toBe("10.244.0.0/16");
  const holds = (ip: string) => range !== undefined && rangeContains(range, parseIpv4(ip) as number);
  expect(["10.243.255.255", "10.244.0.0", "10.244.255.255", "10.245.0.0"].map(holds)).toEqual([false, true, true, false]);
  expect(parseIpv4Range("0.0.0.0/0")?.last).toBe(0xffffffff);
  for (const wrong of ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/", "/8", "10.0.0/8"]) expect(parseIpv4Range(wrong), wrong).toBeUndefined();
});
