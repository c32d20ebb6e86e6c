import type { JsonObject, JsonValue } from "../../base/json.ts";
import type { KubeObject } from "../kind-ref.ts";
import type { JsonDocument } from "../schema/json-text.ts";
import type { Patched, PatchTarget } from "./patched.ts";
import { badRequest } from "../../base/status-error.ts";
import { jsonWord } from "../schema/go-words.ts";
import { NumberLiteral, decodeJsonText, pathText, setMember } from "../schema/json-text.ts";
import { decodePatched, undecodable } from "./patched.ts";

/** JSON merge patch (RFC 7396): null removes, objects merge, everything else replaces. */

/** The merged document; shares with both inputs what it does not change. */
export function applyMergePatch(document: JsonValue, patch: JsonValue): JsonValue {
  return merge(document, patch, new Set());
}

/** Patches an object with the body of a `application/merge-patch+json` request. */
export function mergePatchObject(target: PatchTarget, current: KubeObject, body: Uint8Array | string | JsonObject): Patched {
  let parsed: JsonDocument;
  try {
    parsed = typeof body === "string" || body instanceof Uint8Array ? decodeJsonText(body) : { value: body, duplicates: [], hasLiterals: false };
  } catch (error) {
    throw undecodable(error);
  }
  if (parsed.value === null) throw badRequest("Invalid JSON Patch");
  if (!isObject(parsed.value)) throw badRequest(`error decoding patch: json: cannot unmarshal ${jsonWord(parsed.value)} into Go value of type map[string]interface {}`);
  const opened = new Set<unknown>();
  const document = merge(current as unknown as JsonValue, parsed.value, opened);
  const problems = [...new Set(parsed.duplicates.map((path) => `duplicate field "${pathText(path)}"`))];
  return decodePatched(target, document, { opened, problems });
}

function merge(current: JsonValue | undefined, patch: JsonValue, opened: Set<unknown>): JsonValue {
  if (!isObject(patch) || !isObject(current)) return withoutNulls(patch, opened);
  const out: { [key: string]: JsonValue } = { ...current } as { [key: string]: JsonValue };
  opened.add(out);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || value === undefined) delete out[key];
    else setMember(out, key, merge(Object.hasOwn(out, key) ? out[key] : undefined, value, opened));
  }
  return out;
}

/** What a patch adds where nothing was: members that are null go, items of lists that are null stay. */
function withoutNulls(value: JsonValue, opened: Set<unknown>): JsonValue {
  if (Array.isArray(value)) return value.map((item) => withoutNulls(item as JsonValue, opened));
  if (!isObject(value)) return value;
  const out: { [key: string]: JsonValue } = {};
  opened.add(out);
  for (const [key, member] of Object.entries(value)) {
    if (member !== null && member !== undefined) setMember(out, key, withoutNulls(member, opened));
  }
  return out;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof NumberLiteral);
}
