import { describe, expect, it } from "vitest";
import { expressionProblem } from "./check.ts";
import { parse } from "./parse.ts";

const names = { declared: ["object", "request", "self"] };
const problem = (text: string): string | undefined => expressionProblem(text, names)?.replace("compilation failed: ", "");
/** The first line alone. */
const short = (text: string): string | undefined => problem(text)?.split("\n")[0]?.replace("ERROR: <input>:", "");

describe("expressions of CEL", () => {
  it.each([
    "object.spec.replicas <= 5 && !has(object.spec.paused)",
    "object.spec.containers.all(c, c.image.startsWith('registry/') || c.name in ['a', \"b\"])",
    "self.m.all(k, v, k != v) ? {'a': 1}.size() : [1, 2u, 0x1F, 1.5e3, -1,].size()",
    "type(object.x) == string || object.?a[?0].orValue(r'\\d') == b\"x\"",
    "cel.bind(x, object.a, x + x) == quantity('1Gi').asInteger()",
    "request.userInfo.username.matches('^system:') // whoever\n  || object.metadata.name == '''a\nb'''",
    "optional.of(object).hasValue() && google.protobuf.Timestamp{seconds: 1} != null",
    "self.`a-b` == - - 1",
  ])("are good: %s", (text) => expect(problem(text)).toBeUndefined());

  it.each([
    ["Not_Valid!", "1:10: Syntax error: extraneous input '!' expecting <EOF>"],
    ["object.a object.b", "1:10: Syntax error: mismatched input 'object' expecting <EOF>"],
    ["(object.a", "1:10: Syntax error: mismatched input '<EOF>' expecting ')'"],
    ["object.", "1:8: Syntax error: mismatched input '<EOF>' expecting IDENTIFIER"],
    ["object ==", "1:10: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"],
    ["object # 1", "1:8: Syntax error: token recognition error at: '# '"],
    ["'open", "1:1: Syntax error: token recognition error at: '''"],
    ["nobody.x", "1:1: undeclared reference to 'nobody' (in container '')"],
    ["object.all(x, y)", "1:15: undeclared reference to 'y' (in container '')"],
    ["x == object.filter(x, x)", "1:1: undeclared reference to 'x' (in container '')"],
  ])("are broken: %s", (text, wanted) => expect(short(text)).toBe(wanted));

  it("are shown with a mark under the place", () => {
    expect(problem("object.a &&\n\tnobody")).toBe("ERROR: <input>:2:2: undeclared reference to 'nobody' (in container '')\n |  nobody\n | .^");
  });

  it("know the fields of a schema that names them all", () => {
    const self = { type: "object", properties: { a: { type: "object", properties: { b: {} } }, any: { type: "object", "x-kubernetes-preserve-unknown-fields": true } } };
    const of = (text: string): string | undefined => expressionProblem(text, { declared: ["self"], self })?.split("\n")[0]?.replace(/^.*?:(?=1:)/, "");
    expect(of("self.a.b.c == self.any.thing")).toBeUndefined();
    expect(of("self.a.size() == 1")).toBeUndefined();
    expect(of("self.a.c == 1")).toBe("1:7: undefined field 'c'");
  });

  it("end somewhere, however deep", () => {
    expect(parse("(".repeat(100_000)).problems[0]?.text).toContain("recursion limit");
    expect(parse(`${"[".repeat(200)}${"]".repeat(200)}`).problems).toEqual([]);
  });
});
