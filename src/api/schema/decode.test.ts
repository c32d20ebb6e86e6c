import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../base/json.ts";
import { decode, decodeValue } from "./decode.ts";
import { cloneDraft, equalJson } from "./json-data.ts";
import { JsonSyntaxError, decodeJsonText, plainJson } from "./json-text.ts";
import type { TypeNode } from "./schema.ts";
import { loadSchema } from "./schema.ts";

const schema = loadSchema();
const pod = "io.k8s.api.core.v1.Pod";

function podFrom(text: string) {
  const { value, duplicates } = decodeJsonText(text);
  return decode(schema, pod, value, "warn", { duplicates });
}

describe("decoding", () => {
  test("fields come in Go's order, with what is always there and without what is empty", () => {
    const { object } = podFrom('{"spec":{"nodeName":"","containers":[{"image":"x","name":"a","resources":{"limits":{"memory":"1024Mi","cpu":"1000m"}}}]},"kind":"Pod","apiVersion":"v1"}');
    expect(JSON.stringify(object)).toBe(
      '{"kind":"Pod","apiVersion":"v1","metadata":{},"spec":{"containers":[{"name":"a","image":"x","resources":{"limits":{"cpu":"1","memory":"1Gi"}}}]},"status":{}}',
    );
  });

  test("unknown and duplicate fields are named, but not below what is unknown", () => {
    const { warnings } = podFrom('{"zap":{"a":1,"a":2},"spec":{"hostNetwork":false,"hostNetwork":true,"containers":[{"name":"a","Name":"b"}]},"metadata":{"labels":{"a":"1","a":"2"}}}');
    expect(warnings).toEqual(['unknown field "zap"', 'duplicate field "spec.hostNetwork"', 'unknown field "spec.containers[0].Name"', 'duplicate field "metadata.labels.a"']);
  });

  test("numbers are judged as written", () => {
    const decodeGrace = (literal: string) => () => podFrom(`{"spec":{"containers":null,"terminationGracePeriodSeconds":${literal}}}`).object;
    expect(decodeGrace('{"toString":0}')).toThrow("cannot unmarshal object into Go struct field PodSpec.spec.terminationGracePeriodSeconds of type int64");
    expect(decodeGrace("2.0")).toThrow("cannot unmarshal number 2.0 into Go struct field PodSpec.spec.terminationGracePeriodSeconds of type int64");
    expect(decodeGrace("1e2")).toThrow("number 1e2");
    expect(decodeGrace("9223372036854775808")).toThrow("number 9223372036854775808");
    expect(decodeGrace("9223372036854775807")).not.toThrow();
    expect(JSON.stringify(decodeGrace("-0")())).toContain('"terminationGracePeriodSeconds":0');
  });

  test("times are written in UTC, half a day is none", () => {
    const at = (time: string) => (podFrom(`{"metadata":{"creationTimestamp":${JSON.stringify(time)}}}`).object.metadata as { creationTimestamp?: string }).creationTimestamp;
    expect(at("2026-01-01T01:00:00.123+01:00")).toBe("2026-01-01T00:00:00Z");
    expect(at("0001-01-01T00:00:00Z")).toBeUndefined();
    expect(() => at("2026-13-01T00:00:00Z")).toThrow('parsing time "2026-13-01T00:00:00Z": month out of range');
    expect(() => at("2026-02-30T00:00:00Z")).toThrow("day out of range");
    expect(() => at("2026-01-01")).toThrow('cannot parse "" as "T"');
  });

  test("__proto__ is a key like any other in a map", () => {
    const { object } = podFrom('{"metadata":{"labels":{"__proto__":"x","a":"1"}}}');
    expect(JSON.stringify(object)).toContain('"labels":{"__proto__":"x","a":"1"}');
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });
});

describe("JSON text", () => {
  test.each([
    ["", "unexpected end of JSON input"],
    ['{"a":', "unexpected end of JSON input"],
    ["{bad", "invalid character 'b' looking for beginning of object key string"],
    ["{} {}", "invalid character '{' after top-level value"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"', "invalid character '\"' after object key:value pair"],
    ["[1 2]", "invalid character '2' after array element"],
    ["tru", "unexpected end of JSON input"],
    ["nul1", "invalid character '1' in literal null (expecting 'l')"],
    ["- a", "invalid character ' ' in numeric literal"],
    ["1.x", "invalid character 'x' after decimal point in numeric literal"],
    ['"\\q"', "invalid character 'q' in string escape code"],
    ['"\n"', "invalid character '\\n' in string literal"],
    ["\uFEFF{}", "invalid character 'ï' looking for beginning of value"],
    ["[".repeat(1_001), "invalid character '[' exceeded max depth"],
  ])("%s", (text, message) => {
    expect(() => decodeJsonText(text)).toThrow(new JsonSyntaxError(message));
  });

  test("reads what the host's parser reads", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(plainJson(decodeJsonText(text).value)).toEqual(JSON.parse(text));
        expect(decodeJsonText(text).duplicates).toEqual([]);
      }),
    );
  });

  test("refuses what the host's parser refuses", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."{}[]\",:0123.eE+-tfn \\ula") }), (text) => {
        let accepted = true;
        try {
          JSON.parse(text);
        } catch {
          accepted = false;
        }
        if (accepted) expect(() => decodeJsonText(text)).not.toThrow();
        else expect(() => decodeJsonText(text)).toThrow(JsonSyntaxError);
      }),
      { numRuns: 1000 },
    );
  });
});

/** Any value that fits a place of the schema, some of it empty. */
function anyOf(node: TypeNode, depth: number): fc.Arbitrary<JsonValue> {
  switch (node.kind) {
    case "string":
      return fc.string();
    case "boolean":
      return fc.boolean();
    case "int32":
    case "int64":
      return fc.integer();
    case "double":
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case "bytes":
      return fc.base64String();
    case "quantity":
      return fc.constantFrom("0", "1000m", "1.5Gi", "7", 5, "1e3", "1.234");
    case "intOrString":
      return fc.oneof(fc.integer(), fc.string());
    case "time":
      return fc.constantFrom("2026-01-01T00:00:00Z", "2026-01-01T10:00:00.5+02:00", null);
    case "microtime":
      return fc.constant("2026-01-01T00:00:00.000000Z");
    case "list":
      return depth > 5 ? fc.constant([]) : fc.array(anyOf(node.item as TypeNode, depth + 1), { maxLength: 2 });
    case "map":
      return depth > 5 ? fc.constant({}) : fc.dictionary(fc.string(), anyOf(node.item as TypeNode, depth + 1), { maxKeys: 2 });
    case "struct": {
      const { fields } = schema.struct(node.structName as string);
      if (depth > 5) return fc.constant({});
      return fc.uniqueArray(fc.constantFrom(...fields), { maxLength: 4 }).chain((some) =>
        fc.tuple(...some.map((field) => anyOf(field.node, depth + 1))).map((values) => Object.fromEntries(some.map((field, index) => [field.name, values[index]])) as JsonObject),
      );
    }
    default:
      return fc.constant(null);
  }
}

test.each(["io.k8s.api.core.v1.Pod", "io.k8s.api.core.v1.Service", "io.k8s.api.apps.v1.DaemonSet", "io.k8s.api.batch.v1.CronJob", "io.k8s.api.core.v1.Secret", "io.k8s.api.core.v1.Node"])(
  "%s: decoding is idempotent and keeps its input",
  (typeName) => {
    fc.assert(
      fc.property(anyOf(schema.node(typeName), 0), (value) => {
        const before = cloneDraft(value);
        const once = decodeValue(schema, typeName, value).object;
        expect(equalJson(value, before)).toBe(true);
        expect(JSON.stringify(decodeValue(schema, typeName, once as unknown as JsonValue).object)).toBe(JSON.stringify(once));
      }),
      { numRuns: 60 },
    );
  },
);
