import type { ArithmeticNode, ScriptNode } from "./syntax.ts";
import { ShellError } from "./variables.ts";
import type { Variables } from "./variables.ts";

/** Whole numbers of scripts: `$((…))`, `((…))`, `let`. */
export interface ArithmeticMeans {
  readonly variables: Variables;
  /** The tree of an expression that a variable or an expansion holds. */
  expression(text: string): ArithmeticNode;
  /** Text as between double quotes. */
  text(source: string): Promise<string>;
  substitute(script: ScriptNode): Promise<string>;
}

type Operate = (a: number, b: number) => number;

const wide = (operate: (a: bigint, b: bigint) => bigint): Operate => (a, b) => Number(BigInt.asIntN(64, operate(BigInt(a), BigInt(b))));
const truth = (value: boolean): number => (value ? 1 : 0);
const checked = (b: number): number => {
  if (b === 0) throw new ShellError("divide by zero");
  return b;
};

const operations: { readonly [operator: string]: Operate } = {
  "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => (Number.isSafeInteger(a * b) ? a * b : wide((x, y) => x * y)(a, b)),
  "/": (a, b) => Math.trunc(a / checked(b)), "%": (a, b) => a % checked(b), "**": (a, b) => a ** b,
  "<<": wide((a, b) => a << b), ">>": wide((a, b) => a >> b), "&": wide((a, b) => a & b), "|": wide((a, b) => a | b), "^": wide((a, b) => a ^ b),
  "<": (a, b) => truth(a < b), "<=": (a, b) => truth(a <= b), ">": (a, b) => truth(a > b), ">=": (a, b) => truth(a >= b), "==": (a, b) => truth(a === b), "!=": (a, b) => truth(a !== b),
  ",": (_a, b) => b,
};

/** A number as C writes it; undefined for anything else. */
function numberOf(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return 0;
  if (/^[-+]?0[0-7]+$/.test(trimmed)) return Number.parseInt(trimmed, 8);
  if (/^[-+]?(0[xX][\da-fA-F]+|\d+)$/.test(trimmed)) return trimmed.startsWith("-") ? -Number(trimmed.slice(1)) : Number(trimmed);
  const based = /^(\d+)#(\w+)$/.exec(trimmed);
  return based ? Number.parseInt(based[2] as string, Number(based[1])) : undefined;
}

const depthMax = 100;

export async function evaluate(node: ArithmeticNode, means: ArithmeticMeans, depth = 0): Promise<number> {
  if (depth > depthMax) throw new ShellError("expression recursion level exceeded");
  const { variables } = means;
  const of = (inner: ArithmeticNode): Promise<number> => evaluate(inner, means, depth + 1);
  const valueOf = async (text: string): Promise<number> => numberOf(text) ?? of(means.expression(text));
  switch (node.type) {
    case "ArithNumber":
      return node.value;
    case "ArithVariable":
    case "ArithSpecialVar":
      if (variables.flags.has("u") && variables.get(node.name) === undefined) throw new ShellError(`${node.name}: parameter not set`);
      return valueOf(variables.get(node.name) ?? "");
    case "ArithGroup":
    case "ArithNested":
      return of(node.expression);
    case "ArithTernary":
      return (await of(node.condition)) !== 0 ? of(node.consequent) : of(node.alternate);
    case "ArithBinary": {
      const left = await of(node.left);
      if (node.operator === "&&") return truth(left !== 0 && (await of(node.right)) !== 0);
      if (node.operator === "||") return truth(left !== 0 || (await of(node.right)) !== 0);
      return (operations[node.operator] as Operate)(left, await of(node.right));
    }
    case "ArithUnary":
      return unary(node, of, variables);
    case "ArithAssignment": {
      const name = node.subscript ? `${node.variable}[${await of(node.subscript)}]` : node.variable;
      const right = await of(node.value);
      const result = node.operator === "=" ? right : (operations[node.operator.slice(0, -1)] as Operate)(await valueOf(variables.get(name) ?? ""), right);
      variables.set(name, String(result));
      return result;
    }
    case "ArithArrayElement":
      return valueOf(variables.get(`${node.array}[${node.index ? await of(node.index) : (node.stringKey ?? "0")}]`) ?? "");
    case "ArithBracedExpansion":
      return valueOf(await means.text(`\${${node.content}}`));
    case "ArithCommandSubst":
      return valueOf(await means.text(`$(${node.command})`));
    case "ArithConcat": {
      let text = "";
      for (const part of node.parts) text += part.type === "ArithVariable" && part.hasDollarPrefix !== true ? part.name : String(await of(part));
      return valueOf(text);
    }
    default:
      throw new ShellError("arithmetic syntax error");
  }
}

async function unary(node: Extract<ArithmeticNode, { type: "ArithUnary" }>, of: (inner: ArithmeticNode) => Promise<number>, variables: Variables): Promise<number> {
  const value = await of(node.operand);
  if (node.operator === "++" || node.operator === "--") {
    const next = value + (node.operator === "++" ? 1 : -1);
    if (node.operand.type === "ArithVariable") variables.set(node.operand.name, String(next));
    return node.prefix ? next : value;
  }
  return { "-": -value, "+": value, "!": truth(value === 0), "~": -value - 1 }[node.operator];
}
