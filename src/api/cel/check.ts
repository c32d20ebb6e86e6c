import type { JSONSchemaProps } from "../types/apiextensions-v1.ts";
import { parse } from "./parse.ts";
import type { Reference } from "./parse.ts";
import type { Problem } from "./tokens.ts";

/**
 * What is wrong with an expression of CEL, in the words of upstream's compiler: where it breaks, and names that nobody declared.
 * Types are not followed, so an expression that means nonsense passes here.
 */
export interface Names {
  /** What the expression may speak of. */
  readonly declared: readonly string[];
  /** The schema of `self`: its fields are known. */
  readonly self?: JSONSchemaProps;
}

/** Names of types, and of the packages in which functions stand. */
const common: ReadonlySet<string> = new Set(
  "int uint double bool string bytes list map null_type type dyn google optional math sets strings lists base64 cel ip cidr net url semver quantity format regex proto".split(" "),
);

export function expressionProblem(source: string, names: Names): string | undefined {
  const { problems, references } = parse(source);
  const wrong = problems.length > 0 ? problems : references.flatMap((reference) => referenceProblems(reference, names));
  if (wrong.length === 0) return undefined;
  return `compilation failed: ${wrong.map((problem) => display(source, problem)).join("\n")}`;
}

function referenceProblems({ name, at, fields }: Reference, { declared, self }: Names): Problem[] {
  if (!declared.includes(name)) {
    return common.has(name) ? [] : [{ at, text: `undeclared reference to '${name}' (in container '')` }];
  }
  let schema = name === "self" || name === "oldSelf" ? self : undefined;
  for (const field of fields) {
    if (schema === undefined || !isClosed(schema)) return [];
    if (!Object.hasOwn(schema.properties ?? {}, field.name)) return field.name.includes("__") || field.name.startsWith("`") ? [] : [{ at: field.at, text: `undefined field '${field.name}'` }];
    schema = schema.properties?.[field.name];
  }
  return [];
}

/** An object of which all fields are known. */
function isClosed(schema: JSONSchemaProps): boolean {
  const open = schema["x-kubernetes-preserve-unknown-fields"] === true || schema["x-kubernetes-embedded-resource"] === true;
  return schema.type === "object" && schema.additionalProperties === undefined && !open;
}

/** The line with a mark under the place. */
function display(source: string, { at, text }: Problem): string {
  const start = source.lastIndexOf("\n", at - 1) + 1;
  const end = source.indexOf("\n", start);
  const line = source.slice(start, end < 0 ? undefined : end).replaceAll("\t", " ");
  const row = source.slice(0, start).split("\n").length;
  return `ERROR: <input>:${row}:${at - start + 1}: ${text}\n | ${line}\n | ${".".repeat(at - start)}^`;
}
