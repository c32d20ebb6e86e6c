import type { Query } from "./query.ts";

/**
 * What a request asks for, read from its method and path alone, before anyone knows whether it exists: authorization judges
 * this, routing looks it up.
 */
export interface ResourceInfo {
  readonly type: "resource";
  /** As authorization knows it: get, list, watch, create, update, patch, delete, deletecollection, proxy. */
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  /** "" at cluster scope or for all namespaces. */
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** What follows a subresource, without leading slash. */
  readonly rest: string;
  /** Asked through the old `/watch/` paths. */
  readonly watchPath: boolean;
  /** As it was asked; only in what authorization judges. */
  readonly fieldSelector?: string;
}

interface PathInfo {
  readonly type: "path";
  readonly verb: string;
  readonly path: string;
}

export type RequestInfo = ResourceInfo | PathInfo;

const methodVerbs: { readonly [method: string]: string } = { GET: "get", HEAD: "get", POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" };

/** Parts of a Namespace's own path that are subresources, not resources in it. */
const namespaceSubresources = new Set(["status", "finalize"]);

/** The path is decoded. */
export function requestInfo(method: string, path: string, query: Query): RequestInfo {
  const parts = trimSlashes(path).split("/");
  const grouped = parts[0] === "apis";
  const first = grouped ? 3 : 2;
  if ((parts[0] !== "api" && !grouped) || parts.length <= first) return { type: "path", verb: method.toLowerCase(), path };
  const group = grouped ? (parts[1] as string) : "";
  const version = parts[first - 1] as string;
  let at = first;
  const watchPath = parts[at] === "watch" && parts.length > at + 1;
  if (watchPath) at++;
  let namespace = "";
  let resource = parts[at] as string;
  if (resource === "namespaces" && parts.length > at + 1) {
    namespace = parts[at + 1] as string;
    const inner = parts[at + 2];
    if (inner !== undefined && !namespaceSubresources.has(inner)) {
      resource = inner;
      at += 2;
    }
  }
  const name = parts[at + 1] ?? "";
  const verb = verbOf(method, name, watchPath, query);
  return { type: "resource", verb, group, version, namespace, resource, subresource: parts[at + 2] ?? "", name, rest: parts.slice(at + 3).join("/"), watchPath };
}

/** What authorization judges: a collection asked for by a selector of one name is that one object. */
export function authorizedInfo(info: RequestInfo, query: Query): RequestInfo {
  if (info.type === "path" || info.name !== "" || (info.verb !== "list" && info.verb !== "watch" && info.verb !== "deletecollection")) return info;
  const fieldSelector = query.get("fieldSelector");
  if (fieldSelector === undefined || fieldSelector === "") return info;
  const name = /(?:^|,)metadata\.name==?([^,]+)(?:,|$)/.exec(fieldSelector)?.[1] ?? "";
  return { ...info, name, fieldSelector };
}

function verbOf(method: string, name: string, watchPath: boolean, query: Query): string {
  if (watchPath) return "watch";
  const verb = Object.hasOwn(methodVerbs, method) ? (methodVerbs[method] as string) : "";
  if (name !== "") return verb;
  if (verb === "get") return isTrue(query.get("watch")) ? "watch" : "list";
  return verb === "delete" ? "deletecollection" : verb;
}

/** How Go's conversion of query parameters reads a boolean: all but "", "0" and "false" is true. A bare name is true, too. */
export function isTrue(value: string | undefined): boolean {
  return value !== undefined && value !== "0" && value.toLowerCase() !== "false";
}

function trimSlashes(path: string): string {
  let from = 0;
  let to = path.length;
  while (from < to && path[from] === "/") from++;
  while (to > from && path[to - 1] === "/") to--;
  return path.slice(from, to);
}
