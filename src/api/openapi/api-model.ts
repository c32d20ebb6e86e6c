import type { KindRegistry } from "../registry.ts";
import type { Schema } from "../schema/schema.ts";
import type { DefinitionSource } from "./definitions.ts";
import type { GroupVersionKind } from "./dialect.ts";
import { kindPaths } from "./operations.ts";
import type { Path, TypeOf } from "./operations.ts";
import { coreVersions, groupList, groupPath, resourcesPath, tokenIssuer, tokenKeys, version } from "./service-paths.ts";
import type { Texts } from "./texts.ts";

/**
 * What is described, before any dialect: which documents there are, the paths of each, and where definitions come from. A model keeps
 * nothing but the inputs; paths are made when they are asked for.
 */
export interface ApiModel {
  /** Of the v3 documents, in the order of names: `api`, `api/v1`, `apis/apps/v1`, `version` … */
  readonly documents: readonly string[];
  /** The paths of a document; undefined when there is none of that name. */
  pathsOf(document: string): readonly Path[] | undefined;
  readonly definitions: DefinitionSource;
  /** Of what is described: `1.36`. */
  readonly version: string;
}

interface ModelParts {
  readonly registry: KindRegistry;
  readonly schema: Schema;
  readonly texts: Texts;
  /** Of the server: `v1.36.3`. */
  readonly gitVersion: string;
}

export function apiModel({ registry, schema, texts, gitVersion }: ModelParts): ApiModel {
  const kinds = registry.all();
  const typeOf: TypeOf = (group, groupVersion, kind) => {
    const sibling = kinds.find(({ facts }) => facts.group === group && facts.version === groupVersion);
    if (sibling === undefined) throw new Error(`no kind of ${group}/${groupVersion} is served, so the type of ${kind} is not known`);
    return sibling.facts.type.slice(0, sibling.facts.type.lastIndexOf(".") + 1) + kind;
  };
  const makers = new Map<string, () => readonly Path[]>([
    [".well-known/openid-configuration", () => [tokenIssuer]],
    ["api", () => [coreVersions]],
    ["apis", () => [groupList]],
    ["openid/v1/jwks", () => [tokenKeys]],
    ["version", () => [version]],
  ]);
  for (const group of registry.groups()) {
    if (group.name !== "") makers.set(`apis/${group.name}`, () => [groupPath(group.name)]);
    for (const groupVersion of group.versions) {
      const own = kinds.filter(({ facts }) => facts.group === group.name && facts.version === groupVersion);
      const name = group.name === "" ? `api/${groupVersion}` : `apis/${group.name}/${groupVersion}`;
      makers.set(name, () => [resourcesPath(group.name, groupVersion), ...own.flatMap(({ facts }) => kindPaths(facts, typeOf))]);
    }
  }
  return {
    documents: [...makers.keys()].toSorted(),
    pathsOf: (document) => makers.get(document)?.().toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    definitions: { schema, texts, kindsOf: kindsByType(registry, typeOf) },
    version: /\d+\.\d+/.exec(gitVersion)?.[0] ?? gitVersion,
  };
}

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";
/** Kinds that belong to every group version: each of them reads these bodies and answers with these objects. */
const everywhere = ["DeleteOptions", "WatchEvent"];
const coreOnly = ["APIGroup", "APIGroupList", "APIResourceList", "APIVersions", "Status"];

function kindsByType(registry: KindRegistry, typeOf: TypeOf): (typeName: string) => readonly GroupVersionKind[] {
  const byType = new Map<string, GroupVersionKind[]>();
  const add = (typeName: string, kind: GroupVersionKind): void => {
    const known = byType.get(typeName);
    if (known === undefined) byType.set(typeName, [kind]);
    else if (!known.some((other) => other.group === kind.group && other.version === kind.version && other.kind === kind.kind)) known.push(kind);
  };
  for (const { facts } of registry.all()) {
    const { group, version: groupVersion, kind } = facts;
    add(facts.type, { group, kind, version: groupVersion });
    if (facts.listType !== undefined && facts.list !== undefined) add(facts.listType, { group, kind: facts.list, version: groupVersion });
    for (const subresource of facts.subresources ?? []) {
      if (subresource.kind === undefined || subresource.connect) continue;
      const own = { group: subresource.group ?? group, kind: subresource.kind, version: subresource.version ?? groupVersion };
      add(typeOf(own.group, own.version, own.kind), own);
    }
  }
  for (const kind of coreOnly) add(meta + kind, { group: "", kind, version: "v1" });
  for (const group of registry.groups()) {
    for (const groupVersion of group.versions) for (const kind of everywhere) add(meta + kind, { group: group.name, kind, version: groupVersion });
  }
  return (typeName) => byType.get(typeName) ?? [];
}
