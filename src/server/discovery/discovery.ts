import type { KindFacts, SubresourceFacts } from "../../api/kind-facts.ts";
import type { Kind, KindRegistry } from "../../api/registry.ts";
import { entityTag } from "./etag.ts";
import { storageVersionHash } from "./storage-version.ts";

/** What the server serves, as the documents that clients ask for: aggregated (v2) and in the older forms. */
export interface Discovery {
  /** `/api` or `/apis` as APIGroupDiscoveryList, with its entity tag. */
  aggregated(root: "/api" | "/apis"): { readonly document: object; readonly etag: string };
  /** `/api`, `/apis`, `/api/v1`, `/apis/<group>`, `/apis/<group>/<version>`; undefined for anything else. */
  legacy(path: string): object | undefined;
  readonly registry: KindRegistry;
}

export function createDiscovery(registry: KindRegistry, serverAddress: string): Discovery {
  const made = new Map<string, { document: object; etag: string }>();
  return {
    registry,
    aggregated(root) {
      let entry = made.get(root);
      if (entry === undefined) {
        const document = aggregatedList(registry, root);
        made.set(root, (entry = { document, etag: `"${entityTag(JSON.stringify(document))}"` }));
      }
      return entry;
    },
    legacy: (path) => legacyDocument(registry, path, serverAddress),
  };
}

function aggregatedList(registry: KindRegistry, root: "/api" | "/apis"): object {
  const items = registry
    .groups()
    .filter((group) => (group.name === "") === (root === "/api"))
    .map((group) => ({
      metadata: group.name === "" ? {} : { name: group.name },
      versions: group.versions.map((version) => ({
        version,
        resources: kindsOf(registry, group.name, version).map(({ facts }) => aggregatedResource(facts)),
        freshness: "Current",
      })),
    }));
  return { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items };
}

function aggregatedResource(facts: KindFacts): object {
  const subresources = (facts.subresources ?? []).map((subresource) => ({
    subresource: subresource.name,
    responseKind: { group: subresource.group ?? "", version: subresource.version ?? "", kind: subresource.kind ?? facts.kind },
    verbs: subresource.verbs,
  }));
  return {
    resource: facts.plural,
    responseKind: { group: "", version: "", kind: facts.kind },
    scope: facts.namespaced ? "Namespaced" : "Cluster",
    singularResource: facts.singular,
    verbs: facts.verbs,
    ...(facts.shortNames === undefined ? {} : { shortNames: facts.shortNames }),
    ...(facts.categories === undefined ? {} : { categories: facts.categories }),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
}

function legacyDocument(registry: KindRegistry, path: string, serverAddress: string): object | undefined {
  const parts = path.split("/").filter((part) => part !== "");
  if (parts[0] === "api" && parts.length === 1) {
    return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }] };
  }
  if (parts[0] === "api" && parts.length === 2) return resourceList(registry, "", parts[1] as string);
  if (parts[0] !== "apis") return undefined;
  const named = registry.groups().filter((group) => group.name !== "");
  if (parts.length === 1) return { kind: "APIGroupList", apiVersion: "v1", groups: named.map(groupEntry) };
  const group = named.find(({ name }) => name === parts[1]);
  if (group === undefined) return undefined;
  if (parts.length === 2) return { kind: "APIGroup", apiVersion: "v1", ...groupEntry(group) };
  return parts.length === 3 ? resourceList(registry, group.name, parts[2] as string) : undefined;
}

function groupEntry(group: { readonly name: string; readonly versions: readonly string[] }): object {
  const versions = group.versions.map((version) => ({ groupVersion: `${group.name}/${version}`, version }));
  return { name: group.name, versions, preferredVersion: versions[0] };
}

function resourceList(registry: KindRegistry, group: string, version: string): object | undefined {
  const kinds = kindsOf(registry, group, version);
  if (kinds.length === 0) return undefined;
  const resources = kinds.flatMap((kind) => [legacyResource(kind), ...(kind.facts.subresources ?? []).map((subresource) => legacySubresource(kind.facts, subresource))]);
  // The core group's list is older than its apiVersion.
  const head = group === "" ? { kind: "APIResourceList", groupVersion: version } : { kind: "APIResourceList", apiVersion: "v1", groupVersion: `${group}/${version}` };
  return { ...head, resources };
}

function legacyResource(kind: Kind): object {
  const { facts } = kind;
  const stored = facts.verbs.includes("watch");
  return {
    name: facts.plural,
    singularName: facts.singular,
    namespaced: facts.namespaced,
    kind: facts.kind,
    verbs: facts.verbs,
    ...(facts.shortNames === undefined ? {} : { shortNames: facts.shortNames }),
    ...(facts.categories === undefined ? {} : { categories: facts.categories }),
    ...(stored ? { storageVersionHash: storageVersionHash(kind.storage.facts) } : {}),
  };
}

function legacySubresource(facts: KindFacts, subresource: SubresourceFacts): object {
  return {
    name: `${facts.plural}/${subresource.name}`,
    singularName: "",
    namespaced: facts.namespaced,
    ...(subresource.group === undefined ? {} : { group: subresource.group }),
    ...(subresource.version === undefined ? {} : { version: subresource.version }),
    kind: subresource.kind ?? facts.kind,
    verbs: subresource.verbs,
  };
}

function kindsOf(registry: KindRegistry, group: string, version: string): readonly Kind[] {
  return registry.all().filter(({ facts }) => facts.group === group && facts.version === version);
}
