import { readTokens } from "./tokens.ts";
import type { Problem, Token } from "./tokens.ts";

/**
 * Reads an expression of CEL by its grammar, as far as it goes: the first place where it breaks, and the names that it takes from
 * outside, each with the fields that follow it.
 */
export interface Field {
  readonly name: string;
  /** Of the dot before it. */
  readonly at: number;
}

export interface Reference {
  readonly name: string;
  readonly at: number;
  readonly fields: readonly Field[];
}

export interface Parsed {
  readonly problems: readonly Problem[];
  readonly references: readonly Reference[];
}

/** Nested deeper than this nobody writes; upstream's limit is of this order too. */
const depthMax = 250;

const starts = "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
const binary: ReadonlySet<string> = new Set(["||", "&&", "<", "<=", ">", ">=", "==", "!=", "in", "+", "-", "*", "/", "%"]);

/** Calls whose first words are names for what comes behind them: how many at most. */
const binders: ReadonlyMap<string, number> = new Map([
  ["all", 2],
  ["exists", 2],
  ["exists_one", 1],
  ["existsOne", 2],
  ["filter", 1],
  ["map", 1],
  ["transformList", 2],
  ["transformMap", 2],
  ["transformMapEntry", 2],
  ["optMap", 1],
  ["optFlatMap", 1],
  ["bind", 1],
  ["sortBy", 1],
]);

export function parse(source: string): Parsed {
  const { tokens, problems } = readTokens(source);
  const parser = new Parser(tokens);
  const broken = parser.whole();
  return { problems: broken === undefined ? problems : [...problems, broken], references: parser.references };
}

class Broken extends Error {
  readonly problem: Problem;

  constructor(at: number, text: string) {
    super(text);
    this.problem = { at, text: `Syntax error: ${text}` };
  }
}

class Parser {
  readonly references: Reference[] = [];
  readonly #tokens: readonly Token[];
  readonly #bound: string[] = [];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Problem | undefined {
    try {
      this.#expression();
      if (this.#peek().kind !== "end") throw this.#unexpected("<EOF>", (token) => token.kind === "end");
      return undefined;
    } catch (error) {
      if (error instanceof Broken) return error.problem;
      throw error;
    }
  }

  #peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)] as Token;
  }

  #is(text: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return token.kind === "sign" && token.text === text;
  }

  #take(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#at++;
    return true;
  }

  /** A word too many is called so if what follows it would do. */
  #unexpected(wanted: string, fits: (token: Token) => boolean): Broken {
    const token = this.#peek();
    const extra = token.kind !== "end" && fits(this.#peek(1));
    return new Broken(token.at, `${extra ? "extraneous" : "mismatched"} input '${token.text}' expecting ${wanted}`);
  }

  #demand(text: string): void {
    if (!this.#take(text)) throw this.#unexpected(`'${text}'`, (token) => token.kind === "sign" && token.text === text);
  }

  #expression(): void {
    if (++this.#depth > depthMax) throw new Broken(this.#peek().at, `expression recursion limit exceeded: ${depthMax}`);
    this.#operands();
    if (this.#take("?")) {
      this.#operands();
      this.#demand(":");
      this.#expression();
    }
    this.#depth--;
  }

  /** Precedence says nothing about what is well-formed. */
  #operands(): void {
    this.#unary();
    while (this.#peek().kind === "sign" && binary.has(this.#peek().text)) {
      this.#at++;
      this.#unary();
    }
  }

  #unary(): void {
    const mark = this.#is("!") ? "!" : "-";
    while (this.#take(mark)) continue;
    this.#member();
  }

  #member(): void {
    let reference = this.#primary();
    for (;;) {
      const dot = this.#peek();
      if (this.#take(".")) {
        this.#take("?");
        const token = this.#peek();
        if (token.kind !== "identifier") throw this.#unexpected("IDENTIFIER", (next) => next.kind === "identifier");
        this.#at++;
        if (this.#is("(")) {
          this.#arguments(token.text);
          reference = undefined;
        } else reference?.push({ name: token.text, at: dot.at });
      } else if (this.#take("[")) {
        this.#take("?");
        this.#expression();
        this.#demand("]");
        reference = undefined;
      } else if (this.#is("{") && reference !== undefined) {
        this.#entries(true);
        reference = undefined;
      } else return;
    }
  }

  /** The fields of a name from outside, to be filled by what follows it. */
  #primary(): Field[] | undefined {
    const token = this.#peek();
    if (token.kind === "number" || token.kind === "text") this.#at++;
    else if (this.#take("(")) {
      this.#expression();
      this.#demand(")");
    } else if (this.#take("[")) {
      this.#list("]", () => {
        this.#take("?");
        this.#expression();
      });
    } else if (this.#is("{")) this.#entries(false);
    else if (token.kind === "identifier" || (this.#is(".") && this.#peek(1).kind === "identifier")) return this.#name();
    else throw this.#unexpected(starts, startsExpression);
    return undefined;
  }

  #name(): Field[] | undefined {
    this.#take(".");
    const { text, at } = this.#peek();
    this.#at++;
    if (text === "true" || text === "false" || text === "null") return undefined;
    if (this.#is("(")) {
      this.#arguments("");
      return undefined;
    }
    if (this.#bound.includes(text)) return undefined;
    const fields: Field[] = [];
    this.references.push({ name: text, at, fields });
    return fields;
  }

  #arguments(call: string): void {
    this.#demand("(");
    const before = this.#bound.length;
    const names = binders.get(call) ?? 0;
    for (let i = 0; i < names && this.#peek().kind === "identifier" && this.#is(",", 1); i++) {
      this.#bound.push(this.#peek().text);
      this.#at += 2;
    }
    if (this.#bound.length > before || !this.#is(")")) this.#list(")", () => this.#expression());
    else this.#at++;
    this.#bound.length = before;
  }

  /** Up to the closing sign; a comma may stand before it. */
  #list(close: string, item: () => void): void {
    while (!this.#take(close)) {
      item();
      if (this.#take(",")) continue;
      this.#demand(close);
      return;
    }
  }

  #entries(named: boolean): void {
    this.#demand("{");
    this.#list("}", () => {
      this.#take("?");
      if (named && this.#peek().kind === "identifier") this.#at++;
      else this.#expression();
      this.#demand(":");
      this.#expression();
    });
  }
}

function startsExpression({ kind, text }: Token): boolean {
  return kind === "identifier" || kind === "number" || kind === "text" || (kind === "sign" && "[{(.-!".includes(text));
}
