/**
 * Turns objects into `application/vnd.kubernetes.protobuf`, byte for byte as upstream writes them: fields by their numbers, keys of maps
 * in order, and what is no pointer, list or map also when it is zero. The other direction is in decode-protobuf.ts.
 */
import { decodeBase64 } from "../../base/base64.ts";
import { parseDuration } from "../../base/duration.ts";
import type { JsonObject, JsonValue } from "../../base/json.ts";
import { parseTime } from "../../base/time.ts";
import type { FieldFacts } from "../schema/schema-facts.ts";
import { MessageFacts, magic } from "./message-facts.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";

/** A list is written piece by piece, for it may be long: what stands before its items, each item, and what closes it. */
interface ListForm {
  readonly head: Uint8Array;
  readonly item: (object: object) => Uint8Array;
}

/** What a kind has that is no custom resource. */
interface Typed {
  readonly apiVersion: string;
  readonly kind: string;
}

/** Most objects take less. */
const roomOfObject = 2048;

export class ProtobufEncoder {
  readonly #facts = new MessageFacts();

  /** The whole body. The object must be of a kind with a message: Tables, partial metadata and custom resources have none. */
  encode(object: object): Uint8Array {
    // The list of the versions of core names none of its own.
    const typed: Typed = { apiVersion: "", ...(object as { readonly kind: string }) };
    const writer = new ProtobufWriter(roomOfObject);
    this.#message(writer, this.#typeOf(typed), object as JsonObject);
    const raw = writer.finish();
    const { before, after } = this.envelope(typed, raw.length);
    return joined([before, raw, after]);
  }

  /** What stands before and after the object's own bytes. */
  envelope({ apiVersion, kind }: Typed, length: number): { readonly before: Uint8Array; readonly after: Uint8Array } {
    const writer = new ProtobufWriter(roomOfObject);
    writer.raw(Uint8Array.from(magic));
    writer.message(1, () => {
      writer.text(1, apiVersion);
      writer.text(2, kind);
    });
    writer.length(2, length);
    const closing = new ProtobufWriter(roomOfObject);
    closing.text(3, "");
    closing.text(4, "");
    return { before: writer.finish(), after: closing.finish() };
  }

  list(list: Typed & { readonly metadata: object }): ListForm {
    const fields = this.#facts.fieldsOf(this.#typeOf(list));
    const writer = new ProtobufWriter(roomOfObject);
    for (const field of fields) if (field.name === "metadata") this.#field(writer, field, list.metadata as JsonObject);
    const items = fields.find(({ name }) => name === "items");
    return {
      head: writer.finish(),
      item: (object) => {
        const into = new ProtobufWriter(roomOfObject);
        if (items) this.#value(into, items.pb as number, items.type.slice(2), object as JsonObject);
        return into.finish();
      },
    };
  }

  /** One event of a watch, with its length before it. */
  frame(type: string, object: object): Uint8Array {
    const writer = new ProtobufWriter(roomOfObject);
    writer.text(1, type);
    writer.message(2, () => writer.bytes(1, this.encode(object)));
    const event = writer.finish();
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, event.length);
    return joined([length, event]);
  }

  #typeOf({ apiVersion, kind }: Typed): string {
    const type = this.#facts.typeOf(apiVersion, kind);
    if (type === undefined) throw new Error(`no message stands for ${kind} of ${apiVersion}`);
    return type;
  }

  #message(writer: ProtobufWriter, type: string, object: JsonObject): void {
    for (const field of this.#facts.fieldsOf(type)) {
      const { name, pb = 0 } = field;
      if (field.inline || name === undefined) {
        writer.message(pb, () => this.#message(writer, field.type, object));
        continue;
      }
      const value = object[name];
      if (value !== undefined && value !== null) this.#field(writer, field, value);
      else if (isAlwaysWritten(field)) this.#value(writer, pb, field.type, null);
    }
  }

  #field(writer: ProtobufWriter, { type, pb = 0, wrapped = false }: FieldFacts, value: JsonValue): void {
    const items = (list: JsonValue, number: number, of: string): void => {
      for (const item of list as readonly JsonValue[]) this.#value(writer, number, of, item);
    };
    if (type.startsWith("[]")) return wrapped ? writer.message(pb, () => items(value, 1, type.slice(2))) : items(value, pb, type.slice(2));
    if (!type.startsWith("{}")) return this.#value(writer, pb, type, value);
    const of = type.slice(2);
    for (const key of Object.keys(value as JsonObject).sort()) {
      const entry = (value as JsonObject)[key] as JsonValue;
      writer.message(pb, () => {
        writer.text(1, key);
        if (wrapped) writer.message(2, () => items(entry ?? [], 1, of.slice(2)));
        else this.#value(writer, 2, of, entry);
      });
    }
  }

  /** Null is the zero value of the type. */
  #value(writer: ProtobufWriter, number: number, type: string, value: JsonValue): void {
    const special = Object.hasOwn(specials, type) ? specials[type] : undefined;
    if (special) special(writer, number, value, (of, object) => this.#message(writer, of, object));
    else writer.message(number, () => this.#message(writer, type, (value ?? {}) as JsonObject));
  }
}

function isAlwaysWritten({ type, pointer, wrapped }: FieldFacts): boolean {
  return !pointer && !wrapped && type !== "bytes" && !type.startsWith("[]") && !type.startsWith("{}");
}

type Special = (writer: ProtobufWriter, number: number, value: JsonValue, struct: (type: string, object: JsonObject) => void) => void;

const encoder = new TextEncoder();
const schemaProps = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";
const integer: Special = (writer, number, value) => writer.integer(number, Number(value ?? 0));

/** JSON text in field 1. */
const raw: Special = (writer, number, value) => writer.message(number, () => value !== null && writer.bytes(1, encoder.encode(JSON.stringify(value))));

/** Seconds and nanoseconds; the zero time is an empty message. */
const instant =
  (nanosOf: (text: string) => number): Special =>
  (writer, number, value) =>
    writer.message(number, () => {
      const at = typeof value === "string" ? parseTime(value) : undefined;
      if (at === undefined) return;
      writer.integer(1, Math.floor(at / 1000));
      writer.integer(2, nanosOf(value as string));
    });

/** A schema in field 1, or as many values in field 2 as there are. */
const schemaOr =
  (item: (writer: ProtobufWriter, value: JsonValue, struct: (type: string, object: JsonObject) => void) => void): Special =>
  (writer, number, value, struct) =>
    writer.message(number, () => {
      if (Array.isArray(value)) for (const each of value as readonly JsonValue[]) item(writer, each, struct);
      else writer.message(1, () => struct(schemaProps, (value ?? {}) as JsonObject));
    });

/** What is not a struct: how its JSON becomes a field. */
const specials: { readonly [type: string]: Special } = {
  string: (writer, number, value) => writer.text(number, String(value ?? "")),
  boolean: (writer, number, value) => writer.integer(number, value === true ? 1 : 0),
  int32: integer,
  int64: integer,
  double: (writer, number, value) => writer.double(number, Number(value ?? 0)),
  bytes: (writer, number, value) => writer.bytes(number, decodeBase64(String(value ?? ""))),
  quantity: (writer, number, value) => writer.message(number, () => writer.text(1, String(value ?? "0"))),
  time: instant(() => 0),
  microtime: instant((text) => Number((/\.(\d+)/.exec(text)?.[1] ?? "").padEnd(6, "0").slice(0, 6)) * 1000),
  duration: (writer, number, value) => writer.message(number, () => writer.integer(1, Math.round((parseDuration(String(value ?? "0s")) ?? 0) * 1e6))),
  intOrString: (writer, number, value) =>
    writer.message(number, () => {
      const isText = typeof value === "string";
      writer.integer(1, isText ? 1 : 0);
      writer.integer(2, isText ? 0 : Number(value ?? 0));
      writer.text(3, isText ? value : "");
    }),
  fieldsV1: raw,
  rawExtension: raw,
  json: (writer, number, value) => writer.message(number, () => writer.bytes(1, encoder.encode(JSON.stringify(value)))),
  schemaOrBool: (writer, number, value, struct) =>
    writer.message(number, () => {
      const isSchema = typeof value === "object" && value !== null;
      writer.integer(1, isSchema || value === true ? 1 : 0);
      if (isSchema) writer.message(2, () => struct(schemaProps, value as JsonObject));
    }),
  schemaOrArray: schemaOr((writer, value, struct) => writer.message(2, () => struct(schemaProps, value as JsonObject))),
  schemaOrStringArray: schemaOr((writer, value) => writer.text(2, String(value))),
};

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
