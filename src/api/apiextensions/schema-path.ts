import type { JSONSchemaProps } from "../types/apiextensions-v1.ts";

/** Where a simple JSON path (`.spec.color`, `.spec['a.b']`) leads in a schema. */
export interface Found {
  readonly schema: JSONSchemaProps;
  readonly steps: readonly string[];
}

const tokenPattern = /'(?:[^'\\]|\\.)*'|[.[\]]|[^.[\]]+/gs;

/** The schema of the field that the path names, or upstream's words for why there is none. */
export function schemaAt(schema: JSONSchemaProps, path: string, options: { readonly arrayNotation: boolean }): Found | { readonly problem: string } {
  const tokens = path.match(tokenPattern) ?? [];
  const steps: string[] = [];
  let here = schema;
  for (let i = 0; i < tokens.length; ) {
    const bracket = tokens[i] === "[";
    if (bracket && !options.arrayNotation) return { problem: "array notation is not allowed" };
    if (!bracket && tokens[i] !== ".") return { problem: `expected [ or . but got: ${tokens[i]}` };
    const token = tokens[i + 1];
    if (token === undefined) return { problem: "unexpected end of JSON path" };
    if (bracket && !/^'.*'$/s.test(token)) return { problem: `expected single quoted string but got ${token}` };
    const name = bracket ? token.slice(1, -1).replaceAll(/\\(.)/gs, "$1") : token;
    const next = step(here, name);
    if (next === undefined) return { problem: "does not refer to a valid field" };
    if (bracket && tokens[i + 2] !== "]") return { problem: tokens[i + 2] === undefined ? "unexpected end of JSON path" : `expected ] but got ${tokens[i + 2]}` };
    here = next;
    steps.push(name);
    i += bracket ? 3 : 2;
  }
  return { schema: here, steps };
}

function step(schema: JSONSchemaProps, name: string): JSONSchemaProps | undefined {
  if (schema.properties !== undefined) return Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
  return typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
}
