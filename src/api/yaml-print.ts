import type { JsonObject, JsonValue } from "../base/json.ts";

/**
 * Prints JSON data as `kubectl -o yaml` does: keys in natural order, two spaces, list items at the column of their key, strings
 * plain where they read back as the same string, texts of several lines as blocks, long lines folded.
 */

/** A line is broken at the first space beyond this column. */
const widthBest = 80;

/** Where a scalar stands: the indent of its further lines, and the column at which it begins. Keys have none: one line only. */
interface Place {
  readonly indent: string;
  readonly column: number;
}

export function printYaml(value: JsonValue): string {
  if (isCollection(value)) return printBlock(value, "");
  return `${printScalar(value, { indent: "  ", column: 0 })}\n`;
}

function isCollection(value: JsonValue): value is JsonObject | readonly JsonValue[] {
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value) ? value.length > 0 : membersOf(value as JsonObject).length > 0;
}

function membersOf(object: JsonObject): string[] {
  return Object.keys(object).filter((key) => object[key] !== undefined);
}

/** Lines that begin at `indent`, the first one included. */
function printBlock(value: JsonObject | readonly JsonValue[], indent: string): string {
  let out = "";
  if (Array.isArray(value)) {
    for (const item of value as readonly JsonValue[]) {
      // The first line of an item stands behind its dash.
      if (isCollection(item)) out += `${indent}- ${printBlock(item, `${indent}  `).slice(indent.length + 2)}`;
      else out += `${indent}- ${printScalar(item, { indent: `${indent}  `, column: indent.length + 2 })}\n`;
    }
    return out;
  }
  const object = value as JsonObject;
  for (const key of membersOf(object).sort(compareKeys)) {
    const member = object[key] as JsonValue;
    const start = `${indent}${printString(key, undefined)}:`;
    out += start;
    if (!isCollection(member)) out += ` ${printScalar(member, { indent: `${indent}  `, column: [...start].length + 1 })}\n`;
    else out += `\n${printBlock(member, Array.isArray(member) ? indent : `${indent}  `)}`;
  }
  return out;
}

function printScalar(value: JsonValue, place: Place): string {
  if (typeof value === "string") return printString(value, place);
  if (typeof value === "number") return printNumber(value);
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "[]" : "{}";
  return String(value);
}

function printNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return BigInt(value).toString();
  return String(value).replace(/e([+-])(\d)$/, "e$10$2");
}

function printString(text: string, place: Place | undefined): string {
  if (text === "" || readsAsOther(text)) return doubleQuoted(text, place);
  const spaceBeforeBreak = / \n/.test(text);
  const special = /[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u.test(text) || text.includes("\uFEFF");
  if (text.includes("\n")) {
    const blockFits = place !== undefined && !spaceBeforeBreak && !special && !text.endsWith(" ");
    return blockFits ? literal(text, place.indent) : doubleQuoted(text, place);
  }
  if (special || text.includes("\t")) return doubleQuoted(text, place);
  return isPlain(text) ? folded(text, place) : `'${folded(text, place, { "'": "''" })}'`;
}

/** One line, or several broken at single spaces, which a reader joins again. */
function folded(text: string, place: Place | undefined, replacements?: { readonly [letter: string]: string }): string {
  const letters = [...text];
  const quoted = replacements === undefined ? 0 : 1;
  let out = "";
  let column = (place?.column ?? 0) + quoted;
  for (const [index, letter] of letters.entries()) {
    const inside = quoted === 0 || (index > 0 && index < letters.length - 1);
    const single = letter === " " && letters[index - 1] !== " " && letters[index + 1] !== " ";
    if (place !== undefined && single && inside && column > widthBest) {
      out += `\n${place.indent}`;
      column = place.indent.length;
      continue;
    }
    const written = replacements?.[letter] ?? letter;
    out += written;
    column += written.length > 1 ? written.length : 1;
  }
  return out;
}

function literal(text: string, indent: string): string {
  const hint = /^[ \n]/.test(text) ? "2" : "";
  const chomp = !text.endsWith("\n") ? "-" : text === "\n" || text.endsWith("\n\n") ? "+" : "";
  const lines = text.endsWith("\n") ? text.slice(0, -1).split("\n") : text.split("\n");
  return `|${hint}${chomp}\n${lines.map((line) => (line === "" ? "" : indent + line)).join("\n")}`;
}

const escapes: { readonly [letter: string]: string } = {
  "\0": "\\0",
  "\x07": "\\a",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\v": "\\v",
  "\f": "\\f",
  "\r": "\\r",
  "\x1b": "\\e",
  '"': '\\"',
  "\\": "\\\\",
  "\x85": "\\N",
  "\xa0": "\\_",
  "\u2028": "\\L",
  "\u2029": "\\P",
};

function doubleQuoted(text: string, place: Place | undefined): string {
  const letters = [...text];
  let out = "";
  let column = (place?.column ?? 0) + 1;
  for (const [index, letter] of letters.entries()) {
    const breakable = letter === " " && letters[index - 1] !== " " && index > 0 && index < letters.length - 1;
    if (place !== undefined && breakable && column > widthBest) {
      // A space that follows would be lost without the backslash.
      const next = letters[index + 1] === " " ? "\\" : "";
      out += `\n${place.indent}${next}`;
      column = place.indent.length + next.length;
      continue;
    }
    const written = escaped(letter);
    out += written;
    column += written === letter ? 1 : written.length;
  }
  return `"${out}"`;
}

const unescaped = /^[\x20-\x7e\xa1-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]$/u;

function escaped(letter: string): string {
  const short = escapes[letter];
  if (short !== undefined) return short;
  if (unescaped.test(letter)) return letter;
  const code = letter.codePointAt(0) as number;
  const hex = code.toString(16).toUpperCase();
  return code <= 0xff ? `\\x${hex.padStart(2, "0")}` : code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}

/** Characters and places that mean something in a block. */
function isPlain(text: string): boolean {
  if (text.startsWith(" ") || text.endsWith(" ")) return false;
  if (/^(---|\.\.\.)/.test(text)) return false;
  if (/^[#,[\]{}&*!|>'"%@`]/.test(text) || /^[-?:](\s|$)/.test(text)) return false;
  return !/:(\s|$)/.test(text) && !/\s#/.test(text);
}

const words: ReadonlySet<string> = new Set(
  ["~", "null", "Null", "NULL", ".nan", ".NaN", ".NAN", "<<"].concat(
    ...["y", "yes", "true", "on", "n", "no", "false", "off"].map((word) => [word, word[0]?.toUpperCase() + word.slice(1), word.toUpperCase()]),
    ...["", "+", "-"].map((sign) => [`${sign}.inf`, `${sign}.Inf`, `${sign}.INF`]),
  ),
);
const decimal = /^[-+]?(0b[01]+|0o[0-7]+|0x[0-9a-fA-F]+|\.[0-9]+([eE][-+]?[0-9]+)?|[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?)$/;
const base60 = /^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$/;
const timestamp = /^\d{4}-\d{1,2}-\d{1,2}([Tt]\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?(Z|[-+]\d\d:\d\d)| \d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?)?$/;

/** Whether the plain text would be read as something else than a string, by this dialect or an older one. */
function readsAsOther(text: string): boolean {
  if (words.has(text)) return true;
  if (!/^[-+.0-9]/.test(text)) return false;
  return decimal.test(text.replaceAll("_", "")) || base60.test(text) || timestamp.test(text);
}

/** Numbers inside keys compare as numbers, letters stand behind everything else. */
function compareKeys(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  for (let i = 0; i < left.length && i < right.length; i++) {
    const x = left[i] as string;
    const y = right[i] as string;
    if (x === y) continue;
    const xLetter = /\p{L}/u.test(x);
    const yLetter = /\p{L}/u.test(y);
    if (xLetter && yLetter) return x < y ? -1 : 1;
    if (xLetter || yLetter) return yLetter ? -1 : 1;
    const xDigits = leadingDigits(left, i);
    const yDigits = leadingDigits(right, i);
    if (xDigits !== "" || yDigits !== "") {
      const prefix = /\d*$/.exec(a.slice(0, left.slice(0, i).join("").length))?.[0] ?? "";
      const difference = Number(prefix + xDigits) - Number(prefix + yDigits);
      if (difference !== 0) return difference;
      if (xDigits.length !== yDigits.length) return xDigits.length - yDigits.length;
    }
    return x < y ? -1 : 1;
  }
  return left.length - right.length;
}

function leadingDigits(letters: readonly string[], from: number): string {
  let to = from;
  while (to < letters.length && /\d/.test(letters[to] as string)) to++;
  return letters.slice(from, to).join("");
}
