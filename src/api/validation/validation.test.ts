import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FieldError } from "../../base/field-error.ts";
import { fieldErrorText } from "../../base/field-error.ts";
import type { ObjectMeta } from "../types/meta-v1.ts";
import { byteLength } from "./byte-length.ts";
import { unifiedDifference } from "./difference.ts";
import { duplicate, forbidden, invalid, notFound, notSupported, omitted, required, tooLong, tooMany } from "./errors.ts";
import { goJson, goQuote } from "./go-text.ts";
import { isIp6, parseCidr, parseIp } from "./ip.ts";
import { selectorMatches } from "./label-selector.ts";
import { dns1123LabelProblems, dnsSubdomainName, portNameProblems, qualifiedNameProblems } from "./names.ts";
import { checkObjectMeta, checkObjectMetaUpdate } from "./object-meta.ts";
import { FieldPath } from "./path.ts";

const path = FieldPath.of("spec").child("containers").index(0).child("resources").key("cpu");

describe("field errors", () => {
  it("spell paths out", () => expect(path.toString()).toBe("spec.containers[0].resources[cpu]"));

  for (const [error, text] of [
    [required(path), "spec.containers[0].resources[cpu]: Required value"],
    [required("a", "must be there"), "a: Required value: must be there"],
    [invalid("a", 'x"y', "wrong"), 'a: Invalid value: "x\\"y": wrong'],
    [invalid("a", -1, "wrong"), "a: Invalid value: -1: wrong"],
    [invalid("a", undefined, "wrong"), "a: Invalid value: null: wrong"],
    [invalid("a", { Type: "<a&b>" }, "wrong"), 'a: Invalid value: {"Type":"\\u003ca\\u0026b\\u003e"}: wrong'],
    [invalid("a", omitted, "wrong"), "a: Invalid value: wrong"],
    [notSupported("a", "z", ["x", "y"]), 'a: Unsupported value: "z": supported values: "x", "y"'],
    [forbidden("a", "not here"), "a: Forbidden: not here"],
    [duplicate("a", 5), "a: Duplicate value: 5"],
    [notFound("a", ""), 'a: Not found: ""'],
    [tooLong("a", 63), "a: Too long: may not be more than 63 bytes"],
    [tooMany("a", 3, 1), "a: Too many: 3: must have at most 1 item"],
  ] as const) {
    it(text, () => expect(fieldErrorText(error)).toBe(text));
  }
});

describe("Go's text", () => {
  it("quotes control characters and what cannot be printed", () => expect(goQuote("\u0000\t\u200b€\u{1f600}")).toBe('"\\x00\\t\\u200b€\u{1f600}"'));
  it("keeps the order of keys", () => expect(goJson({ b: 1, a: [2] })).toBe('{"b":1,"a":[2]}'));
  it("counts bytes as UTF-8 does", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => byteLength(text) === new TextEncoder().encode(text).length));
  });
});

describe("names", () => {
  it("call a subdomain that is no label by its dots", () => expect(dns1123LabelProblems("a.b")).toEqual(["must not contain dots"]));
  it("let a generated name end in a hyphen", () => {
    expect(dnsSubdomainName("web-", true)).toEqual([]);
    expect(dnsSubdomainName("web-", false)).toHaveLength(1);
  });
  it("judge both parts of a qualified name", () => {
    expect(qualifiedNameProblems("example.com/Name")).toEqual([]);
    expect(qualifiedNameProblems("/x")).toEqual(["prefix part must be non-empty"]);
    expect(qualifiedNameProblems("a/b/c")[0]).toMatch(/^a valid label key must consist/);
  });
  it("ask port names for a letter", () => expect(portNameProblems("80")).toEqual(["must contain at least one letter (a-z)"]));
  it("never throw", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const judge of [dns1123LabelProblems, qualifiedNameProblems, portNameProblems]) expect(Array.isArray(judge(text))).toBe(true);
      }),
    );
  });
});

describe("addresses", () => {
  for (const [text, good] of [
    ["10.0.0.1", true],
    ["010.0.0.1", true],
    ["256.0.0.1", false],
    ["::", true],
    ["2001:db8::ffff", true],
    ["1::2::3", false],
    ["::ffff:10.0.0.1", true],
    ["1:2:3:4:5:6:7", false],
    ["", false],
  ] as const) {
    it(`${text} is ${good ? "one" : "none"}`, () => expect(parseIp(text) !== undefined).toBe(good));
  }
  it("mapped ones count as IPv4", () => expect(isIp6(parseIp("::ffff:10.0.0.1") ?? new Uint8Array())).toBe(false));
  it("have a prefix in a CIDR", () => {
    expect(parseCidr("10.0.0.0/24")?.prefixLength).toBe(24);
    expect(parseCidr("10.0.0.0/33")).toBeUndefined();
  });
});

describe("metadata", () => {
  const rules = { namespaced: true, nameProblems: dnsSubdomainName };
  const judged = (meta: Partial<ObjectMeta>): string[] => {
    const errors: FieldError[] = [];
    checkObjectMeta({ name: "a", namespace: "n", ...meta } as ObjectMeta, rules, errors);
    return errors.map(fieldErrorText);
  };
  it("is good when it is", () => expect(judged({ labels: { app: "web" }, finalizers: ["example.com/hold"] })).toEqual([]));
  it("has one controller", () => {
    const owner = { apiVersion: "v1", kind: "Pod", name: "o", uid: "u", controller: true };
    expect(judged({ ownerReferences: [owner, owner] })[0]).toContain('Found "true" in references for Pod/o and Pod/o');
  });
  it("holds 256 KiB of annotations", () => {
    expect(judged({ annotations: { a: "x".repeat(256 * 1024) } })).toEqual(["metadata.annotations: Too long: may not be more than 262144 bytes"]);
  });
  it("gains no finalizer while its object goes", () => {
    const errors: FieldError[] = [];
    const old = { name: "a", uid: "u", resourceVersion: "1", deletionTimestamp: "2026-01-01T00:00:00Z" } as ObjectMeta;
    checkObjectMetaUpdate({ ...old, finalizers: ["x.y/c"] }, old, {}, errors);
    expect(errors.map(fieldErrorText)).toEqual([
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"x.y/c"}',
    ]);
  });
});

describe("selectors", () => {
  it("absent ones match nothing, empty ones everything", () => {
    expect(selectorMatches(undefined, {})).toBe(false);
    expect(selectorMatches({}, undefined)).toBe(true);
  });
  it("demand all they say", () => {
    const selector = { matchLabels: { a: "1" }, matchExpressions: [{ key: "b", operator: "NotIn", values: ["2"] }] };
    expect(selectorMatches(selector, { a: "1" })).toBe(true);
    expect(selectorMatches(selector, { a: "1", b: "2" })).toBe(false);
  });
});

describe("differences", () => {
  const letters = (text: string): string[] => [...text];
  it("show three lines around a change", () => {
    expect(unifiedDifference(letters("abcdefgh"), letters("abcdXfgh"))).toBe("@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+X\n f\n g\n h\n");
  });
  it("keep distant changes apart", () => {
    expect(unifiedDifference(letters("a23456789b"), letters("X23456789Y")).match(/@@ /g)).toHaveLength(2);
  });
  it("are nothing between equals", () => {
    fc.assert(fc.property(fc.array(fc.string()), (lines) => unifiedDifference(lines, lines) === ""));
  });
});
