import type { KubeObject } from "../api/kind-ref.ts";
import { parseYamlDocuments } from "../api/yaml.ts";
import { OptionError } from "./options.ts";

/**
 * The objects of what a caller applies: YAML documents, objects, and lists of either, in order. Throws for what is no object of
 * Kubernetes, before anything is sent.
 */
export function objectsOf(given: string | KubeObject | readonly KubeObject[]): readonly KubeObject[] {
  const documents: readonly unknown[] = typeof given === "string" ? parseYamlDocuments(given) : [given].flat();
  if (typeof given === "string" && documents.length === 0) throw new OptionError("apply: there is no object in it");
  return documents.flatMap(itemsOf).map(checked);
}

type Mapping = { readonly [field: string]: unknown };

const isMapping = (value: unknown): value is Mapping => typeof value === "object" && value !== null && !Array.isArray(value);

/** The objects of a list, or the object itself. */
function itemsOf(document: unknown): readonly unknown[] {
  if (!isMapping(document)) return [document];
  const { kind, items } = document;
  return typeof kind === "string" && kind.endsWith("List") && Array.isArray(items) ? items : [document];
}

function checked(object: unknown, index: number, all: readonly unknown[]): KubeObject {
  const which = all.length === 1 ? "the object" : `object ${index + 1} of ${all.length}`;
  if (!isMapping(object)) throw new OptionError(`apply: ${which} is ${JSON.stringify(object)}, not an object with apiVersion, kind and metadata`);
  for (const field of ["apiVersion", "kind"]) if (typeof object[field] !== "string") throw new OptionError(`apply: ${which} has no ${field}`);
  const { metadata } = object;
  if (!isMapping(metadata) || typeof metadata["name"] !== "string") throw new OptionError(`apply: ${which}, a ${object["kind"] as string}, has no metadata.name`);
  return object as unknown as KubeObject;
}
