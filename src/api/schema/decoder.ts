import type { JsonValue } from "../../base/json.ts";
import type { Field, Schema, StructType, TypeNode } from "./schema.ts";
import { formatDuration, parseDuration } from "../../base/duration.ts";
import { canonicalQuantity, quantityError, quantityFormatError } from "../../base/quantity.ts";
import { jsonWord, mapsText } from "./go-words.ts";
import { NumberLiteral, pathText, plainJson, setMember } from "./json-text.ts";
import type { Empty } from "./empties.ts";
import { isLeftOut } from "./left-out.ts";
import { readBase64, readMicroTime, readTime } from "./scalars.ts";

/** A value does not fit the type. The message is Go's, without a prefix. */
export class DecodeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "DecodeError";
  }
}

/** Go stops counting here. */
const warningsMax = 100;

/** Keeps a warning once. */
export function addWarning(warnings: string[], text: string): void {
  if (warnings.length < warningsMax && !warnings.includes(text)) warnings.push(text);
}

type Json = { [key: string]: unknown };
type Step = Field | number | string;

const int32Min = -(2 ** 31);
const int32Max = 2 ** 31 - 1;
const int64Limit = 2n ** 63n;

/**
 * One decoding. An error of type is kept and decoding goes on, as in Go, where the first one is reported at the end unless a
 * value's own decoder (quantities, times, int-or-string) fails, which ends it at once.
 */
export class Decoder {
  readonly warnings: string[] = [];
  /** Where the value has an empty list or map, which the object has not; undefined where nowhere, which is nearly always. */
  empties: Empty[] | undefined;
  private readonly schema: Schema;
  private readonly steps: Step[] = [];
  private readonly owners: StructType[] = [];
  private depth = 0;
  private saved: string | undefined;
  /** Above 0: inside a value with a decoder of its own, which does not report unknown fields. */
  private quiet = 0;
  private readonly fromMaps: boolean;
  /** Paths of keys that stood twice, as texts; undefined where there are none, which is nearly always. */
  private readonly repeated: ReadonlySet<string> | undefined;
  private readonly status: Json | undefined;

  constructor(schema: Schema, options: { readonly fromMaps: boolean; readonly repeated: ReadonlySet<string> | undefined; readonly status: object | undefined }) {
    this.schema = schema;
    this.fromMaps = options.fromMaps;
    this.repeated = options.repeated;
    this.status = options.status as Json | undefined;
  }

  top(typeName: string, value: JsonValue): Json {
    const node = this.schema.node(typeName);
    const object = this.value(node, value) ?? this.zero(node);
    if (this.saved !== undefined) throw new DecodeError(this.saved);
    return object as Json;
  }

  /** The decoded value; undefined where it does not fit (the error is kept). */
  private value(node: TypeNode, raw: unknown): unknown {
    switch (node.kind) {
      case "string":
        return typeof raw === "string" ? raw : this.misfit(raw, node);
      case "struct":
        if (!isObject(raw)) return this.misfit(raw, node);
        return this.struct(this.schema.struct(node.structName as string), raw);
      case "list":
        return Array.isArray(raw) ? this.list(node.item as TypeNode, raw) : this.misfit(raw, node);
      case "map":
        return isObject(raw) ? this.map(node.item as TypeNode, raw) : this.misfit(raw, node);
      case "boolean":
        return typeof raw === "boolean" ? raw : this.misfit(raw, node);
      case "int32":
        return this.isInt32(raw) ? raw + 0 : this.misfitNumber(raw, node);
      case "int64":
        return this.int64(raw, node);
      case "double":
        if (raw instanceof NumberLiteral) return Number(raw.text);
        return typeof raw === "number" ? raw : this.misfit(raw, node);
      case "bytes":
        return this.bytes(raw, node);
      default:
        return this.special(node, raw);
    }
  }

  private struct(type: StructType, raw: Json): Json {
    const depth = this.depth;
    const { byName, always } = type;
    const out: Json = {};
    let last = -1;
    let inOrder = true;
    // Fields that are always there come in with the first one behind them, and are overwritten if they follow late.
    let next = 0;
    this.owners[depth] = type;
    this.depth = depth + 1;
    for (const key in raw) {
      const value = raw[key];
      const field = byName.get(key);
      if (field === undefined) {
        this.unknown(key, value);
        continue;
      }
      if (value === null || value === undefined) continue;
      this.steps[depth] = field;
      const decoded = this.isDecoded(key, value) ? value : this.value(field.node, value);
      if (this.repeated !== undefined) this.tellRepeated(key);
      if (decoded === undefined || decoded === null || isLeftOut(field, decoded)) {
        this.noteEmpty(field);
        continue;
      }
      if (next < always.length && (always[next] as Field).index < field.index) next = this.emitZeros(out, always, { from: next, before: field.index });
      if (field.index < last && !Object.hasOwn(out, key)) inOrder = false;
      last = Math.max(last, field.index);
      out[key] = decoded;
    }
    this.depth = depth;
    this.emitZeros(out, always, { from: next, before: Infinity });
    return inOrder ? out : inOrderOf(type, out);
  }

  /** The field at the current place was given, and left out. */
  private noteEmpty(field: Field): void {
    const { kind } = field.node;
    const was = kind === "list" || kind === "map" ? kind : kind === "schemaOrArray" ? "neither" : undefined;
    if (was === undefined) return;
    const path = this.steps.slice(0, this.depth).map((step) => (typeof step === "object" ? step.name : step));
    (this.empties ??= []).push({ path, was, always: !field.omitEmpty });
  }

  /** Whether a part of the status is the one that stands. */
  private isDecoded(key: string, value: unknown): boolean {
    if (this.status === undefined || this.depth !== 2 || typeof value !== "object") return false;
    return (this.steps[0] as Field).name === "status" && this.status[key] === value;
  }

  /** Adds those of the fields that have no value yet and stand before an index; says which is the next. */
  private emitZeros(out: Json, always: readonly Field[], { from, before }: { from: number; before: number }): number {
    let next = from;
    for (; next < always.length; next++) {
      const field = always[next] as Field;
      if (field.index >= before) break;
      if (!Object.hasOwn(out, field.name)) out[field.name] = field.pointer || field.node.kind === "bytes" ? null : this.zero(field.node);
    }
    return next;
  }

  /** What Go prints for a value that nothing was decoded into. */
  private zero(node: TypeNode): unknown {
    switch (node.kind) {
      case "string":
      case "bytes":
        return "";
      case "boolean":
        return false;
      case "int32":
      case "int64":
      case "double":
      case "intOrString":
        return 0;
      case "quantity":
        return "0";
      case "duration":
        return "0s";
      case "struct":
        return this.struct(this.schema.struct(node.structName as string), {});
      default:
        return null;
    }
  }

  private list(item: TypeNode, raw: readonly unknown[]): unknown[] {
    const depth = this.depth;
    const out = new Array<unknown>(raw.length);
    this.depth = depth + 1;
    for (let i = 0; i < raw.length; i++) {
      this.steps[depth] = i;
      const value = raw[i];
      out[i] = (value === null || value === undefined ? undefined : this.value(item, value)) ?? this.zero(item);
    }
    this.depth = depth;
    return out;
  }

  private map(item: TypeNode, raw: Json): Json {
    const depth = this.depth;
    const out: Json = {};
    const keys = Object.keys(raw);
    if (!isSorted(keys)) keys.sort();
    this.depth = depth + 1;
    for (const key of keys) {
      this.steps[depth] = key;
      const value = raw[key];
      if (value === undefined) continue;
      const decoded = (value === null ? undefined : this.value(item, value)) ?? this.zero(item);
      if (this.repeated !== undefined) this.tellRepeated(key);
      if (key === "__proto__") setMember(out, key, decoded);
      else out[key] = decoded;
    }
    this.depth = depth;
    return out;
  }

  private isInt32(raw: unknown): raw is number {
    return typeof raw === "number" && raw >= int32Min && raw <= int32Max && Number.isInteger(raw);
  }

  private int64(raw: unknown, node: TypeNode): number | undefined {
    if (typeof raw === "number" && Number.isSafeInteger(raw)) return raw + 0;
    const text = raw instanceof NumberLiteral ? raw.text : typeof raw === "number" && Number.isInteger(raw) ? BigInt(raw).toString() : "";
    if (/^-?\d+$/.test(text)) {
      const exact = BigInt(text);
      if (exact >= -int64Limit && exact < int64Limit) return Number(text);
    }
    return this.misfitNumber(raw, node);
  }

  private bytes(raw: unknown, node: TypeNode): string | undefined {
    if (typeof raw !== "string") return this.misfit(raw, node);
    const read = readBase64(raw);
    if ("text" in read) return read.text as string;
    if (this.fromMaps) return this.stop(`error decoding from json: ${read.error}`);
    this.saved ??= read.error;
    return undefined;
  }

  private special(node: TypeNode, raw: unknown): unknown {
    switch (node.kind) {
      case "quantity":
        return this.quantity(raw);
      case "intOrString":
        if (typeof raw === "string") return raw;
        return this.isInt32(raw) ? raw + 0 : this.stop(this.misfitNumberText(raw, "int32"));
      case "time":
      case "microtime": {
        if (typeof raw !== "string") return this.stop(this.misfitText(jsonWord(raw), "string"));
        const read = node.kind === "time" ? readTime(raw) : readMicroTime(raw);
        return "error" in read ? this.stop(read.error) : read.text;
      }
      case "duration": {
        if (typeof raw !== "string") return this.stop(this.misfitText(jsonWord(raw), "string"));
        const ms = parseDuration(raw);
        return ms === undefined ? this.stop(`time: invalid duration ${JSON.stringify(raw)}`) : formatDuration(ms);
      }
      case "schemaOrBool":
        if (typeof raw === "boolean") return raw;
        return isObject(raw) ? this.nestedSchema(raw) : this.stop("boolean or JSON schema expected");
      case "schemaOrArray":
        if (Array.isArray(raw)) return raw.map((item) => (isObject(item) ? this.nestedSchema(item) : this.stop(`json: cannot unmarshal ${jsonWord(item)} into Go value of type v1.JSONSchemaProps`)));
        return isObject(raw) ? this.nestedSchema(raw) : undefined;
      case "schemaOrStringArray":
        if (Array.isArray(raw)) return this.list(this.schema.node("string"), raw);
        return isObject(raw) ? this.nestedSchema(raw) : undefined;
      default:
        return plainJson(raw as JsonValue);
    }
  }

  private nestedSchema(raw: Json): Json {
    this.quiet++;
    const decoded = this.struct(this.schema.struct(schemaProps), raw);
    this.quiet--;
    return decoded;
  }

  private quantity(raw: unknown): string {
    const text = typeof raw === "string" ? raw : raw instanceof NumberLiteral ? raw.text : typeof raw === "number" ? String(raw) : "{";
    return canonicalQuantity(text) ?? this.stop(quantityError(text) ?? quantityFormatError);
  }

  private unknown(key: string, value: unknown): void {
    if (this.quiet > 0 || value === undefined) return;
    addWarning(this.warnings, `unknown field "${this.pathTo(key)}"`);
  }

  /** Where the text repeats a key, so that it stands among the unknown ones. */
  private tellRepeated(key: string): void {
    if (this.quiet > 0) return;
    const path = this.pathTo(key);
    if (this.repeated?.has(path) === true) addWarning(this.warnings, `duplicate field "${path}"`);
  }

  private pathTo(key: string): string {
    const path: (string | number)[] = [];
    for (const step of this.steps.slice(0, this.depth - 1)) path.push(typeof step === "object" ? step.name : step);
    return pathText([...path, key]);
  }

  private misfitText(word: string, goType: string): string {
    const names: string[] = [];
    let owner: StructType | undefined;
    for (let i = 0; i < this.depth; i++) {
      const step = this.steps[i];
      if (typeof step !== "object") continue;
      names.push(step.goPrefix + step.name);
      owner = this.owners[i];
    }
    const place = owner === undefined || this.fromMaps ? "Go value" : `Go struct field ${owner.goName}.${names.join(".")}`;
    return `json: cannot unmarshal ${word} into ${place} of type ${goType}`;
  }

  private misfit(raw: unknown, node: TypeNode): undefined {
    if (this.fromMaps) return this.stop(mapsText(raw, node));
    this.saved ??= this.misfitText(jsonWord(raw), node.goType);
    return undefined;
  }

  private misfitNumber(raw: unknown, node: TypeNode): number | undefined {
    if (this.fromMaps) {
      const value = raw instanceof NumberLiteral ? Number(raw.text) : raw;
      if (typeof value !== "number" || !Number.isInteger(value)) return this.stop(mapsText(raw, node));
      return Number(BigInt.asIntN(node.kind === "int32" ? 32 : 64, BigInt(value)));
    }
    this.saved ??= this.misfitNumberText(raw, node.goType);
    return undefined;
  }

  private misfitNumberText(raw: unknown, goType: string): string {
    const word = jsonWord(raw);
    // Only numbers are made text: an object may hold a field of the name toString.
    return this.misfitText(word === "number" ? `number ${raw instanceof NumberLiteral ? raw.text : String(raw)}` : word, goType);
  }

  private stop(message: string): never {
    throw new DecodeError(message);
  }
}

const schemaProps = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";

function isObject(raw: unknown): raw is Json {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw) && !(raw instanceof NumberLiteral);
}

function inOrderOf({ fields }: StructType, object: Json): Json {
  const out: Json = {};
  for (const { name } of fields) if (Object.hasOwn(object, name)) out[name] = object[name];
  return out;
}

function isSorted(keys: readonly string[]): boolean {
  for (let i = 1; i < keys.length; i++) if ((keys[i - 1] as string) > (keys[i] as string)) return false;
  return true;
}
