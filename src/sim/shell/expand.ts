import { cleanPath } from "../files/file-view.ts";
import type { Process } from "../process.ts";
import { evaluate } from "./arithmetic.ts";
import type { ArithmeticMeans } from "./arithmetic.ts";
import { glob, isPattern, patternSource, quotedForPattern } from "./pattern.ts";
import type { ArithmeticNode, ParameterNode, ScriptNode, WordNode, WordPart } from "./syntax.ts";
import { ShellError } from "./variables.ts";
import type { Variables } from "./variables.ts";

/**
 * Turns the words of a script into the words of a command: braces, tildes, parameters, commands, arithmetic, then splitting at IFS, then
 * names of files. What was quoted stays what it is.
 */
interface Piece {
  readonly text: string;
  /** Neither split nor a pattern. */
  readonly quoted: boolean;
  /** May be split at IFS: it comes from an expansion. */
  readonly split?: boolean;
  /** A new word begins after this piece: "$@". */
  readonly breaks?: boolean;
}

export interface ExpanderOptions {
  readonly process: Process;
  readonly variables: Variables;
  parse(script: string): ScriptNode;
  /** What a script prints, run in a subshell. */
  substitute(script: ScriptNode): Promise<string>;
}

export class Expander implements ArithmeticMeans {
  readonly variables: Variables;
  private readonly options: ExpanderOptions;

  constructor(options: ExpanderOptions) {
    this.options = options;
    this.variables = options.variables;
  }

  substitute(script: ScriptNode): Promise<string> {
    return this.options.substitute(script);
  }

  async words(nodes: readonly WordNode[]): Promise<string[]> {
    const out: string[] = [];
    for (const node of nodes) for (const braced of braces(node.parts)) out.push(...this.named(this.fields(await this.pieces(braced, false))));
    return out;
  }

  /** One word, neither split nor taken for a pattern: an assignment, a target, the word of `case`. */
  async word(node: WordNode): Promise<string> {
    return (await this.pieces(node.parts, false)).map(({ text, breaks }) => text + (breaks ? " " : "")).join("");
  }

  /** A word as a pattern in which what was quoted stands for itself. */
  async pattern(node: WordNode): Promise<string> {
    return (await this.pieces(node.parts, false)).map(({ text, quoted }) => (quoted ? quotedForPattern(text) : text)).join("");
  }

  /** As a regular expression of `[[ =~ ]]`. */
  async expressionSource(node: WordNode): Promise<string> {
    return (await this.pieces(node.parts, false)).map(({ text, quoted }) => (quoted ? text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") : text)).join("");
  }

  arithmetic(node: ArithmeticNode): Promise<number> {
    return evaluate(node, this);
  }

  expression(text: string): ArithmeticNode {
    const part = this.firstWord(`: $((${text}))`).parts[0];
    if (part?.type !== "ArithmeticExpansion") throw new ShellError("arithmetic syntax error");
    return part.expression.expression;
  }

  async text(source: string): Promise<string> {
    return this.word(this.firstWord(`: "${source}"`));
  }

  private firstWord(script: string): WordNode {
    const command = this.options.parse(script).statements[0]?.pipelines[0]?.commands[0];
    const word = command?.type === "SimpleCommand" ? command.args[0] : undefined;
    if (!word) throw new ShellError("syntax error");
    return word;
  }

  private async pieces(parts: readonly WordPart[], quoted: boolean): Promise<Piece[]> {
    const out: Piece[] = [];
    for (const part of parts) out.push(...(await this.piece(part, quoted)));
    return out;
  }

  private async piece(part: WordPart, quoted: boolean): Promise<Piece[]> {
    switch (part.type) {
      case "Literal":
        return [{ text: part.value, quoted }];
      case "SingleQuoted":
      case "Escaped":
        return [{ text: part.value, quoted: true }];
      case "DoubleQuoted": {
        const inner = await this.pieces(part.parts, true);
        return inner.length > 0 || part.parts.some(listsPositional) ? inner : [{ text: "", quoted: true }];
      }
      case "Glob":
        return [{ text: part.pattern, quoted }];
      case "TildeExpansion":
        return [{ text: part.user === null ? (this.variables.get("HOME") ?? "/") : part.user === "root" ? "/root" : `~${part.user}`, quoted: true }];
      case "ParameterExpansion":
        return this.parameter(part, quoted);
      case "CommandSubstitution":
        return [{ text: (await this.substitute(part.body)).replace(/\n+$/, ""), quoted, split: !quoted }];
      case "ArithmeticExpansion":
        return [{ text: String(await this.arithmetic(part.expression.expression)), quoted, split: !quoted }];
      case "BraceExpansion":
        return [{ text: "", quoted: true }];
      default:
        throw new ShellError('syntax error: unexpected "("');
    }
  }

  private async parameter({ parameter, operation }: ParameterNode, quoted: boolean): Promise<Piece[]> {
    const { variables } = this;
    const listed = await this.listed(parameter);
    if (listed !== undefined && (operation === null || operation.type === "Substring")) {
      let all = listed;
      if (operation?.type === "Substring") {
        const from = await this.arithmetic(operation.offset.expression);
        all = (parameter === "@" || parameter === "*" ? [variables.scriptName, ...listed] : listed).slice(from, operation.length ? from + (await this.arithmetic(operation.length.expression)) : undefined);
      }
      if (quoted && /^\*$|\[\*\]$/.test(parameter)) return [{ text: all.join((variables.get("IFS") ?? " ").slice(0, 1)), quoted }];
      return all.map((text, index) => ({ text, quoted, split: !quoted, breaks: index < all.length - 1 }));
    }
    if (operation?.type === "Length") {
      const length = listed ? listed.length : [...(variables.get(await this.subscripted(parameter)) ?? "")].length;
      return [{ text: String(length), quoted, split: !quoted }];
    }
    if (operation?.type === "Indirection") return this.parameter({ type: "ParameterExpansion", parameter: variables.get(parameter) ?? "", operation: operation.innerOp ?? null }, quoted);
    const value = variables.get(await this.subscripted(parameter));
    if (operation === null) {
      if (value === undefined && variables.flags.has("u") && !/^[@*]$/.test(parameter)) throw new ShellError(`${parameter}: parameter not set`);
      return value === undefined && !quoted ? [] : [{ text: value ?? "", quoted, split: !quoted }];
    }
    return this.operated(parameter, value, operation, quoted);
  }

  private async operated(parameter: string, value: string | undefined, operation: NonNullable<ParameterNode["operation"]>, quoted: boolean): Promise<Piece[]> {
    const { variables } = this;
    const given = (text: string): Piece[] => [{ text, quoted, split: !quoted }];
    const lacks = (checkEmpty: boolean): boolean => value === undefined || (checkEmpty && value === "");
    switch (operation.type) {
      case "DefaultValue":
        return lacks(operation.checkEmpty) ? this.alternative(operation.word, quoted) : given(value ?? "");
      case "UseAlternative":
        return lacks(operation.checkEmpty) ? (quoted ? [{ text: "", quoted }] : []) : this.alternative(operation.word, quoted);
      case "AssignDefault":
        if (!lacks(operation.checkEmpty)) return given(value ?? "");
        variables.set(parameter, await this.word(operation.word));
        return given(variables.get(parameter) ?? "");
      case "ErrorIfUnset":
        if (!lacks(operation.checkEmpty)) return given(value ?? "");
        throw new ShellError(`${parameter}: ${operation.word ? await this.word(operation.word) : operation.checkEmpty ? "parameter not set or null" : "parameter not set"}`);
      case "PatternRemoval":
        return given(removed(value ?? "", await this.pattern(operation.pattern), operation));
      case "PatternReplacement": {
        const source = patternSource(await this.pattern(operation.pattern));
        const replacement = operation.replacement ? await this.word(operation.replacement) : "";
        const shape = new RegExp(operation.anchor === "start" ? `^(?:${source})` : operation.anchor === "end" ? `(?:${source})$` : source, operation.all ? "g" : "");
        return given(source === "" ? (value ?? "") : (value ?? "").replace(shape, () => replacement));
      }
      case "Substring": {
        const offset = await this.arithmetic(operation.offset.expression);
        const length = operation.length ? await this.arithmetic(operation.length.expression) : undefined;
        const from = (value ?? "").slice(offset);
        return given(length === undefined ? from : from.slice(0, length < 0 ? length : length));
      }
      case "CaseModification": {
        const turn = (text: string): string => (operation.direction === "upper" ? text.toUpperCase() : text.toLowerCase());
        return given(operation.all ? turn(value ?? "") : turn((value ?? "").slice(0, 1)) + (value ?? "").slice(1));
      }
      case "ArrayKeys":
        return (variables.list(operation.array) ?? []).map((_, index, all) => ({ text: String(index), quoted, split: !quoted, breaks: index < all.length - 1 }));
      case "VarNamePrefix":
        return given(variables.entries().map(([name]) => name).filter((name) => name.startsWith(operation.prefix)).join(" "));
      case "Transform":
        return given(operation.operator === "U" ? (value ?? "").toUpperCase() : operation.operator === "L" ? (value ?? "").toLowerCase() : operation.operator === "Q" ? `'${(value ?? "").replaceAll("'", "'\\''")}'` : (value ?? ""));
      default:
        throw new ShellError("bad substitution");
    }
  }

  private alternative(word: WordNode, quoted: boolean): Promise<Piece[]> {
    return this.pieces(word.parts, quoted).then((pieces) => pieces.map((piece) => (quoted || piece.quoted ? piece : { ...piece, split: true })));
  }

  /** Several values: `$@`, `$*`, a whole array. */
  private async listed(parameter: string): Promise<readonly string[] | undefined> {
    if (parameter === "@" || parameter === "*") return this.variables.positional;
    const whole = /^(\w+)\[[@*]\]$/.exec(parameter);
    return whole ? (this.variables.list(whole[1] as string) ?? []) : undefined;
  }

  /** An index of an array may be an expression. */
  private async subscripted(parameter: string): Promise<string> {
    const element = /^(\w+)\[(.*)\]$/s.exec(parameter);
    if (!element || /^-?\d+$/.test(element[2] as string)) return parameter;
    return `${element[1]}[${await this.arithmetic(this.expression(element[2] as string))}]`;
  }

  /** Splits pieces into words, each still in pieces. */
  private fields(pieces: readonly Piece[]): Piece[][] {
    const ifs = this.variables.get("IFS") ?? " \t\n";
    const out: Piece[][] = [];
    let open: Piece[] | undefined;
    const close = (): void => {
      if (open) out.push(open);
      open = undefined;
    };
    for (const piece of pieces) {
      if (piece.split !== true || ifs === "") {
        if (piece.text !== "" || piece.quoted) (open ??= []).push(piece);
      } else {
        const { lead, fields, trail } = splitAt(piece.text, ifs);
        if (lead) close();
        fields.forEach((text, index) => {
          (open ??= []).push({ text, quoted: false });
          if (index < fields.length - 1) close();
        });
        if (trail) close();
      }
      if (piece.breaks) close();
    }
    close();
    return out;
  }

  /** Words that are patterns become the names of the files that they match. */
  private named(fields: readonly Piece[][]): string[] {
    return fields.flatMap((field) => {
      const text = field.map((piece) => piece.text).join("");
      if (this.variables.flags.has("f") || field.every(({ quoted, text: part }) => quoted || !/[*?[]/.test(part))) return [text];
      const pattern = field.map((piece) => (piece.quoted ? quotedForPattern(piece.text) : piece.text)).join("");
      const found = isPattern(pattern) ? glob(pattern, this.variables.cwd, this.options.process.world.files) : [];
      return found.length > 0 ? found : [text];
    });
  }
}

const listsPositional = (part: WordPart): boolean => part.type === "ParameterExpansion" && (part.parameter === "@" || part.parameter.endsWith("[@]"));

/** Splits as POSIX does: white space of IFS joins, each other sign ends a field. */
export function splitAt(text: string, ifs: string): { lead: boolean; fields: string[]; trail: boolean } {
  const white = new Set([...ifs].filter((char) => /\s/.test(char)));
  const hard = new Set([...ifs].filter((char) => !/\s/.test(char)));
  const fields: string[] = [];
  let field: string | undefined;
  let at = 0;
  while (at < text.length && white.has(text[at] as string)) at++;
  const lead = at > 0;
  for (; at < text.length; at++) {
    const char = text[at] as string;
    if (hard.has(char)) {
      fields.push(field ?? "");
      field = undefined;
      while (at + 1 < text.length && white.has(text[at + 1] as string)) at++;
    } else if (white.has(char)) {
      let next = at;
      while (next + 1 < text.length && white.has(text[next + 1] as string)) next++;
      if (next + 1 < text.length && hard.has(text[next + 1] as string)) {
        at = next;
        continue;
      }
      fields.push(field ?? "");
      field = undefined;
      at = next;
    } else field = (field ?? "") + char;
  }
  if (field !== undefined) fields.push(field);
  const last = text.at(-1) ?? "";
  return { lead, fields, trail: fields.length > 0 && field === undefined && (white.has(last) || hard.has(last)) };
}

function removed(value: string, pattern: string, { side, greedy }: { side: "prefix" | "suffix"; greedy: boolean }): string {
  const shape = new RegExp(`^(?:${patternSource(pattern)})$`);
  const lengths = Array.from({ length: value.length + 1 }, (_, i) => (greedy ? value.length - i : i));
  for (const length of lengths) {
    const piece = side === "prefix" ? value.slice(0, length) : value.slice(value.length - length);
    if (shape.test(piece)) return side === "prefix" ? value.slice(length) : value.slice(0, value.length - length);
  }
  return value;
}

/** Words that braces may stand for: ten times what anybody writes a loop over. */
const bracedMax = 100_000;

function refuseBraced(count: number): void {
  if (count > bracedMax) throw new ShellError(`brace expansion: failed to allocate memory for ${count} elements`, 1);
}

/** All words that one with braces stands for. */
function braces(parts: readonly WordPart[]): (readonly WordPart[])[] {
  const at = parts.findIndex(({ type }) => type === "BraceExpansion");
  const brace = parts[at];
  if (brace?.type !== "BraceExpansion") return [parts];
  const middles: (readonly WordPart[])[] = brace.items.flatMap((item) => (item.type === "Word" ? braces(item.word.parts) : range(item).map((value): WordPart[] => [{ type: "Literal", value }])));
  const tails = braces(parts.slice(at + 1));
  refuseBraced(middles.length * tails.length);
  return middles.flatMap((middle) => tails.map((tail) => [...parts.slice(0, at), ...middle, ...tail]));
}

function range({ start, end, step = 1, startStr }: { start: string | number; end: string | number; step?: number; startStr?: string }): string[] {
  const letters = typeof start === "string" && typeof end === "string";
  const [from, to] = letters ? [start.charCodeAt(0), end.charCodeAt(0)] : [Number(start), Number(end)];
  const width = /^-?0\d/.test(startStr ?? "") ? (startStr as string).length : 0;
  const by = Math.max(1, Math.abs(step)) * (from <= to ? 1 : -1);
  refuseBraced(Math.floor(Math.abs((to - from) / by)) + 1);
  const out: string[] = [];
  for (let value = from; by > 0 ? value <= to : value >= to; value += by) out.push(letters ? String.fromCharCode(value) : String(value).padStart(width, "0"));
  return out;
}

/** A path as the shell's own commands take it. */
export function pathOf(name: string, variables: Variables): string {
  return cleanPath(name, variables.cwd);
}

