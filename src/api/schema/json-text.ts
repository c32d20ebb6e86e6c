import type { JsonValue } from "../../base/json.ts";

/**
 * JSON text to values, with what JSON.parse forgets: which keys stood twice, and how numbers were written. The host's parser
 * does the work; a scan of the text tells whether there is anything that it lost, and only then a slower parser reads again.
 * Errors are in the words of Go's parser, which clients and tests know.
 */

/** A number whose text is not how JavaScript would write it (`1.0`, `1e3`, integers beyond 2^53). Stands in place of the number. */
export class NumberLiteral {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): number {
    return Number(this.text);
  }
}

export type JsonPath = readonly (string | number)[];

export interface JsonDocument {
  /** May hold NumberLiterals; `plainJson` takes them out. The last of equal keys wins. */
  readonly value: JsonValue;
  /** Paths of keys that stood again, in order of the text. */
  readonly duplicates: readonly JsonPath[];
  readonly hasLiterals: boolean;
}

/** Go's words for a text that is no JSON: `invalid character 'x' after top-level value`. */
export class JsonSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "JsonSyntaxError";
  }
}

/**
 * Nesting beyond this is refused. Go's decoder takes 10,000; here everything that walks an object is recursive, and a host's
 * stack of 1 MB holds some 5,000 frames of 200 bytes, at most five of them a level.
 */
const jsonDepthMax = 1000;
/** Integers of more digits may lose some in a double. */
const exactDigits = 15;

const noDuplicates: readonly JsonPath[] = [];

/** Throws JsonSyntaxError. */
export function decodeJsonText(input: Uint8Array | string): JsonDocument {
  const text = typeof input === "string" ? input : new TextDecoder("utf-8", { ignoreBOM: true }).decode(input);
  const seen = scan(text);
  if (seen.depth <= jsonDepthMax && !seen.odd && !(text.includes("\\u") && /\\u[dD][89a-fA-F]/.test(text))) {
    try {
      const value = JSON.parse(text) as JsonValue;
      if (countMembers(value) === seen.members) return { value, duplicates: noDuplicates, hasLiterals: false };
    } catch {
      // The slow parser says what is wrong.
    }
  }
  return new SlowParser(text).document();
}

/** The value without NumberLiterals, as JavaScript numbers; the value itself where there are none, as nearly everywhere. */
export function plainJson(value: JsonValue): JsonValue {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof NumberLiteral) return Number(value.text);
  if (Array.isArray(value)) return plainList(value);
  const members = value as { readonly [key: string]: JsonValue };
  let changed: Map<string, JsonValue> | undefined;
  for (const key in members) {
    const member = members[key] as JsonValue;
    const plain = plainJson(member);
    if (plain !== member) (changed ??= new Map()).set(key, plain);
  }
  if (changed === undefined) return value;
  const out: { [key: string]: JsonValue } = {};
  for (const [key, member] of Object.entries(members)) setMember(out, key, changed.get(key) ?? member);
  return out;
}

function plainList(values: readonly JsonValue[]): JsonValue {
  let changed: JsonValue[] | undefined;
  for (let i = 0; i < values.length; i++) {
    const plain = plainJson(values[i] as JsonValue);
    if (plain !== values[i]) (changed ??= [...values])[i] = plain;
  }
  return changed ?? values;
}

/** Assignment that also works for the key `__proto__`. */
export function setMember(object: { [key: string]: unknown }, key: string, value: unknown): void {
  if (key === "__proto__") Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  else object[key] = value;
}

/** Whether data that did not come from a text nests deeper than a text may. */
export function isTooDeep(value: JsonValue | undefined, levels = jsonDepthMax): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).some((item) => isTooDeep(item, levels - 1));
  const members: { readonly [key: string]: JsonValue | undefined } = value as { readonly [key: string]: JsonValue };
  for (const key in members) if (isTooDeep(members[key], levels - 1)) return true;
  return false;
}

/** `spec.containers[0].image`. */
export function pathText(path: JsonPath): string {
  let text = "";
  for (const step of path) text += typeof step === "number" ? `[${step}]` : text === "" ? step : `.${step}`;
  return text;
}

const quote = 0x22;
const backslash = 0x5c;

/** Counts the members of the text's objects and looks for numbers that a double may change. Wrong texts give any answer. */
function scan(text: string): { members: number; odd: boolean; depth: number } {
  const length = text.length;
  let members = 0;
  let depth = 0;
  let deepest = 0;
  let odd = false;
  let i = 0;
  while (i < length) {
    const code = text.charCodeAt(i);
    if (code === quote) {
      i = endOfString(text, i);
      continue;
    }
    if (code === 0x3a) members++;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > deepest) deepest = depth;
    } else if (code === 0x7d || code === 0x5d) depth--;
    else if (code >= 0x30 && code <= 0x39) {
      const start = i;
      while (++i < length) {
        const next = text.charCodeAt(i);
        if (next >= 0x30 && next <= 0x39) continue;
        if (next === 0x2e || next === 0x65 || next === 0x45) odd = true;
        else break;
      }
      if (i - start > exactDigits) odd = true;
      continue;
    }
    i++;
  }
  return { members, odd, depth: deepest };
}

/** The position after the string that begins at `start`, or the end of the text. */
function endOfString(text: string, start: number): number {
  let from = start + 1;
  for (;;) {
    const end = text.indexOf('"', from);
    if (end < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes++;
    if (slashes % 2 === 0) return end + 1;
    from = end + 1;
  }
}

function countMembers(value: JsonValue): number {
  if (typeof value !== "object" || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === "object") count += countMembers(item);
    return count;
  }
  const members = value as { readonly [key: string]: JsonValue };
  for (const key in members) {
    count++;
    const member = members[key] as JsonValue;
    if (typeof member === "object") count += countMembers(member);
  }
  return count;
}

const endOfInput = "unexpected end of JSON input";
const escapes: { readonly [letter: string]: string } = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** Recursive descent, with the error texts of Go's scanner. */
class SlowParser {
  private readonly text: string;
  private at = 0;
  private depth = 0;
  private literals = false;
  private readonly path: (string | number)[] = [];
  private readonly duplicates: JsonPath[] = [];

  constructor(text: string) {
    this.text = text;
  }

  document(): JsonDocument {
    let value: JsonValue;
    try {
      value = this.value();
    } catch (error) {
      // The host's stack is the tighter limit of nesting on some hosts.
      if (!(error instanceof RangeError)) throw error;
      while (this.at < this.text.length && this.text[this.at] !== "{" && this.text[this.at] !== "[") this.at++;
      throw this.invalid("exceeded max depth");
    }
    this.space();
    if (this.at < this.text.length) throw this.invalid("after top-level value");
    return { value, duplicates: this.duplicates, hasLiterals: this.literals };
  }

  private invalid(where: string): JsonSyntaxError {
    if (this.at >= this.text.length) return new JsonSyntaxError(endOfInput);
    return new JsonSyntaxError(`invalid character ${quoteByte(this.text, this.at)} ${where}`);
  }

  private space(): void {
    while (this.at < this.text.length && " \t\r\n".includes(this.text[this.at] as string)) this.at++;
  }

  private value(): JsonValue {
    this.space();
    switch (this.text[this.at]) {
      case "{":
        return this.object();
      case "[":
        return this.array();
      case '"':
        return this.string();
      case "t":
        return this.word("true", true);
      case "f":
        return this.word("false", false);
      case "n":
        return this.word("null", null);
      default:
        return this.number();
    }
  }

  private enter(): void {
    if (++this.depth > jsonDepthMax) throw this.invalid("exceeded max depth");
    this.at++;
    this.space();
  }

  private object(): JsonValue {
    this.enter();
    const out: { [key: string]: JsonValue } = {};
    let first = true;
    for (;;) {
      if (first && this.text[this.at] === "}") break;
      if (this.text[this.at] !== '"') throw this.invalid("looking for beginning of object key string");
      const key = this.string();
      this.space();
      if (this.text[this.at] !== ":") throw this.invalid("after object key");
      this.at++;
      this.path.push(key);
      if (Object.hasOwn(out, key)) this.duplicates.push([...this.path]);
      setMember(out, key, this.value());
      this.path.pop();
      first = false;
      this.space();
      if (this.text[this.at] === "}") break;
      if (this.text[this.at] !== ",") throw this.invalid("after object key:value pair");
      this.at++;
      this.space();
    }
    this.at++;
    this.depth--;
    return out;
  }

  private array(): JsonValue {
    this.enter();
    const out: JsonValue[] = [];
    while (out.length > 0 || this.text[this.at] !== "]") {
      this.path.push(out.length);
      out.push(this.value());
      this.path.pop();
      this.space();
      if (this.text[this.at] === "]") break;
      if (this.text[this.at] !== ",") throw this.invalid("after array element");
      this.at++;
    }
    this.at++;
    this.depth--;
    return out;
  }

  private string(): string {
    let out = "";
    for (;;) {
      this.at++;
      const start = this.at;
      while (this.at < this.text.length && this.text.charCodeAt(this.at) >= 0x20 && this.text[this.at] !== '"' && this.text[this.at] !== "\\") this.at++;
      out += this.text.slice(start, this.at);
      if (this.text[this.at] === '"') break;
      if (this.text[this.at] !== "\\") throw this.invalid("in string literal");
      out += this.escape();
    }
    this.at++;
    // Half a surrogate pair cannot be written as UTF-8.
    return out.toWellFormed();
  }

  private escape(): string {
    this.at++;
    const letter = this.text[this.at] ?? "";
    if (letter !== "u") {
      const plain = escapes[letter];
      if (plain === undefined) throw this.invalid("in string escape code");
      return plain;
    }
    let code = 0;
    for (let i = 0; i < 4; i++) {
      this.at++;
      const digit = this.text[this.at] ?? "";
      if (!/^[0-9a-fA-F]$/.test(digit)) throw this.invalid("in \\u hexadecimal character escape");
      code = code * 16 + Number.parseInt(digit, 16);
    }
    return String.fromCharCode(code);
  }

  private word<T extends JsonValue>(word: string, value: T): T {
    for (const letter of word) {
      if (this.text[this.at] !== letter) throw this.invalid(`in literal ${word} (expecting '${letter}')`);
      this.at++;
    }
    return value;
  }

  private digits(where: string): void {
    if (!isDigit(this.text[this.at])) throw this.invalid(where);
    while (isDigit(this.text[this.at])) this.at++;
  }

  private number(): JsonValue {
    const start = this.at;
    if (this.text[this.at] !== "-" && !isDigit(this.text[this.at])) throw this.invalid("looking for beginning of value");
    if (this.text[this.at] === "-") this.at++;
    if (this.text[this.at] === "0") this.at++;
    else this.digits("in numeric literal");
    if (this.text[this.at] === ".") {
      this.at++;
      this.digits("after decimal point in numeric literal");
    }
    if (this.text[this.at] === "e" || this.text[this.at] === "E") {
      this.at++;
      if (this.text[this.at] === "+" || this.text[this.at] === "-") this.at++;
      this.digits("in exponent of numeric literal");
    }
    const literal = this.text.slice(start, this.at);
    const value = Number(literal);
    if (String(value) === literal || literal === "-0") return value;
    this.literals = true;
    return new NumberLiteral(literal) as unknown as JsonValue;
  }
}

function isDigit(letter: string | undefined): boolean {
  return letter !== undefined && letter >= "0" && letter <= "9";
}

/** The character at a position as Go quotes it: it sees bytes, so of a longer character the first. */
function quoteByte(text: string, at: number): string {
  const letter = String.fromCodePoint(text.codePointAt(at) as number);
  if (letter === "'") return "'\\''";
  if (letter === '"') return "'\"'";
  const byte = new TextEncoder().encode(letter)[0] as number;
  if (byte < 0x20 || (byte >= 0x7f && byte < 0xa0)) {
    const short = ({ 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r" } as { [code: number]: string })[byte];
    return `'${short ?? (byte < 0x80 ? `\\x${byte.toString(16).padStart(2, "0")}` : `\\u${byte.toString(16).padStart(4, "0")}`)}'`;
  }
  return letter === "\\" ? "'\\\\'" : `'${String.fromCharCode(byte)}'`;
}
