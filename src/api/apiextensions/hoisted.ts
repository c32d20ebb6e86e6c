import { equalJson } from "../schema/json-data.ts";
import { loadSchema } from "../schema/schema.ts";
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  CustomResourceValidation,
  SelectableField,
} from "../types/apiextensions-v1.ts";
import { goValue } from "../validation/go-value.ts";
import { FieldPath } from "../validation/path.ts";

/**
 * Versions as upstream judges them: what is the same in all of them stands once, beside them, and is blamed under the name it
 * has there (`spec.validation`, `spec.subresources` …).
 */
const shared = ["subresources", "schema", "additionalPrinterColumns", "selectableFields"] as const;

type Shared = (typeof shared)[number];

/** The parts of one version, or of all: each with its place. */
export interface VersionParts {
  readonly subresources?: CustomResourceSubresources;
  readonly schema?: CustomResourceValidation;
  readonly additionalPrinterColumns?: readonly CustomResourceColumnDefinition[];
  readonly selectableFields?: readonly SelectableField[];
}

export interface Hoisted {
  /** What all versions have in common. */
  readonly common: VersionParts;
  /** What each has beside that. */
  readonly versions: readonly CustomResourceDefinitionVersion[];
}

export function hoist(versions: readonly CustomResourceDefinitionVersion[]): Hoisted {
  const [first] = versions;
  const same = (field: Shared): boolean => versions.every((version) => equalJson(version[field], first?.[field]));
  const hoisted = shared.filter(same);
  const pick = (version: CustomResourceDefinitionVersion | undefined, wanted: boolean): object =>
    Object.fromEntries(Object.entries(version ?? {}).filter(([field]) => (hoisted as readonly string[]).includes(field) === wanted));
  return { common: pick(first, true), versions: versions.map((version) => pick(version, false) as CustomResourceDefinitionVersion) };
}

/** The list of versions as messages show it. */
export function printedVersions(versions: readonly CustomResourceDefinitionVersion[]): unknown {
  const typeName = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionVersion";
  return versions.map((version) => goValue(loadSchema(), typeName, version));
}

/** The name of a part in its place: beside the versions the schema is called otherwise. */
export function partPath(part: Shared, version: number | undefined): FieldPath {
  const spec = FieldPath.of("spec");
  if (version !== undefined) return spec.child("versions").index(version).child(part);
  return spec.child(part === "schema" ? "validation" : part);
}
