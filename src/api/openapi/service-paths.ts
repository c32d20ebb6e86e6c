import { capital, groupWord, plainText } from "./operations.ts";
import type { Operation, Path } from "./operations.ts";

/**
 * Paths that belong to no kind: discovery at each level, the version, and what outsiders need to check the tokens of service accounts.
 * Each is a v3 document of its own, except those that list the resources of a group version.
 */
const meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";
const encodings = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];

function one(path: string, told: Pick<Operation, "id" | "text" | "tag"> & { readonly answer: string } & Partial<Operation>): Path {
  const { answer, ...rest } = told;
  return { path, parameters: [], operations: [{ method: "get", parameters: [], consumes: encodings, produces: encodings, answers: { 200: answer }, ...rest }] };
}

/** The list of versions of the core group, and the list of groups. */
export const coreVersions: Path = one("/api/", { id: "getCoreAPIVersions", text: "Lists the versions of the core group.", tag: "core", answer: `${meta}APIVersions` });
export const groupList: Path = one("/apis/", { id: "getAPIVersions", text: "Lists the API groups.", tag: "apis", answer: `${meta}APIGroupList` });
export const version: Path = one("/version/", {
  id: "getCodeVersion",
  text: "Tells which version the server is.",
  tag: "version",
  answer: "io.k8s.apimachinery.pkg.version.Info",
  consumes: ["application/json"],
  produces: ["application/json"],
});
export const tokenIssuer: Path = one("/.well-known/openid-configuration/", {
  id: "getServiceAccountIssuerOpenIDConfiguration",
  text: "Tells who issues the tokens of service accounts, as OpenID Connect discovery.",
  tag: "WellKnown",
  answer: plainText,
  consumes: [],
  produces: ["application/json"],
});
export const tokenKeys: Path = one("/openid/v1/jwks/", {
  id: "getServiceAccountIssuerOpenIDKeyset",
  text: "Lists the public keys by which tokens of service accounts are checked.",
  tag: "openid",
  answer: plainText,
  consumes: [],
  produces: ["application/jwk-set+json"],
});

export function groupPath(group: string): Path {
  return one(`/apis/${group}/`, { id: `get${capital(groupWord(group))}APIGroup`, text: "Tells the versions of the group.", tag: groupWord(group), answer: `${meta}APIGroup` });
}

export function resourcesPath(group: string, groupVersion: string): Path {
  const root = group === "" ? `/api/${groupVersion}/` : `/apis/${group}/${groupVersion}/`;
  return one(root, {
    id: `get${capital(groupWord(group))}${capital(groupVersion)}APIResources`,
    text: "Lists the resources of the group version.",
    tag: `${groupWord(group)}_${groupVersion}`,
    answer: `${meta}APIResourceList`,
  });
}
