import type { TypeNode } from "./schema.ts";
import { NumberLiteral } from "./json-text.ts";

/** What Go's decoders call values, and what they say of one that does not fit. */

/** What Go calls the JSON value in its errors. */
export function jsonWord(value: unknown): string {
  if (value instanceof NumberLiteral) return "number";
  if (typeof value === "boolean") return "bool";
  return typeof value === "object" ? (Array.isArray(value) ? "array" : "object") : typeof value;
}

/** What Go calls the kind of a value in memory. */
function mapsWord(raw: unknown): string {
  if (raw instanceof NumberLiteral) return /^-?\d+$/.test(raw.text) ? "int64" : "float64";
  if (typeof raw === "number") return Number.isInteger(raw) ? "int64" : "float64";
  if (typeof raw === "boolean") return "bool";
  return typeof raw === "object" ? (Array.isArray(raw) ? "slice" : "map") : typeof raw;
}

/** Why data in memory does not fit, in the words of upstream's converter. */
export function mapsText(raw: unknown, node: TypeNode): string {
  const word = mapsWord(raw);
  switch (node.kind) {
    case "struct":
      return `cannot restore struct from: ${word}`;
    case "map":
      return `cannot restore map from ${word}`;
    case "list":
    case "bytes":
      return `cannot restore slice from ${word}`;
    default: {
      const numeric = word === "int64" || word === "float64";
      const convertible = node.kind === "string" ? word === "int64" : numeric && node.kind !== "boolean";
      return convertible ? `cannot convert ${word} to ${node.goType}` : `unrecognized type: ${kindWords[node.kind] ?? node.kind}`;
    }
  }
}

const kindWords: { readonly [kind: string]: string } = { boolean: "bool", double: "float64" };
