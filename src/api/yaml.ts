import { NOT_RESOLVED, Schema, YAMLException, boolYaml11Tag, defineScalarTag, floatCoreTag, loadAll, mapTag, mergeTag, nullYaml11Tag, seqTag, strTag } from "js-yaml";
import type { JsonValue } from "../base/json.ts";

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

/** Aliases repeat what they stand for; more than this in one document is refused, so that a small text stays a small value. */
const aliasesMax = 100;
const depthMax = 100;

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
 * The documents of a text; empty ones are left out. Throws YamlError: `yaml: line 3: bad indentation of a mapping entry`.
 */
export function parseYamlDocuments(text: string): JsonValue[] {
  let documents: unknown[];
  try {
    const schema = new Schema([strTag, seqTag, mapTag, mergeTag, nullYaml11Tag, boolYaml11Tag, intTag, floatCoreTag]);
    documents = loadAll(text, null, { schema, json: true, maxAliases: aliasesMax, maxDepth: depthMax });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const line = error.mark === undefined ? undefined : error.mark.line + 1;
    throw new YamlError(`yaml: ${line === undefined ? "" : `line ${line}: `}${error.reason}`, line);
  }
  return documents.filter((document) => document !== null && document !== undefined).map(asJson);
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
