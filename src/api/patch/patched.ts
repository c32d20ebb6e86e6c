import type { Draft, JsonObject, JsonValue } from "../../base/json.ts";
import type { KubeObject } from "../kind-ref.ts";
import type { Decoded, FieldValidation } from "../schema/decode.ts";
import type { Empties } from "../schema/empties.ts";
import type { JsonPath } from "../schema/json-text.ts";
import type { Schema } from "../schema/schema.ts";
import { StatusError, badRequest } from "../../base/status-error.ts";
import { decodeValue } from "../schema/decode.ts";
import { DecodeError } from "../schema/decoder.ts";
import { JsonSyntaxError, NumberLiteral } from "../schema/json-text.ts";

/**
 * What all patches share: the way from the merged document back to an object, with upstream's answers when the document is no
 * such object any more.
 */

/** What is patched, and how strictly. */
export interface PatchTarget {
  readonly schema: Schema;
  readonly typeName: string;
  readonly mode: FieldValidation;
  /** The half of the object that the request cannot change: left alone by the patch, it is not decoded. */
  readonly fixed?: "spec" | "status" | undefined;
}

export interface Patched {
  readonly object: Draft<KubeObject>;
  /** The fixed half as it stands, where the object lacks it: shared, so out of the reach of defaults. */
  readonly standing?: { readonly [half: string]: unknown } | undefined;
  /** Texts for Warning headers. */
  readonly warnings: string[];
  readonly empties: Empties;
}

/** Objects that a patch has opened: Go prints those with sorted keys, all others as they stood. */
export type Opened = ReadonlySet<unknown>;

/**
 * Decodes the merged document. `problems` are those of the patch itself, reported with those of the document; `duplicates` the
 * places of the document where a key stood twice.
 * What does not fit is 422 with the whole document in the message.
 */
export function decodePatched(
  target: PatchTarget,
  document: JsonValue,
  options: { opened: Opened; problems: readonly string[]; duplicates?: readonly JsonPath[] },
): Patched {
  const duplicates = options.duplicates ?? [];
  let decoded: Decoded;
  try {
    decoded = decodeAsItsKind(target, document, duplicates);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw invalidPatch(goJson(document, options.opened), error.message);
  }
  // Several unknown fields are named in the order of the text that Go would decode.
  if (decoded.warnings.length > 1) decoded = decodeAsItsKind(target, JSON.parse(goJson(document, options.opened)) as JsonValue, duplicates);
  const warnings = [...options.problems, ...decoded.warnings];
  if (target.mode === "strict" && warnings.length > 0) throw invalidPatch(goJson(document, options.opened), `strict decoding error: ${warnings.join(", ")}`);
  return { object: decoded.object, warnings: target.mode === "ignore" ? [] : warnings, empties: decoded.empties };
}

/** A patch can change kind and apiVersion: the document is read as what it says it is. */
function decodeAsItsKind(target: PatchTarget, document: JsonValue, duplicates: readonly JsonPath[]): Decoded {
  const { schema, typeName } = target;
  const type = schema.struct(typeName);
  const top = (typeof document === "object" && document !== null && !Array.isArray(document) ? document : {}) as JsonObject;
  const expected = typeName.split(".").at(-2) as string;
  const version = String(top["apiVersion"] ?? "");
  const kind = String(top["kind"] ?? "") || type.goName;
  if (version === "") {
    // Go reads it as its internal type then, whose fields have other names.
    const warnings = Object.keys(top).filter((key) => key !== "kind" && key !== "apiVersion" && top[key] !== null);
    return { ...decodeValue(schema, typeName, {}), warnings: warnings.map((key) => `unknown field "${key}"`) };
  }
  const asked = typeName.slice(0, typeName.lastIndexOf(".") + 1) + kind;
  if (version.slice(version.lastIndexOf("/") + 1) !== expected || !schema.has(asked)) {
    throw new DecodeError(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(version)} in scheme "pkg/runtime/scheme.go:111"`);
  }
  const decoded = decodeValue(schema, asked, top["kind"] === kind ? document : { ...top, kind }, { duplicates });
  if (asked !== typeName) throw new DecodeError(`unable to convert ${kind} to ${type.goName}`);
  return decoded;
}

/** 422 on a nameless kind, as upstream answers whatever a patch made unreadable. `shown` is what it prints as the value. */
export function invalidPatch(shown: string, why: string): StatusError {
  const message = `Invalid value: ${JSON.stringify(shown)}: ${why}`;
  return new StatusError({
    code: 422,
    reason: "Invalid",
    message: ` "" is invalid: patch: ${message}`,
    details: { causes: [{ reason: "FieldValueInvalid", message, field: "patch" }] },
  });
}

/** 400 for a patch that is no JSON. */
export function undecodable(error: unknown): StatusError {
  if (error instanceof JsonSyntaxError) return badRequest(`error decoding patch: ${error.message}`);
  throw error;
}

/** JSON text as Go writes it: opened objects with sorted keys, `<`, `>` and `&` escaped. */
function goJson(value: JsonValue, opened: Opened): string {
  return writeJson(value, opened).replace(/[<>&\u2028\u2029]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function writeJson(value: JsonValue | undefined, opened: Opened): string {
  if (value instanceof NumberLiteral) return value.text;
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  if (Array.isArray(value)) return `[${value.map((item) => writeJson(item as JsonValue, opened)).join(",")}]`;
  const keys = Object.keys(value).filter((key) => (value as JsonObject)[key] !== undefined);
  if (opened.has(value)) keys.sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${writeJson((value as JsonObject)[key], opened)}`).join(",")}}`;
}

/** A value as Go's `%v` prints it: `map[a:1 b:[x y]]`, keys sorted. */
export function goPrint(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (value instanceof NumberLiteral) return /^-?\d+$/.test(value.text) ? value.text : goPrint(Number(value.text));
  if (typeof value === "number" && Math.abs(value) >= 1e21) return String(value);
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[${value.map(goPrint).join(" ")}]`;
  const object = value as JsonObject;
  return `map[${Object.keys(object)
    .sort()
    .map((key) => `${key}:${goPrint(object[key])}`)
    .join(" ")}]`;
}
