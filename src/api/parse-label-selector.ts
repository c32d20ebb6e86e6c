import type { Requirement } from "./label-selector.ts";
import { labelValueProblems, qualifiedNameProblems } from "./validation/names.ts";

/** The text form of label selectors, as query parameters and kubectl spell it: `app=web,tier notin (a,b),!x`. */

/** What is wrong with a selector's text, in upstream's words. */
export class SelectorError extends Error {}

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
  const reader = new Reader(lex(text));
  const requirements: Requirement[] = [];
  if (reader.look().token === "end") return requirements;
  for (;;) {
    const first = reader.look();
    if (!beginsRequirement(first)) throw new SelectorError(`found '${first.text}', expected: !, identifier, or 'end of string'`);
    requirements.push(checked(() => reader.requirement()));
    const { token, text: found } = reader.look();
    if (token === "end") return requirements;
    if (token !== ",") throw new SelectorError(`found '${found}', expected: ',' or 'end of string'`);
    reader.pass();
    if (!beginsRequirement(reader.look())) throw new SelectorError(`found '${reader.look().text}', expected: identifier after ','`);
  }
}

const isWord = ({ token }: Lexeme): boolean => token === "identifier" || token === "in" || token === "notin";
const beginsRequirement = (lexeme: Lexeme): boolean => isWord(lexeme) || lexeme.token === "!";

/** Reads lexemes from left to right; each rule leaves the first that is not its own. */
class Reader {
  private readonly lexemes: readonly Lexeme[];
  private at = 0;

  constructor(lexemes: readonly Lexeme[]) {
    this.lexemes = lexemes;
  }

  look(): Lexeme {
    return this.lexemes[this.at] as Lexeme;
  }

  pass(): void {
    this.at++;
  }

  requirement(): Requirement {
    const negated = this.look().token === "!";
    if (negated) this.pass();
    const key = this.word();
    if (negated) return { key, operator: "DoesNotExist", values: [] };
    const { token, text } = this.look();
    if (token === "end" || token === ",") return { key, operator: "Exists", values: [] };
    this.pass();
    switch (token) {
      case "in":
        return { key, operator: "In", values: this.values() };
      case "notin":
        return { key, operator: "NotIn", values: this.values() };
      case "=":
      case "==":
        return { key, operator: "In", values: [this.exactValue()] };
      case "!=":
        return { key, operator: "NotIn", values: [this.exactValue()] };
      case ">":
        return { key, operator: "Gt", values: [this.exactValue()] };
      case "<":
        return { key, operator: "Lt", values: [this.exactValue()] };
      default:
        throw new SelectorError(`found '${text}', expected: in, notin, =, ==, !=, gt, lt`);
    }
  }

  private word(): string {
    const lexeme = this.look();
    if (!isWord(lexeme)) throw new SelectorError(`found '${lexeme.text}', expected: identifier`);
    this.pass();
    return lexeme.text;
  }

  /** One value; none is the empty one. */
  private exactValue(): string {
    return this.look().token === "end" || this.look().token === "," ? "" : this.word();
  }

  /** `(a,b)`: sorted, each once. */
  private values(): string[] {
    if (this.look().token !== "(") throw new SelectorError(`found '${this.look().text}', expected: '('`);
    this.pass();
    const found: string[] = [];
    let expectValue = true;
    for (;;) {
      const lexeme = this.look();
      if (isWord(lexeme)) {
        found.push(lexeme.text);
        expectValue = false;
      } else if (lexeme.token === "," || lexeme.token === ")") {
        if (expectValue) found.push("");
        expectValue = true;
      } else {
        throw new SelectorError(`found '${lexeme.text}', expected: ',', ')' or identifier`);
      }
      this.pass();
      if (lexeme.token === ")") return [...new Set(found)].sort();
    }
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
