import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sha256 } from "./sha256.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("digests as the standard says", () => {
  expect(hex(sha256(""))).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect(hex(sha256("abc"))).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("agrees with the host's at every length around the block borders and for any text", () => {
  const expected = (text: string) => createHash("sha256").update(text, "utf8").digest("hex");
  for (let length = 0; length <= 200; length++) expect(hex(sha256("x".repeat(length)))).toBe(expected("x".repeat(length)));
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => hex(sha256(text)) === expected(text)));
});
