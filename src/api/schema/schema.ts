import { SchemaFacts } from "./schema-facts.ts";
import type { ExtraTypes, FieldFacts, TypeFacts, Union, ValidationRule } from "./schema-facts.ts";

/**
 * The schema of every type, ready for walking: what decoding, patches, managed fields, `explain` and OpenAPI read. A struct is read and
 * worked out when it is first asked for, so that loading costs next to nothing.
 *
 * Fields that Go inlines stand among those of the outer struct, in the order in which Go prints them.
 */

/** What stands in JSON at a place. The words from `quantity` on are types whose JSON is not that of their Go struct. */
export type NodeKind =
  | "string"
  | "boolean"
  | "int32"
  | "int64"
  | "double"
  | "bytes"
  | "any"
  | "struct"
  | "list"
  | "map"
  | "quantity"
  | "time"
  | "microtime"
  | "duration"
  | "fieldsV1"
  | "intOrString"
  | "rawExtension"
  | "unknown"
  | "json"
  | "schemaOrBool"
  | "schemaOrArray"
  | "schemaOrStringArray";

export interface TypeNode {
  readonly kind: NodeKind;
  /** As Go's reflection prints it: `v1.ObjectMeta`, `map[string]string`, `[]uint8`. */
  readonly goType: string;
  /** Of a list: its items; of a map: its values. */
  readonly item: TypeNode | undefined;
  /** Of a struct: its name in the schema. */
  readonly structName: string | undefined;
}

export interface Field {
  readonly name: string;
  readonly node: TypeNode;
  /** Position in the struct, counted over inlined fields too. */
  readonly index: number;
  /** Position among the fields of the struct by name. */
  readonly rank: number;
  /** How sets of field paths name it: `f:spec`. */
  readonly element: string;
  /** Go names of the inlined structs in which the field stands, as Go's errors spell them: `ProbeHandler.`; mostly "". */
  readonly goPrefix: string;
  readonly required: boolean;
  readonly omitEmpty: boolean;
  readonly omitZero: boolean;
  readonly pointer: boolean;
  /** Go prints the field whatever its value is. */
  readonly always: boolean;
  readonly default: unknown;
  readonly listType: "atomic" | "set" | "map" | undefined;
  readonly listMapKeys: readonly string[] | undefined;
  readonly mapType: "atomic" | "granular" | undefined;
  readonly structType: "atomic" | "granular" | undefined;
  /** `merge`, `replace`, `retainKeys` or both of `merge,retainKeys`. */
  readonly patchStrategy: readonly string[];
  readonly patchMergeKey: string | undefined;
  /** Closed set of values, where the type is marked as an enum. */
  readonly enum: readonly string[] | undefined;
  readonly validate: readonly ValidationRule[];
}

export interface StructType {
  /** `io.k8s.api.core.v1.Pod`. */
  readonly name: string;
  /** `Pod`. */
  readonly goName: string;
  readonly fields: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
  /** Fields with `always`, in order. */
  readonly always: readonly Field[];
  readonly mapType: "atomic" | "granular" | undefined;
  readonly unions: readonly Union[];
}

const scalarGoTypes: { readonly [word: string]: string } = {
  string: "string",
  boolean: "bool",
  int32: "int32",
  int64: "int64",
  double: "float64",
  bytes: "[]uint8",
  any: "interface {}",
};

/** Types whose JSON is not that of their Go struct. */
const specialGoTypes: { readonly [word: string]: string } = {
  quantity: "resource.Quantity",
  time: "v1.Time",
  microtime: "v1.MicroTime",
  duration: "v1.Duration",
  fieldsV1: "v1.FieldsV1",
  intOrString: "intstr.IntOrString",
  rawExtension: "runtime.RawExtension",
  unknown: "runtime.Unknown",
  json: "v1.JSON",
  schemaOrBool: "v1.JSONSchemaPropsOrBool",
  schemaOrArray: "v1.JSONSchemaPropsOrArray",
  schemaOrStringArray: "v1.JSONSchemaPropsOrStringArray",
};

/** Structs in Go: `omitempty` does not leave them out. */
function isStructLike(kind: NodeKind): boolean {
  return kind === "struct" || Object.hasOwn(specialGoTypes, kind);
}

const noStrategy: readonly string[] = [];
const noRules: readonly ValidationRule[] = [];

/** `k8s.io/api/core/v1.Pod` -> `v1.Pod`. */
function shortGo(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** `io.k8s.api.core.v1.Protocol` -> `v1.Protocol`. */
function shortName(name: string): string {
  const last = name.lastIndexOf(".");
  return name.slice(name.lastIndexOf(".", last - 1) + 1);
}

export class Schema {
  private readonly facts: SchemaFacts;
  private readonly structs = new Map<string, StructType>();
  private readonly nodes = new Map<string, TypeNode>();
  private readonly blanks = new Map<string, object>();

  constructor(facts: SchemaFacts) {
    this.facts = facts;
  }

  has(typeName: string): boolean {
    return this.facts.has(typeName);
  }

  typeNames(): readonly string[] {
    return this.facts.typeNames();
  }

  /** The struct of that name. Asking for an unknown name is a defect of the caller. */
  struct(typeName: string): StructType {
    const known = this.structs.get(typeName);
    if (known) return known;
    const made = this.makeStruct(typeName);
    this.structs.set(typeName, made);
    return made;
  }

  /** An object of that type with nothing set, as `make` gives it: made once, and never changed. */
  blank<T extends object>(typeName: string, make: () => T): T {
    let blank = this.blanks.get(typeName) as T | undefined;
    if (!blank) this.blanks.set(typeName, (blank = make()));
    return blank;
  }

  private makeStruct(typeName: string): StructType {
    const raw = this.factsOf(typeName);
    const fields: { -readonly [Key in keyof Field]: Field[Key] }[] = [];
    this.addFields(fields, raw.fields, "");
    for (const [rank, field] of fields.toSorted((a, b) => (a.name < b.name ? -1 : 1)).entries()) field.rank = rank;
    return {
      name: typeName,
      goName: shortGo(raw.go).slice(shortGo(raw.go).indexOf(".") + 1),
      fields,
      byName: new Map(fields.map((field) => [field.name, field])),
      always: fields.filter((field) => field.always),
      mapType: raw.mapType,
      unions: raw.unions ?? [],
    };
  }

  private factsOf(typeName: string): TypeFacts {
    const facts = this.facts.type(typeName);
    if (facts === undefined) throw new Error(`no type ${typeName} in the schema`);
    return facts;
  }

  private addFields(fields: Field[], rawFields: readonly FieldFacts[], goPrefix: string): void {
    for (const raw of rawFields) {
      if (raw.inline) {
        this.addFields(fields, this.factsOf(raw.type).fields, `${goPrefix}${raw.go}.`);
        continue;
      }
      const node = this.node(raw.type, raw.as);
      const omitEmpty = raw.omitempty ?? false;
      const omitZero = raw.omitzero ?? false;
      const pointer = raw.pointer ?? false;
      fields.push({
        name: raw.name as string,
        node,
        index: fields.length,
        rank: 0,
        element: `f:${raw.name}`,
        goPrefix,
        required: raw.required ?? false,
        omitEmpty,
        omitZero,
        pointer,
        always: !omitZero && (!omitEmpty || (!pointer && isStructLike(node.kind))),
        default: raw.default,
        listType: raw.listType,
        listMapKeys: raw.listMapKeys,
        mapType: raw.mapType,
        structType: raw.structType,
        patchStrategy: raw.patchStrategy?.split(",") ?? noStrategy,
        patchMergeKey: raw.patchMergeKey,
        enum: raw.as === undefined ? undefined : this.facts.names[raw.as]?.enum,
        validate: raw.validate ?? noRules,
      });
    }
  }

  /** The node of a type expression. `as` names the type that the expression, or its innermost item, was resolved from. */
  node(expression: string, as?: string): TypeNode {
    const key = as === undefined ? expression : `${expression} ${as}`;
    const known = this.nodes.get(key);
    if (known) return known;
    const made = this.makeNode(expression, as);
    this.nodes.set(key, made);
    return made;
  }

  private makeNode(expression: string, as: string | undefined): TypeNode {
    const named = as !== undefined && this.facts.names[as]?.is === expression ? shortName(as) : undefined;
    const first = expression[0];
    if (first === "[" || first === "{") {
      const item = this.node(expression.slice(2), named === undefined ? as : undefined);
      const goType = named ?? (first === "[" ? `[]${item.goType}` : `map[string]${item.goType}`);
      return { kind: first === "[" ? "list" : "map", goType, item, structName: undefined };
    }
    const scalar = scalarGoTypes[expression];
    if (scalar !== undefined) return { kind: expression as NodeKind, goType: named ?? scalar, item: undefined, structName: undefined };
    const special = specialGoTypes[expression];
    if (special !== undefined) return { kind: expression as NodeKind, goType: special, item: undefined, structName: undefined };
    return { kind: "struct", goType: shortGo(this.factsOf(expression).go), item: undefined, structName: expression };
  }
}

/** The schema of the built-in types and of `extra` ones. A cluster loads it once and hands it on. */
export function loadSchema(extra?: ExtraTypes): Schema {
  return new Schema(new SchemaFacts(extra));
}
