import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { ProtobufDecoder } from "./decode-protobuf.ts";
import { ProtobufEncoder } from "./encode-protobuf.ts";
import { ProtobufError } from "./wire.ts";

/** Upstream's golden objects of every kind that is served by default: every field set, in protobuf and in JSON. */
const fixtures = gunzipSync(readFileSync(join(import.meta.dirname, "golden", "fixtures.jsonl.gz")))
  .toString()
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as { name: string; pb: string; json: unknown });
const decoder = new ProtobufDecoder();

describe("upstream's golden objects decode to their JSON", () => {
  test.each(fixtures.map((fixture) => [fixture.name, fixture] as const))("%s", (_name, { pb, json }) => {
    expect(decoder.decode(Buffer.from(pb, "base64"))).toEqual(json);
  });
});

describe("and are written again byte for byte", () => {
  const encoder = new ProtobufEncoder();
  test.each(fixtures.map((fixture) => [fixture.name, fixture] as const))("%s", (_name, { pb, json }) => {
    expect(Buffer.from(encoder.encode(json as object)).toString("hex")).toBe(Buffer.from(pb, "base64").toString("hex"));
  });
});

describe("what is no object is refused, never half read", () => {
  const pod = Buffer.from(fixtures.find((fixture) => fixture.name === "core.v1.Pod")?.pb ?? "", "base64");

  test("without the prefix", () => expect(() => decoder.decode(Buffer.from("{}"))).toThrow("expected prefix [107 56 115 0]"));
  test("of an unknown kind", () => {
    const unknown = Buffer.from([0x6b, 0x38, 0x73, 0, 0x0a, 0x07, 0x0a, 0x02, 0x76, 0x31, 0x12, 0x01, 0x58]);
    expect(() => decoder.decode(unknown)).toThrow('no kind "X" is registered for version "v1"');
  });
  test("cut off anywhere", () => {
    for (let length = 0; length < pod.length; length += 97) expect(() => decoder.decode(pod.subarray(0, length)), String(length)).toThrow(ProtobufError);
  });
  const field = (number: number, ...parts: readonly Uint8Array[]): Buffer => {
    const bytes = Buffer.concat(parts);
    const head: number[] = [];
    for (let rest of [(number << 3) | 2, bytes.length]) {
      for (; rest > 0x7f; rest >>>= 7) head.push((rest & 0x7f) | 0x80);
      head.push(rest);
    }
    return Buffer.concat([Buffer.from(head), bytes]);
  };
  const object = (apiVersion: string, kind: string, raw: Buffer): Buffer => Buffer.concat([Buffer.from("k8s\0"), field(1, field(1, Buffer.from(apiVersion)), field(2, Buffer.from(kind))), field(2, raw)]);
  test("an object inside an object, again and again", () => {
    let nested: Buffer = Buffer.alloc(0);
    for (let i = 0; i < 3000; i++) nested = object("apps/v1", "ControllerRevision", field(2, field(1, nested)));
    expect(() => decoder.decode(nested)).toThrow("exceeded max depth");
  });
  test.each([24, 28])("a schema inside a schema, again and again, in field %i", (number) => {
    let schema: Buffer = Buffer.alloc(0);
    for (let i = 0; i < 3000; i++) schema = field(number, schema);
    expect(() => decoder.decode(object("apiextensions.k8s.io/v1", "CustomResourceDefinition", field(2, field(7, field(4, field(1, schema))))))).toThrow("exceeded max depth");
  });
  test("with any byte turned over it is an object or a refusal", () => {
    for (let i = 4; i < pod.length; i += 53) {
      const bytes = Buffer.from(pod);
      bytes[i] = (bytes[i] ?? 0) ^ 0xff;
      try {
        decoder.decode(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtobufError);
      }
    }
  });
});
