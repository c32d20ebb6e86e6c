import { SchemaFacts } from "../api/schema/schema-facts.ts";
import type { FieldFacts } from "../api/schema/schema-facts.ts";
import type { PodTemplateSpec } from "../api/types/core-v1.ts";
import { fnv1a32 } from "../base/hash.ts";
import type { JsonArray, JsonObject, JsonValue } from "../base/json.ts";
import { safeEncode } from "../base/names.ts";
import { parseTime } from "../base/time.ts";
import { dumpQuantity } from "./go-quantity.ts";

/**
 * The hash that upstream writes into pod-template-hash and controller-revision-hash labels: FNV-1a over a print of the whole
 * Go value of the Pod template (every field with its name and Go type, unset ones too, in the order of the Go struct), so that
 * the same template has the same hash here and there. The print follows from the schema, which keeps Go's names, types and
 * order. A field that a later release adds changes every hash, upstream as here.
 */

/** Prints a value (undefined: unset) without the type in front. */
type Print = (value: JsonValue | undefined) => string;

interface GoType {
  /** As Go's reflection spells it: `[]v1.Container`. */
  readonly name: string;
  readonly print: Print;
}

const unset = "<nil>";

const scalars: { readonly [type: string]: GoType } = {
  string: { name: "string", print: (value) => (value as string | undefined) ?? "" },
  boolean: { name: "bool", print: (value) => String(value ?? false) },
  int32: { name: "int32", print: (value) => String(value ?? 0) },
  int64: { name: "int64", print: (value) => String(value ?? 0) },
  double: { name: "float64", print: (value) => String(value ?? 0) },
  bytes: { name: "[]uint8", print: () => unset },
  quantity: { name: "resource.Quantity", print: (value) => dumpQuantity(String(value ?? "0")) },
  time: { name: "v1.Time", print: printTime },
  fieldsV1: { name: "v1.FieldsV1", print: () => `{Raw:([]uint8)${unset}}` },
  intOrString: { name: "intstr.IntOrString", print: printIntOrString },
};

/** Seconds between the years 1 and 1970, in which Go counts a time without a monotonic reading. */
const secondsToUnixEpoch = 62_135_596_800;

function printTime(value: JsonValue | undefined): string {
  const instant = typeof value === "string" ? parseTime(value) : undefined;
  const seconds = instant === undefined ? 0 : Math.floor(instant / 1000) + secondsToUnixEpoch;
  return `{Time:(time.Time){wall:(uint64)0 ext:(int64)${seconds} loc:(*time.Location)${unset}}}`;
}

function printIntOrString(value: JsonValue | undefined): string {
  const text = typeof value === "string";
  return `{Type:(intstr.Type)${text ? 1 : 0} IntVal:(int32)${text ? 0 : Number(value ?? 0)} StrVal:(string)${text ? value : ""}}`;
}

/** `io.k8s.api.core.v1.PullPolicy`, `k8s.io/api/core/v1.Container`: the last package and the name. */
function shortName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).split(".").slice(-2).join(".");
}

function capital(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}

class Printer {
  private readonly facts: SchemaFacts;
  private readonly structs = new Map<string, GoType>();

  constructor(facts: SchemaFacts) {
    this.facts = facts;
  }

  struct(type: string): GoType {
    const known = this.structs.get(type);
    if (known) return known;
    const facts = this.facts.type(type);
    if (!facts) throw new Error(`the schema has no type ${type}`);
    const fields: Print[] = [];
    const made: GoType = { name: shortName(facts.go), print: (value) => `{${fields.map((field) => field(value)).join(" ")}}` };
    this.structs.set(type, made);
    for (const field of facts.fields) fields.push(this.field(field));
    return made;
  }

  /** Prints one field of the object that holds it, with its name and type. */
  private field(field: FieldFacts): Print {
    const type = this.named(field.type, field.as);
    const label = `${field.go ?? capital(field.name ?? "")}:`;
    const key = field.name;
    const read: Print = field.inline || key === undefined ? type.print : (value) => type.print(member(value, key));
    if (!field.pointer || field.type.startsWith("[]") || field.type.startsWith("{}")) return (value) => `${label}(${type.name})${read(value)}`;
    return (value) => (isSet(member(value, key ?? "")) ? `${label}(*${type.name})${read(value)}` : `${label}(*${type.name})${unset}`);
  }

  private named(type: string, as: string | undefined): GoType {
    const whole = as === undefined ? undefined : this.facts.names[as]?.is;
    if (as !== undefined && whole === type) return { name: shortName(as), print: this.expression(type, undefined).print };
    return this.expression(type, as);
  }

  private expression(type: string, as: string | undefined): GoType {
    if (type.startsWith("[]")) {
      const item = this.named(type.slice(2), as);
      return { name: `[]${item.name}`, print: (value) => printList(value as JsonArray | undefined, item.print) };
    }
    if (type.startsWith("{}")) {
      const item = this.named(type.slice(2), as);
      return { name: `map[string]${item.name}`, print: (value) => printMap(value as JsonObject | undefined, item.print) };
    }
    return scalars[type] ?? this.struct(type);
  }
}

function member(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isSet(value) ? (value as JsonObject)[key] : undefined;
}

function isSet(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null;
}

/** Empty lists and maps do not survive the wire between upstream's server and controllers: they are unset. */
function printList(value: JsonArray | undefined | null, item: Print): string {
  return !value || value.length === 0 ? unset : `[${value.map(item).join(" ")}]`;
}

function printMap(value: JsonObject | undefined | null, item: Print): string {
  const keys = value ? Object.keys(value).sort(byUtf8) : [];
  return keys.length === 0 ? unset : `map[${keys.map((key) => `${key}:${item((value as JsonObject)[key])}`).join(" ")}]`;
}

/** Go compares strings by bytes of UTF-8, which is by code point. */
function byUtf8(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  for (let i = 0; i < left.length && i < right.length; i++) {
    const difference = (left[i] as string).codePointAt(0)! - (right[i] as string).codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Computes template hashes; keeps the printers of the types that a Pod template reaches, made at the first hash. */
export class TemplateHasher {
  private template: GoType | undefined;

  /** The Go value of the template as text. */
  print(template: PodTemplateSpec): string {
    this.template ??= new Printer(new SchemaFacts()).struct("io.k8s.api.core.v1.PodTemplateSpec");
    return `(${this.template.name})${this.template.print(template as unknown as JsonObject)}`;
  }

  /** `collisionCount` is the owner's status.collisionCount: set when two templates fell on one hash. */
  hash(template: PodTemplateSpec, collisionCount?: number): string {
    let hash = fnv1a32(this.print(template));
    if (collisionCount !== undefined) {
      // Eight bytes, of which the last four are always zero.
      for (let i = 0; i < 8; i++) hash = Math.imul(hash ^ (i < 4 ? (collisionCount >>> (8 * i)) & 255 : 0), 0x01000193);
    }
    return safeEncode(String(hash >>> 0));
  }
}
