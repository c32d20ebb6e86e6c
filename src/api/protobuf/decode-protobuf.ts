/**
 * Turns bodies of `application/vnd.kubernetes.protobuf` into the JSON that the same client would have sent: kubectl's typed commands
 * (`create namespace`, `create job`) and controllers written in Go send nothing else. The schema's field numbers drive it; what the result
 * means, and whether it is valid, is decided afterwards as for JSON.
 */
import { encodeBase64 } from "../../base/base64.ts";
import type { JsonObject, JsonValue } from "../../base/json.ts";
import { limits } from "../../base/limits.ts";
import { formatDuration } from "../../base/duration.ts";
import { formatMicroTime, formatTime } from "../../base/time.ts";
import type { FieldFacts } from "../schema/schema-facts.ts";
import { MessageFacts, magic } from "./message-facts.ts";
import { fieldsOf, ProtobufError, signed } from "./wire.ts";
import type { WireValue } from "./wire.ts";

/** As deep as JSON may nest: a schema inside a schema takes two of its 1000 levels. */
const depthMax = 500;
/** Objects inside raw values of others. Nothing nests more than once: a revision of a set holds its template. */
const nestedMax = 10;

type Message = ReadonlyMap<number, FieldFacts>;
type Draft = { [key: string]: JsonValue };

/** Knows every message of the schema. Reading it takes its time: make it when the first such body comes. */
export class ProtobufDecoder {
  private readonly facts = new MessageFacts();
  private readonly messages = new Map<string, Message>();
  private readonly text = new TextDecoder("utf-8");
  /** Of the body that is being read. */
  private fields = 0;
  private depth = 0;
  private nested = 0;

  /** The object in a body. Throws ProtobufError when the bytes are none, or of a kind without a message. */
  decode(body: Uint8Array): JsonObject {
    this.fields = 0;
    this.depth = 0;
    this.nested = 0;
    return this.object(body);
  }

  private object(body: Uint8Array): JsonObject {
    if (!magic.every((byte, i) => body[i] === byte)) throw new ProtobufError("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
    const { apiVersion, kind, raw } = this.envelope(body.subarray(magic.length));
    const type = this.facts.typeOf(apiVersion, kind);
    if (type === undefined) throw new ProtobufError(`no kind "${kind}" is registered for version "${apiVersion}"`);
    if (++this.nested > nestedMax) throw new ProtobufError("exceeded max depth");
    const out: Draft = { kind, apiVersion };
    this.message(type, raw, out);
    this.nested--;
    return out;
  }

  private envelope(bytes: Uint8Array): { apiVersion: string; kind: string; raw: Uint8Array } {
    const found: { apiVersion: string; kind: string; raw: Uint8Array } = { apiVersion: "", kind: "", raw: new Uint8Array() };
    for (const { number, value } of fieldsOf(bytes)) {
      if (number === 2) found.raw = bytesOf(value);
      if (number !== 1) continue;
      for (const part of fieldsOf(bytesOf(value))) {
        if (part.number === 1) found.apiVersion = this.string(part.value);
        if (part.number === 2) found.kind = this.string(part.value);
      }
    }
    return found;
  }

  private messageOf(type: string): Message {
    let message = this.messages.get(type);
    if (message === undefined) {
      message = new Map(this.facts.fieldsOf(type).map((field) => [field.pb as number, field]));
      this.messages.set(type, message);
    }
    return message;
  }

  private message(type: string, bytes: Uint8Array, out: Draft): Draft {
    const message = this.messageOf(type);
    if (++this.depth > depthMax) throw new ProtobufError("exceeded max depth");
    for (const { number, value } of fieldsOf(bytes)) {
      if (++this.fields > limits.requestValuesMax) throw new ProtobufError(`Request entity too large: limit is ${limits.requestValuesMax} values`);
      const field = message.get(number);
      if (field !== undefined) this.field(field, value, out);
    }
    this.depth--;
    return out;
  }

  private field(field: FieldFacts, value: WireValue, out: Draft): void {
    if (field.inline || field.name === undefined) return void this.message(field.type, bytesOf(value), out);
    const { name, type } = field;
    if (type.startsWith("{}")) return this.entry(type.slice(2), field, bytesOf(value), ((out[name] as Draft | undefined) ?? (out[name] = {})) as Draft);
    if (type.startsWith("[]")) {
      const list = ((out[name] as JsonValue[] | undefined) ?? (out[name] = [])) as JsonValue[];
      if (field.wrapped) for (const item of this.wrapped(type.slice(2), bytesOf(value))) list.push(item);
      else list.push(this.value(type.slice(2), value));
      return;
    }
    const decoded = this.value(type, value);
    // Go writes what is no pointer even when it is zero; JSON would leave it out.
    if (!field.pointer && field.omitempty && isZero(decoded)) return;
    out[name] = decoded;
  }

  private entry(type: string, field: FieldFacts, bytes: Uint8Array, out: Draft): void {
    let key = "";
    let content: WireValue = { type: "bytes", bytes: new Uint8Array() };
    for (const { number, value } of fieldsOf(bytes)) {
      if (number === 1) key = this.string(value);
      if (number === 2) content = value;
    }
    const decoded = field.wrapped ? this.wrapped(type.slice(2), bytesOf(content)) : this.value(type, content);
    Object.defineProperty(out, key, { value: decoded, enumerable: true, writable: true, configurable: true });
  }

  private wrapped(type: string, bytes: Uint8Array): JsonValue[] {
    return [...fieldsOf(bytes)].map(({ value }) => this.value(type, value));
  }

  private string(value: WireValue): string {
    return this.text.decode(bytesOf(value));
  }

  private json(bytes: Uint8Array): JsonValue {
    if (bytes.length === 0) return null;
    if (magic.every((byte, i) => bytes[i] === byte)) return this.object(bytes);
    try {
      return JSON.parse(this.text.decode(bytes)) as JsonValue;
    } catch {
      throw new ProtobufError("a raw value is not JSON");
    }
  }

  private value(type: string, value: WireValue): JsonValue {
    const special = specials[type];
    if (special === undefined) return this.message(type, bytesOf(value), {});
    return special(value, this.reading);
  }

  private readonly reading: Reading = {
    string: (value) => this.string(value),
    json: (bytes) => this.json(bytes),
    message: (type, bytes) => this.message(type, bytes, {}),
  };
}

interface Reading {
  string(value: WireValue): string;
  json(bytes: Uint8Array): JsonValue;
  message(type: string, bytes: Uint8Array): JsonValue;
}

function bytesOf(value: WireValue): Uint8Array {
  if (value.type !== "bytes") throw new ProtobufError(`wrong wireType: ${value.type} where bytes are expected`);
  return value.bytes;
}

function integerOf(value: WireValue): number {
  if (value.type !== "varint") throw new ProtobufError(`wrong wireType: ${value.type} where a varint is expected`);
  return signed(value);
}

function isZero(value: JsonValue): boolean {
  return value === "" || value === 0 || value === false || value === null;
}

/** Fields of a small message by number; a number that is missing stays undefined. */
function parts(value: WireValue): WireValue[] {
  const found: WireValue[] = [];
  for (const field of fieldsOf(bytesOf(value))) if (field.number < 8) found[field.number] = field.value;
  return found;
}

const schemaProps = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";
const integerAt = (found: readonly WireValue[], number: number): number => (found[number] === undefined ? 0 : integerOf(found[number]));
const double = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);

/** What is not a struct: how its value on the wire becomes JSON. */
const specials: { readonly [type: string]: (value: WireValue, reading: Reading) => JsonValue } = {
  string: (value, { string }) => string(value),
  boolean: (value) => integerOf(value) !== 0,
  int32: (value) => integerOf(value) | 0,
  int64: (value) => integerOf(value),
  double: (value) => (value.type === "fixed64" ? double(value.bytes) : integerOf(value)),
  bytes: (value) => encodeBase64(bytesOf(value)),
  quantity: (value, { string }) => {
    const [, text] = parts(value);
    return (text === undefined ? "" : string(text)) || "0";
  },
  // Whole seconds; the zero time is an empty message.
  time: (value) => {
    const found = parts(value);
    return found.length === 0 ? null : formatTime(integerAt(found, 1) * 1000);
  },
  microtime: (value) => {
    const found = parts(value);
    if (found.length === 0) return null;
    const micros = Math.floor(integerAt(found, 2) / 1000);
    return formatMicroTime(integerAt(found, 1) * 1000).replace(/\.\d+Z$/, `.${String(micros).padStart(6, "0")}Z`);
  },
  duration: (value) => formatDuration(integerAt(parts(value), 1) / 1e6),
  intOrString: (value, { string }) => {
    const found = parts(value);
    return integerAt(found, 1) === 0 ? integerAt(found, 2) | 0 : found[3] === undefined ? "" : string(found[3]);
  },
  fieldsV1: (value, { json }) => json(rawOf(value)),
  rawExtension: (value, { json }) => json(rawOf(value)),
  json: (value, { json }) => json(rawOf(value)),
  schemaOrBool: (value, { message }) => {
    const found = parts(value);
    return found[2] === undefined ? integerAt(found, 1) !== 0 : message(schemaProps, bytesOf(found[2]));
  },
  schemaOrArray: (value, { message }) => {
    const [, one] = parts(value);
    if (one !== undefined) return message(schemaProps, bytesOf(one));
    return [...fieldsOf(bytesOf(value))].map((field) => message(schemaProps, bytesOf(field.value)));
  },
  schemaOrStringArray: (value, { message, string }) => {
    const [, one] = parts(value);
    if (one !== undefined) return message(schemaProps, bytesOf(one));
    return [...fieldsOf(bytesOf(value))].map((field) => string(field.value));
  },
};

function rawOf(value: WireValue): Uint8Array {
  const [, raw] = parts(value);
  return raw === undefined ? new Uint8Array() : bytesOf(raw);
}
