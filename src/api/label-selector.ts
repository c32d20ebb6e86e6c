import type { LabelSelector } from "./types/meta-v1.ts";
import { labelValueProblems, qualifiedNameProblems } from "./validation/names.ts";

/**
 * Label selectors in both forms: the text of query parameters (`app=web,tier notin (a,b),!x`) and the LabelSelector of objects.
 * Both become a list of requirements, all of which must hold.
 */
export type Labels = { readonly [key: string]: string } | undefined;

export type Operator = "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt";

export interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

/** What is wrong with a selector's text, in upstream's words. */
export class SelectorError extends Error {}

/** Whether one requirement holds: absent keys satisfy NotIn and DoesNotExist only. */
export function requirementHolds(requirement: Requirement, labels: Labels): boolean {
  const found = labels?.[requirement.key];
  // A key such as `constructor` finds what every object inherits, which is never a text.
  const value = typeof found === "string" ? found : undefined;
  switch (requirement.operator) {
    case "In":
      return value !== undefined && requirement.values.includes(value);
    case "NotIn":
      return value === undefined || !requirement.values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
    case "Lt": {
      const bound = requirement.values[0] ?? "";
      if (value === undefined || !/^[+-]?\d+$/.test(value) || !/^[+-]?\d+$/.test(bound)) return false;
      return requirement.operator === "Gt" ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound);
    }
  }
}

export function selects(requirements: readonly Requirement[], labels: Labels): boolean {
  for (const requirement of requirements) if (!requirementHolds(requirement, labels)) return false;
  return true;
}

/** Whether an object's selector selects these labels: none selects nothing, an empty one everything. */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (!selector) return false;
  // Nothing is made on the way: controllers ask for every Pod at every look.
  for (const key in selector.matchLabels) if (labels?.[key] !== selector.matchLabels[key]) return false;
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    if (!requirementHolds({ key, operator: operator as Operator, values: values ?? [] }, labels)) return false;
  }
  return true;
}

type Token = "," | "(" | ")" | "!" | "=" | "==" | "!=" | ">" | "<" | "in" | "notin" | "identifier" | "end";

interface Lexeme {
  readonly token: Token;
  readonly text: string;
}

function lex(text: string): Lexeme[] {
  const lexemes: Lexeme[] = [];
  const pattern = /\s*(==|!=|[,()!=><]|[^\s,()!=><]+)/gy;
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const match = pattern.exec(text) as RegExpExecArray;
    const word = match[1] as string;
    const special = word === "in" || word === "notin" || /^(==|!=|[,()!=><])$/.test(word);
    lexemes.push({ token: special ? (word as Token) : "identifier", text: word });
  }
  lexemes.push({ token: "end", text: "" });
  return lexemes;
}

/** Reads the text form; throws SelectorError. The empty text selects everything. */
export function parseLabelSelector(text: string): readonly Requirement[] {
  const lexemes = lex(text);
  let at = 0;
  const look = (): Lexeme => lexemes[at] as Lexeme;
  const isWord = (lexeme: Lexeme): boolean => lexeme.token === "identifier" || lexeme.token === "in" || lexeme.token === "notin";
  const requirements: Requirement[] = [];
  if (look().token === "end") return requirements;

  const values = (): string[] => {
    if (look().token !== "(") throw new SelectorError(`found '${look().text}', expected: '('`);
    at++;
    const found: string[] = [];
    let expectValue = true;
    for (;;) {
      const lexeme = look();
      if (isWord(lexeme)) {
        found.push(lexeme.text);
        at++;
        expectValue = false;
      } else if (lexeme.token === ",") {
        if (expectValue) found.push("");
        at++;
        expectValue = true;
      } else if (lexeme.token === ")") {
        if (expectValue) found.push("");
        at++;
        return [...new Set(found)].sort();
      } else {
        throw new SelectorError(`found '${lexeme.text}', expected: ',', ')' or identifier`);
      }
    }
  };
  const exactValue = (): string => {
    if (look().token === "end" || look().token === ",") return "";
    if (isWord(look())) return (lexemes[at++] as Lexeme).text;
    throw new SelectorError(`found '${look().text}', expected: identifier`);
  };
  const requirement = (): Requirement => {
    const negated = look().token === "!";
    if (negated) at++;
    const keyLexeme = look();
    if (!isWord(keyLexeme)) throw new SelectorError(`found '${keyLexeme.text}', expected: identifier`);
    at++;
    const key = keyLexeme.text;
    if (negated) return { key, operator: "DoesNotExist", values: [] };
    const operator = look();
    if (operator.token === "end" || operator.token === ",") return { key, operator: "Exists", values: [] };
    at++;
    switch (operator.token) {
      case "in":
        return { key, operator: "In", values: values() };
      case "notin":
        return { key, operator: "NotIn", values: values() };
      case "=":
      case "==":
        return { key, operator: "In", values: [exactValue()] };
      case "!=":
        return { key, operator: "NotIn", values: [exactValue()] };
      case ">":
        return { key, operator: "Gt", values: [exactValue()] };
      case "<":
        return { key, operator: "Lt", values: [exactValue()] };
      default:
        throw new SelectorError(`found '${operator.text}', expected: in, notin, =, ==, !=, gt, lt`);
    }
  };

  for (;;) {
    const lexeme = look();
    if (!isWord(lexeme) && lexeme.token !== "!") throw new SelectorError(`found '${lexeme.text}', expected: !, identifier, or 'end of string'`);
    requirements.push(checked(requirement));
    const next = look();
    if (next.token === "end") return requirements;
    if (next.token !== ",") throw new SelectorError(`found '${next.text}', expected: ',' or 'end of string'`);
    at++;
    if (!isWord(look()) && look().token !== "!") throw new SelectorError(`found '${look().text}', expected: identifier after ','`);
  }
}

/** One requirement, read and then judged as a whole; both kinds of error say that they are about a requirement. */
function checked(read: () => Requirement): Requirement {
  try {
    const requirement = read();
    const problem = requirementProblem(requirement);
    if (problem !== undefined) throw new SelectorError(problem);
    return requirement;
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    throw new SelectorError(`unable to parse requirement: ${error.message}`);
  }
}

/** What is wrong with a requirement's key or values; the key comes first. */
function requirementProblem({ key, operator, values }: Requirement): string | undefined {
  const [wrongKey] = qualifiedNameProblems(key);
  if (wrongKey !== undefined) return `<nil>: Invalid value: ${JSON.stringify(key)}: ${wrongKey}`;
  if ((operator === "Gt" || operator === "Lt") && !/^[+-]?\d+$/.test(values[0] ?? "")) {
    return `values[0]: Invalid value: ${JSON.stringify(values[0] ?? "")}: for 'Gt', 'Lt' operators, the value must be an integer`;
  }
  for (const [i, value] of values.entries()) {
    const [wrong] = labelValueProblems(value);
    if (wrong !== undefined) return `values[${i}][${key}]: Invalid value: ${JSON.stringify(value)}: ${wrong}`;
  }
  return undefined;
}
