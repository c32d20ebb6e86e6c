import { EVENT_DOCUMENT, EVENT_MAPPING, EVENT_POP, EVENT_SCALAR, EVENT_SEQUENCE, NOT_RESOLVED, Schema, YAMLException, boolYaml11Tag, defineScalarTag, floatCoreTag, getScalarValue, loadAll, mapTag, mergeTag, nullYaml11Tag, parseEvents, seqTag, strTag } from "js-yaml";
import type { JsonValue } from "../base/json.ts";
import { limits } from "../base/limits.ts";

/**
 * YAML as kubectl reads and prints it: the 1.1 dialect in which `yes` and `off` are booleans and `0777` is octal, but dates and
 * `12:30:45` are strings, and the last of equal keys wins.
 */
export { printYaml } from "./yaml-print.ts";

/** A text that is no YAML, or no JSON-shaped YAML; the message names the line. */
export class YamlError extends Error {
  /** Counted from 1. */
  readonly line: number | undefined;

  constructor(message: string, line: number | undefined) {
    super(message);
    this.name = "YamlError";
    this.line = line;
  }
}

/** Aliases in one document: a manifest has a handful. */
const aliasesMax = 100;
/** What aliases may add to a document by repeating what they stand for, in characters and values: as much as a request may hold. */
const repeatedMax = limits.requestBodyBytesMax;
const depthMax = 100;
const documentsMax = 10_000;
const lineFeed = 0x0a;

const integer = /^[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)$/;

const intTag = defineScalarTag("tag:yaml.org,2002:int", {
  implicit: true,
  implicitFirstChars: ["-", "+", ..."0123456789"],
  resolve: (source) => readInteger(source) ?? NOT_RESOLVED,
  identify: (value) => Number.isInteger(value),
});

function readInteger(source: string): number | undefined {
  if (!integer.test(source)) return undefined;
  const negative = source.startsWith("-");
  let digits = source.replace(/^[-+]/, "").replaceAll("_", "");
  // A leading zero is octal; with an 8 or a 9 it is none and reads as a decimal fraction would.
  if (/^0[0-7]+$/.test(digits)) digits = `0o${digits.slice(1)}`;
  const value = Number(digits);
  if (Number.isNaN(value)) return undefined;
  return negative ? -value : value;
}

/**
 * The documents of a text; empty ones are left out. Throws YamlError: `yaml: line 3: mapping values are not allowed in this context`.
 */
export function parseYamlDocuments(text: string): JsonValue[] {
  checkDocuments(text);
  let documents: unknown[];
  try {
    const schema = new Schema([strTag, seqTag, mapTag, mergeTag, nullYaml11Tag, boolYaml11Tag, intTag, floatCoreTag]);
    documents = loadAll(text, null, { schema, json: true, maxAliases: aliasesMax, maxDepth: depthMax });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const line = error.mark === undefined ? undefined : error.mark.line + 1;
    throw new YamlError(line === undefined ? `yaml: ${error.reason}` : wordsOf(error.reason, line, text[error.mark?.position ?? 0] ?? ""), line);
  }
  const present = documents.filter((document) => document !== null && document !== undefined);
  if (text.includes("*")) checkWeight(present, text.length + repeatedMax);
  return present.map(asJson);
}

/**
 * Keys that stand again in a mapping of the first document, in upstream's words: `line 4: key "a" already set in map`. Aliases and merges
 * repeat nothing by themselves.
 */
export function repeatedYamlKeys(text: string): readonly string[] {
  const found: string[] = [];
  const open: { keys: Set<string> | undefined; atKey: boolean }[] = [];
  let lines = 0;
  let read = 0;
  const lineOf = (position: number): number => {
    for (; read < position; read++) if (text.charCodeAt(read) === lineFeed) lines++;
    return lines + 1;
  };
  let documents = 0;
  for (const event of parseEvents(text, { maxDepth: depthMax })) {
    if (event.type === EVENT_DOCUMENT && ++documents > 1) break;
    const around = open.at(-1);
    const isKey = around?.keys !== undefined && around.atKey;
    if (event.type === EVENT_POP) {
      open.pop();
      continue;
    }
    if (around?.keys !== undefined) around.atKey = !around.atKey;
    if (event.type === EVENT_MAPPING) open.push({ keys: new Set(), atKey: true });
    else if (event.type === EVENT_SEQUENCE || event.type === EVENT_DOCUMENT) open.push({ keys: undefined, atKey: false });
    else if (event.type === EVENT_SCALAR && isKey) {
      const key = getScalarValue(text, event);
      if (around?.keys?.has(key) === true) found.push(`line ${lineOf(event.valueStart)}: key ${JSON.stringify(key)} already set in map`);
      around?.keys?.add(key);
    }
  }
  return found;
}

/**
 * The commonest mistakes in the words of Go's parser, which people know from kubectl; all others in the library's own. `found` is the
 * character at which reading stopped. Go counts lines from 1 where a character is wrong, and from 0 where a key is missing.
 */
function wordsOf(reason: string, line: number, found: string): string {
  if (reason === "tab characters must not be used in indentation") return `yaml: line ${line}: found a tab character that violates indentation`;
  if (reason !== "bad indentation of a mapping entry") return `yaml: line ${line}: ${reason}`;
  if (found === ":") return `yaml: line ${line}: mapping values are not allowed in this context`;
  if (found === "@" || found === "`" || found === "%") return `yaml: line ${line}: found character that cannot start any token`;
  return line === 1 ? "yaml: did not find expected key" : `yaml: line ${line - 1}: did not find expected key`;
}

/** Throws for a text of more documents than anybody writes: each costs some 6 µs, empty or not, and 3 MB hold 700,000 of them. */
function checkDocuments(text: string): void {
  let count = 0;
  for (let at = text.indexOf("\n---"); at >= 0; at = text.indexOf("\n---", at + 4)) {
    if (++count > documentsMax) throw new YamlError(`yaml: more than ${documentsMax} documents`, undefined);
  }
}

/**
 * Throws for documents that weigh more than `most` once every alias is written out, which a few lines can make astronomical. Each
 * value is weighed once, however often it is referred to.
 */
function checkWeight(documents: readonly unknown[], most: number): void {
  const known = new Map<object, number>();
  const weigh = (value: unknown): number => {
    if (typeof value === "string") return value.length + 1;
    if (typeof value !== "object" || value === null) return 1;
    const weighed = known.get(value);
    if (weighed !== undefined) {
      if (Number.isNaN(weighed)) throw new YamlError("yaml: an anchor's value contains itself", undefined);
      return weighed;
    }
    known.set(value, Number.NaN);
    let weight = 1;
    for (const [key, member] of Object.entries(value)) weight += key.length + weigh(member);
    if (weight > most) throw new YamlError("yaml: document contains excessive aliasing", undefined);
    known.set(value, weight);
    return weight;
  };
  let total = 0;
  for (const document of documents) total += weigh(document);
  if (total > most) throw new YamlError("yaml: document contains excessive aliasing", undefined);
}

/** Numbers that JSON does not have become the text that stands for them. */
function asJson(value: unknown): JsonValue {
  if (typeof value === "number" && !Number.isFinite(value)) return Number.isNaN(value) ? ".nan" : value > 0 ? ".inf" : "-.inf";
  if (typeof value !== "object" || value === null) return value as JsonValue;
  if (Array.isArray(value)) return value.map(asJson);
  for (const [key, member] of Object.entries(value)) {
    if (typeof member !== "object" && typeof member !== "number") continue;
    const json = asJson(member);
    if (json !== member) Object.defineProperty(value, key, { value: json, writable: true, enumerable: true, configurable: true });
  }
  return value as JsonValue;
}
