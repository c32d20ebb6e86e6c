import type { JsonObject, JsonValue } from "../../base/json.ts";
import type { KubeObject } from "../kind-ref.ts";
import type { JsonDocument, JsonPath } from "../schema/json-text.ts";
import type { Patched, PatchTarget } from "./patched.ts";
import { limits } from "../../base/limits.ts";
import { StatusError, badRequest } from "../../base/status-error.ts";
import { equalJson } from "../schema/json-data.ts";
import { jsonWord } from "../schema/go-words.ts";
import { NumberLiteral, decodeJsonText, isTooDeep, pathText, setMember } from "../schema/json-text.ts";
import { decodePatched, undecodable } from "./patched.ts";

/**
 * JSON patch (RFC 6902) as upstream's library reads it, which is laxer than the standard: `replace` and `copy` of a missing key
 * work, `test` of a missing key equals null, indices may be negative, signed or zero-padded, a bare `~` is itself, and what
 * stands before the first slash of a path is ignored. The document is opened from the root only along the paths that an
 * operation names; all else is shared with the original.
 */
export interface JsonPatchOperation {
  readonly op?: string;
  readonly path?: string;
  readonly from?: string;
  readonly value?: JsonValue;
}

/** Bytes that `copy` may add in one patch: upstream's 3 MiB. */
const copiedBytesMax = limits.requestBodyBytesMax;

/** An operation does not apply. Upstream's server does not tell clients why. */
class DoesNotApply extends Error {}

type Container = { [key: string]: JsonValue } | JsonValue[];

/** The patched document. Throws a StatusError 422 when an operation does not apply. */
export function applyJsonPatch(document: JsonValue, operations: readonly JsonPatchOperation[]): JsonValue {
  return apply(document, operations).root;
}

/** Patches an object with the body of a `application/json-patch+json` request. */
export function jsonPatchObject(target: PatchTarget, current: KubeObject, body: Uint8Array | string | readonly JsonPatchOperation[]): Patched {
  let parsed: JsonDocument;
  try {
    parsed = typeof body === "string" || body instanceof Uint8Array ? decodeJsonText(body) : { value: body as unknown as JsonValue, duplicates: [], hasLiterals: false };
  } catch (error) {
    throw undecodable(error);
  }
  const problems = new Set<string>();
  const operations = readOperations(parsed, problems);
  if (operations.length > limits.jsonPatchOperationsMax) {
    const message = `Request entity too large: The allowed maximum operations in a JSON patch is ${limits.jsonPatchOperationsMax}, got ${operations.length}`;
    throw new StatusError({ code: 413, reason: "RequestEntityTooLarge", message });
  }
  const patching = apply(current as unknown as JsonValue, operations);
  return decodePatched(target, patching.root, { opened: patching.opened, problems: [...problems], duplicates: placedDuplicates(parsed.duplicates, operations) });
}

/** Where in the document the keys stand that stood twice inside the value of an operation. */
function placedDuplicates(duplicates: readonly JsonPath[], operations: readonly JsonPatchOperation[]): JsonPath[] {
  const placed: JsonPath[] = [];
  for (const [index, member, ...rest] of duplicates) {
    if (member !== "value") continue;
    const segments = (operations[index as number]?.path ?? "").split("/").slice(1).map(unescape);
    placed.push([...segments.map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment)), ...rest]);
  }
  return placed;
}

function readOperations(parsed: JsonDocument, problems: Set<string>): readonly JsonPatchOperation[] {
  if (parsed.value === null) return [];
  const wrong = (value: unknown, type: string) => badRequest(`error decoding patch: json: cannot unmarshal ${jsonWord(value)} into Go ${type}`);
  if (!Array.isArray(parsed.value)) throw wrong(parsed.value, "value of type []handlers.jsonPatchOp");
  for (const [index, item] of (parsed.value as readonly JsonValue[]).entries()) {
    if (item === null) continue;
    if (!isObject(item)) throw wrong(item, "value of type handlers.jsonPatchOp");
    for (const [key, value] of Object.entries(item)) {
      if (key === "value") continue;
      if (key !== "op" && key !== "path" && key !== "from") problems.add(`json patch unknown field "[${index}].${key}"`);
      else if (value !== null && typeof value !== "string") throw wrong(value, `struct field jsonPatchOp.${key} of type string`);
    }
  }
  for (const path of parsed.duplicates) problems.add(`json patch duplicate field "${pathText(path)}"`);
  return parsed.value as unknown as readonly JsonPatchOperation[];
}

function apply(document: JsonValue, operations: readonly JsonPatchOperation[]): Patching {
  const patching = new Patching(document);
  try {
    for (const operation of operations) patching.run(operation ?? {});
    if (isTooDeep(patching.root)) throw new DoesNotApply();
  } catch (error) {
    if (!(error instanceof DoesNotApply)) throw error;
    throw new StatusError({ code: 422, reason: "Invalid", message: "the server rejected our request due to an error in our request", details: {} });
  }
  return patching;
}

class Patching {
  root: JsonValue;
  readonly opened = new Set<unknown>();
  private copiedBytes = 0;

  constructor(document: JsonValue) {
    this.root = document;
    this.root = this.open(document) as JsonValue;
  }

  run(operation: JsonPatchOperation): void {
    if (typeof operation.path !== "string") throw new DoesNotApply();
    switch (operation.op) {
      case "add":
        return this.add(operation.path, operation.value ?? null);
      case "remove":
        return this.remove(operation.path);
      case "replace":
        return this.replace(operation.path, operation.value ?? null);
      case "move": {
        const value = this.get(operation.from);
        this.remove(operation.from as string);
        return this.add(operation.path, value);
      }
      case "copy": {
        const value = this.get(operation.from);
        if (isTooDeep(value)) throw new DoesNotApply();
        this.copiedBytes += JSON.stringify(value).length;
        if (this.copiedBytes > copiedBytesMax) throw new DoesNotApply();
        return this.add(operation.path, snapshot(value));
      }
      case "test":
        return this.test(operation.path, operation.value ?? null);
      default:
        throw new DoesNotApply();
    }
  }

  /** A container as one that this patch may change; undefined when the value is none. */
  private open(value: JsonValue | undefined): Container | undefined {
    if (typeof value !== "object" || value === null || value instanceof NumberLiteral) return undefined;
    if (this.opened.has(value)) return value as Container;
    const copy = (Array.isArray(value) ? [...value] : { ...value }) as Container;
    this.opened.add(copy);
    return copy;
  }

  /** The container that holds the last segment of a path, opened. */
  private find(path: string | undefined): { container: Container; key: string } {
    const segments = typeof path === "string" ? path.split("/") : [];
    if (segments.length < 2) throw new DoesNotApply();
    let container = this.root as unknown as Container;
    for (const segment of segments.slice(1, -1)) {
      const key = unescape(segment);
      const place = Array.isArray(container) ? String(existingIndex(container, key)) : key;
      const next = Object.hasOwn(container, place) ? this.open((container as { [key: string]: JsonValue })[place]) : undefined;
      if (next === undefined) throw new DoesNotApply();
      setMember(container as { [key: string]: unknown }, place, next);
      container = next;
    }
    return { container, key: unescape(segments.at(-1) as string) };
  }

  private get(path: string | undefined): JsonValue {
    const { container, key } = this.find(path);
    if (Array.isArray(container)) return container[existingIndex(container, key)] as JsonValue;
    return Object.hasOwn(container, key) ? (container[key] as JsonValue) : null;
  }

  private add(path: string, value: JsonValue): void {
    const { container, key } = this.find(path);
    if (!Array.isArray(container)) setMember(container, key, value);
    else if (key === "-") container.push(value);
    else container.splice(insertionIndex(container, key), 0, value);
  }

  private remove(path: string): void {
    const { container, key } = this.find(path);
    if (Array.isArray(container)) container.splice(existingIndex(container, key), 1);
    else if (Object.hasOwn(container, key)) delete container[key];
    else throw new DoesNotApply();
  }

  private replace(path: string, value: JsonValue): void {
    if (path === "") {
      const root = this.open(value);
      if (root === undefined) throw new DoesNotApply();
      this.root = root as JsonValue;
      return;
    }
    const { container, key } = this.find(path);
    if (Array.isArray(container)) container[existingIndex(container, key)] = value;
    else setMember(container, key, value);
  }

  private test(path: string, value: JsonValue): void {
    const found = path === "" ? this.root : this.get(path);
    if (!equalJson(withTexts(found), withTexts(value))) throw new DoesNotApply();
  }
}

/** Go's Atoi: signs and leading zeros are fine. */
function integer(key: string): number {
  if (!/^[+-]?\d+$/.test(key)) throw new DoesNotApply();
  return Number(key);
}

function existingIndex(list: readonly unknown[], key: string): number {
  const index = integer(key);
  const at = index < 0 ? index + list.length : index;
  if (at < 0 || at >= list.length) throw new DoesNotApply();
  return at;
}

function insertionIndex(list: readonly unknown[], key: string): number {
  const index = integer(key);
  const at = index < 0 ? index + list.length + 1 : index;
  if (at < 0 || at > list.length) throw new DoesNotApply();
  return at;
}

function unescape(segment: string): string {
  return segment.replace(/~[01]/g, (pair) => (pair === "~1" ? "/" : "~"));
}

/** A copy that shares nothing with what later operations may open. */
function snapshot(value: JsonValue): JsonValue {
  if (typeof value !== "object" || value === null || value instanceof NumberLiteral) return value;
  if (Array.isArray(value)) return value.map((item) => snapshot(item as JsonValue));
  const out: { [key: string]: JsonValue } = {};
  for (const [key, member] of Object.entries(value)) setMember(out, key, snapshot(member as JsonValue));
  return out;
}

/** Numbers as `#` and their text: `test` compares them as written, 1 is not 1.0. */
function withTexts(value: JsonValue): JsonValue {
  if (value instanceof NumberLiteral) return { "#": value.text };
  if (typeof value === "number") return { "#": String(value) };
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => withTexts(item as JsonValue));
  const out: { [key: string]: JsonValue } = {};
  for (const [key, member] of Object.entries(value)) setMember(out, key, withTexts(member as JsonValue));
  return out;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof NumberLiteral);
}
