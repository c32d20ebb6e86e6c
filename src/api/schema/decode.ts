import type { Draft, JsonObject, JsonValue } from "../../base/json.ts";
import type { KubeObject } from "../kind-ref.ts";
import type { JsonPath } from "./json-text.ts";
import type { Schema, TypeNode } from "./schema.ts";
import { badRequest } from "../../base/status-error.ts";
import type { Empties } from "./empties.ts";
import { noEmpties } from "./empties.ts";
import { DecodeError, Decoder, addWarning } from "./decoder.ts";
import { pathText } from "./json-text.ts";

/**
 * From what a client sent to the object that the API would print: what decoding into the Go type and encoding it again gives.
 * The result is fresh, its fields stand in Go's order, what `omitempty` leaves out is left out, structs that are no pointers
 * are always there, quantities and times are in canonical form, the keys of maps are sorted. Lists and maps that are empty
 * count as absent, as they are after a round trip through upstream's storage; where they were is told (see `empties.ts`).
 *
 * Free-form parts (raw extensions, field sets) are shared with the input.
 */

/** What happens to fields that the type does not have, and to keys that stand twice. */
export type FieldValidation = "strict" | "warn" | "ignore";

export interface Decoded<T = KubeObject> {
  readonly object: Draft<T>;
  /** `unknown field "spec.foo"`, `duplicate field "spec.x"`: for Warning headers, or the strict errors of a patch. */
  readonly warnings: string[];
  readonly empties: Empties;
}

export interface DecodeOptions {
  /**
   * How Go would get from the data to the struct: from JSON text, or from maps in memory (after a strategic merge patch), which
   * has other words for what does not fit, takes `2.0` for an integer and lets integers overflow.
   */
  readonly from?: "json" | "maps";
  /** Keys that stood twice in the text (`decodeJsonText`). */
  readonly duplicates?: readonly JsonPath[];
  /** A status that has been decoded: parts of the value's status that are the very same objects are taken over as they are. */
  readonly status?: object | undefined;
  /** Keys that stood twice in YAML, line by line (`repeatedYamlKeys`). */
  readonly repeatedLines?: readonly string[];
}

/**
 * Decodes a request body. In strict mode unknown and duplicate fields are an error, as values of a wrong type are in every
 * mode: a StatusError 400 that names kind and version as the body spells them.
 */
export function decode(schema: Schema, typeName: string, value: JsonValue, mode: FieldValidation, options: DecodeOptions = {}): Decoded {
  let decoded: Decoded;
  try {
    decoded = decodeValue(schema, typeName, value, options);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw badRequest(`${handledAs(schema, typeName, value)}: ${error.message}`);
  }
  if (mode === "ignore") return { ...decoded, warnings: [] };
  const { repeatedLines: lines = [] } = options;
  if (mode === "strict" && decoded.warnings.length + lines.length > 0) {
    const ofYaml = lines.length === 0 ? [] : [`yaml: unmarshal errors:\n  ${lines.join("\n  ")}`];
    throw badRequest(`${handledAs(schema, typeName, value)}: strict decoding error: ${[...ofYaml, ...decoded.warnings].join(", ")}`);
  }
  return lines.length === 0 ? decoded : { ...decoded, warnings: [...lines, ...decoded.warnings] };
}

/** `Pod in version "v1" cannot be handled as a Pod`. */
function handledAs(schema: Schema, typeName: string, value: JsonValue): string {
  const body = (typeof value === "object" && value !== null && !Array.isArray(value) ? value : {}) as JsonObject;
  const expected = schema.struct(typeName).goName;
  const kind = typeof body["kind"] === "string" ? body["kind"] : expected;
  const apiVersion = typeof body["apiVersion"] === "string" ? body["apiVersion"] : (typeName.split(".").at(-2) as string);
  return `${kind} in version ${JSON.stringify(apiVersion.slice(apiVersion.lastIndexOf("/") + 1))} cannot be handled as a ${expected}`;
}

/** Decodes any struct of the schema. Throws DecodeError. */
export function decodeValue<T = KubeObject>(schema: Schema, typeName: string, value: JsonValue, options: DecodeOptions = {}): Decoded<T> {
  const { duplicates = [] } = options;
  const decoder = new Decoder(schema, { fromMaps: options.from === "maps", repeated: duplicates.length === 0 ? undefined : new Set(duplicates.map(pathText)), status: options.status });
  const object = decoder.top(typeName, value);
  const warnings = decoder.warnings;
  // Those that decoding did not come by, such as fields that are null.
  for (const path of duplicates) {
    if (isKnown(schema, typeName, path)) addWarning(warnings, `duplicate field "${pathText(path)}"`);
  }
  return { object: object as Draft<T>, warnings, empties: decoder.empties ?? noEmpties };
}

/** Whether the decoder looks into the place of this path: not below unknown fields and free-form parts. */
function isKnown(schema: Schema, typeName: string, path: JsonPath): boolean {
  let node: TypeNode | undefined = schema.node(typeName);
  for (const step of path) {
    if (node?.kind === "struct") node = schema.struct(node.structName as string).byName.get(step as string)?.node;
    else node = node?.kind === "list" || node?.kind === "map" ? node.item : undefined;
    if (node === undefined) return false;
  }
  return true;
}
