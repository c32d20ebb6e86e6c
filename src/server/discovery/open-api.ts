import type { Kind, KindRegistry } from "../../api/registry.ts";
import { apiVersionOf } from "../../api/kind-facts.ts";
import { hex8 } from "./etag.ts";

/**
 * OpenAPI v3 as far as clients need it before they write: the index of documents, and per group version a document that says which
 * parameters a PATCH takes. Schemas of fields are not in it yet; kubectl then merges by the types it has built in.
 */
export function openApiIndex(registry: KindRegistry, gitVersion: string): object {
  const paths: { [path: string]: { serverRelativeURL: string } } = {};
  for (const { name, versions } of registry.groups()) {
    for (const version of versions) {
      const path = name === "" ? `api/${version}` : `apis/${name}/${version}`;
      const hash = hex8(JSON.stringify(openApiDocument(registry, path, gitVersion)));
      paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
    }
  }
  return { paths };
}

/** `path` as in the index; undefined when there is no such document. */
export function openApiDocument(registry: KindRegistry, path: string, gitVersion: string): object | undefined {
  const kinds = registry.all().filter(({ facts }) => (facts.group === "" ? `api/${facts.version}` : `apis/${facts.group}/${facts.version}`) === path);
  if (kinds.length === 0) return undefined;
  const paths = Object.fromEntries(kinds.filter(({ facts }) => facts.verbs.includes("patch")).map((kind) => [objectPath(kind), { patch: patchOperation(kind) }]));
  return { openapi: "3.0.0", info: { title: "Kubernetes", version: gitVersion }, paths, components: {} };
}

function objectPath({ facts }: Kind): string {
  const root = facts.group === "" ? `/api/${facts.version}` : `/apis/${apiVersionOf(facts)}`;
  return `${root}${facts.namespaced ? "/namespaces/{namespace}" : ""}/${facts.plural}/{name}`;
}

const parameters = ["dryRun", "fieldManager", "fieldValidation", "force"].map((name) => ({
  name,
  in: "query",
  schema: { type: name === "force" ? "boolean" : "string", uniqueItems: true },
}));

function patchOperation({ facts }: Kind): object {
  return {
    parameters,
    responses: { "200": { description: "OK" } },
    "x-kubernetes-action": "patch",
    "x-kubernetes-group-version-kind": { group: facts.group, version: facts.version, kind: facts.kind },
  };
}
