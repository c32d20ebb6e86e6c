import { schemaText } from "../data/schema-text.ts";

/**
 * The facts of every type of the release as the generator wrote them down: a line each, the name before its JSON, and one line before all
 * for the names that stand for other types. A line is parsed when its type is first asked for: a cluster meets some 200 of 800 types.
 */

/**
 * A declarative rule: `rule` is upstream's `+k8s:` tag without its prefix, with the conditions under which it holds and the place below
 * (`each`, `subfield`, `item`, `member`). With `stage` upstream does not enforce it from here.
 */
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

export interface FieldFacts {
  readonly name?: string;
  readonly inline?: boolean;
  readonly go?: string;
  readonly type: string;
  /** Names the type that `type`, or its innermost item, was resolved from. */
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
  /** Number in protobuf. */
  readonly pb?: number;
  readonly wrapped?: boolean;
}

export interface TypeFacts {
  readonly go: string;
  readonly mapType?: "atomic" | "granular";
  readonly unions?: readonly Union[];
  readonly fields: readonly FieldFacts[];
}

/** Types beside those of the release, in the format of its `types.json`. */
export interface ExtraTypes {
  readonly types: { readonly [name: string]: object };
}

type Names = { readonly [name: string]: { readonly is: string; readonly enum?: readonly string[] } };

export class SchemaFacts {
  /** What stands for another type, and the values it is closed to. */
  readonly names: Names;
  private readonly lines = new Map<string, string>();
  private readonly types = new Map<string, TypeFacts>();

  constructor(extra: ExtraTypes = { types: {} }) {
    const [names = "", ...lines] = schemaText.split("\n");
    this.names = JSON.parse(names) as Names;
    for (const line of lines) this.lines.set(line.slice(0, line.indexOf(" ")), line);
    for (const [name, type] of Object.entries(extra.types)) this.types.set(name, type as TypeFacts);
  }

  type(name: string): TypeFacts | undefined {
    const known = this.types.get(name);
    if (known) return known;
    const line = this.lines.get(name);
    if (line === undefined) return undefined;
    const read = JSON.parse(line.slice(name.length + 1)) as TypeFacts;
    this.types.set(name, read);
    this.lines.delete(name);
    return read;
  }

  has(name: string): boolean {
    return this.types.has(name) || this.lines.has(name);
  }

  typeNames(): readonly string[] {
    return [...this.types.keys(), ...this.lines.keys()];
  }
}
