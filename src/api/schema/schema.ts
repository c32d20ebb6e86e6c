import { schemaText } from "../data/schema-text.ts";

/**
 * The schema of every type, ready for walking: what decoding, patches, managed fields, `explain` and OpenAPI read. Parsed from
 * one JSON text; a struct is worked out when it is first asked for, so that loading costs no more than parsing the text.
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

/** A declarative rule, as data/kubernetes-1.36/README.md describes it. */
export interface ValidationRule {
  readonly rule: string;
  readonly value?: unknown;
  readonly [condition: string]: unknown;
}

export interface Union {
  readonly by: string;
  readonly members: readonly string[];
  readonly discriminator?: string;
  readonly stage?: string;
  readonly name?: string;
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

interface RawField {
  readonly name?: string;
  readonly inline?: boolean;
  readonly go?: string;
  readonly type: string;
  readonly as?: string;
  readonly required?: boolean;
  readonly omitempty?: boolean;
  readonly omitzero?: boolean;
  readonly pointer?: boolean;
  readonly default?: unknown;
  readonly listType?: "atomic" | "set" | "map";
  readonly listMapKeys?: readonly string[];
  readonly mapType?: "atomic" | "granular";
  readonly structType?: "atomic" | "granular";
  readonly patchStrategy?: string;
  readonly patchMergeKey?: string;
  readonly validate?: readonly ValidationRule[];
}

interface RawSchema {
  readonly names: { readonly [name: string]: { readonly is: string; readonly enum?: readonly string[] } };
  readonly types: {
    readonly [name: string]: { readonly go: string; readonly mapType?: "atomic" | "granular"; readonly unions?: readonly Union[]; readonly fields: readonly RawField[] };
  };
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
  private readonly raw: RawSchema;
  private readonly structs = new Map<string, StructType>();
  private readonly nodes = new Map<string, TypeNode>();

  /** `extra` holds types that the text lacks, in the same form. */
  constructor(text: string, extra: ExtraTypes = { types: {} }) {
    this.raw = JSON.parse(text) as RawSchema;
    Object.assign(this.raw.types, extra.types);
  }

  has(typeName: string): boolean {
    return Object.hasOwn(this.raw.types, typeName);
  }

  typeNames(): readonly string[] {
    return Object.keys(this.raw.types);
  }

  /** The struct of that name. Asking for an unknown name is a defect of the caller. */
  struct(typeName: string): StructType {
    const known = this.structs.get(typeName);
    if (known) return known;
    const made = this.makeStruct(typeName);
    this.structs.set(typeName, made);
    return made;
  }

  private makeStruct(typeName: string): StructType {
    if (!this.has(typeName)) throw new Error(`no type ${typeName} in the schema`);
    const raw = this.raw.types[typeName] as RawSchema["types"][string];
    const fields: Field[] = [];
    this.addFields(fields, raw.fields, "");
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

  private addFields(fields: Field[], rawFields: readonly RawField[], goPrefix: string): void {
    for (const raw of rawFields) {
      if (raw.inline) {
        const inner = this.raw.types[raw.type] as RawSchema["types"][string];
        this.addFields(fields, inner.fields, `${goPrefix}${raw.go}.`);
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
        enum: raw.as === undefined ? undefined : this.raw.names[raw.as]?.enum,
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
    const named = as !== undefined && this.raw.names[as]?.is === expression ? shortName(as) : undefined;
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
    const go = (this.raw.types[expression] as RawSchema["types"][string]).go;
    return { kind: "struct", goType: shortGo(go), item: undefined, structName: expression };
  }
}

/** Types beside those of the release, in the format of its `types.json`. */
export interface ExtraTypes {
  readonly types: { readonly [name: string]: object };
}

/** The schema of the built-in types and of `extra` ones. A cluster loads it once and hands it on. */
export function loadSchema(extra?: ExtraTypes): Schema {
  return new Schema(schemaText, extra);
}
