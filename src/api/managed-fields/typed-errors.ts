import type { Field, Schema, TypeNode } from "../schema/schema.ts";
import { elementWords } from "./field-set.ts";
import { itemElement, shapeOf } from "./shape.ts";
import type { Shape } from "./shape.ts";

/** What keeps a value from being applied as an object of a type, in the words of upstream's typed values. */
export function typedErrors(schema: Schema, typeName: string, value: unknown): string[] {
  const judge = new Judge(schema);
  judge.place(schema.node(typeName), undefined, value, "");
  return judge.errors;
}

type Json = { readonly [key: string]: unknown };

class Judge {
  readonly errors: string[] = [];
  private readonly schema: Schema;

  constructor(schema: Schema) {
    this.schema = schema;
  }

  place(node: TypeNode, field: Field | undefined, value: unknown, path: string): void {
    if (value === null || value === undefined) return;
    switch (node.kind) {
      case "struct":
        return this.fields(value, path, (key) => {
          const inner = this.schema.struct(node.structName as string).byName.get(key);
          return inner === undefined ? undefined : { node: inner.node, field: inner };
        });
      case "map":
        return this.fields(value, path, () => ({ node: node.item as TypeNode, field: undefined }));
      case "list":
        return this.list(node.item as TypeNode, field, value, path);
      default:
        return this.scalar(node, value, path);
    }
  }

  private fields(value: unknown, path: string, placeOf: (key: string) => { node: TypeNode; field: Field | undefined } | undefined): void {
    if (typeof value !== "object" || Array.isArray(value)) return this.add(path, `expected map, got &{${goPlain(value)}}`);
    for (const key of Object.keys(value as Json)) {
      const place = placeOf(key);
      if (place === undefined) this.add(`${path}.${key}`, "field not declared in schema");
      else this.place(place.node, place.field, (value as Json)[key], `${path}.${key}`);
    }
  }

  private list(item: TypeNode, field: Field | undefined, value: unknown, path: string): void {
    if (!Array.isArray(value)) return this.add(path, `expected list, got &{${goPlain(value)}}`);
    const shape = field === undefined ? "leaf" : shapeOf(this.schema, field.node, field);
    if (shape === "leaf") return value.forEach((one, i) => this.place(item, undefined, one, `${path}[${i}]`));
    const seen = new Set<string>();
    value.forEach((one, i) => {
      const problem = elementProblem(shape, one);
      if (problem !== undefined) return this.add(path, `element ${i}: ${problem}`);
      const element = itemElement(this.schema, { item, field: field as Field, shape }, one);
      const words = elementWords(element);
      if (seen.has(element)) this.add(path, `duplicate entries for key ${words}`);
      seen.add(element);
      this.place(item, undefined, one, path + words);
    });
  }

  private scalar(node: TypeNode, value: unknown, path: string): void {
    const expected = scalarWords[node.kind];
    if (expected === undefined || expected.fits(value)) return;
    this.add(path, `expected ${expected.words}, got &value.valueUnstructured{Value:${goSyntax(value)}}`);
  }

  private add(path: string, text: string): void {
    this.errors.push(path === "" ? text : `${path}: ${text}`);
  }
}

function elementProblem(shape: Shape, item: unknown): string | undefined {
  if (shape === "listSet") return item === null ? "associative list without keys has an element that's an explicit null" : undefined;
  return item === null || typeof item !== "object" || Array.isArray(item) ? "associative list with keys may not have non-map elements" : undefined;
}

interface ScalarWords {
  readonly words: string;
  readonly fits: (value: unknown) => boolean;
}

const text: ScalarWords = { words: "string", fits: (value) => typeof value === "string" };
const numeric: ScalarWords = { words: "numeric (int or float)", fits: (value) => typeof value === "number" };
const anyScalar: ScalarWords = { words: "any scalar", fits: (value) => typeof value !== "object" };

const scalarWords: { readonly [kind: string]: ScalarWords } = {
  string: text,
  bytes: text,
  boolean: { words: "boolean", fits: (value) => typeof value === "boolean" },
  int32: numeric,
  int64: numeric,
  double: numeric,
  quantity: anyScalar,
  intOrString: anyScalar,
  time: anyScalar,
  microtime: anyScalar,
};

/** Go's `%v`. */
function goPlain(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goPlain).join(" ")}]`;
  if (typeof value === "object" && value !== null) return `map[${Object.keys(value).sort().map((key) => `${key}:${goPlain((value as Json)[key])}`).join(" ")}]`;
  return value === null ? "<nil>" : String(value);
}

/** Go's `%#v`. */
function goSyntax(value: unknown): string {
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(", ")}}`;
  if (typeof value === "object" && value !== null) return `map[string]interface {}{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${goSyntax((value as Json)[key])}`).join(", ")}}`;
  return JSON.stringify(value);
}
