import { rescued } from "../base/soon.ts";
import type { Soon } from "../base/soon.ts";
import { StatusError, badRequest } from "../base/status-error.ts";
import type { Verb } from "../api/kind-facts.ts";
import type { Kind } from "../api/registry.ts";
import { componentStatusHandlers } from "./component-statuses.ts";
import type { Handler, ResourceCall, ServerContext } from "./context.ts";
import { methodNotAllowed, noSuchResource, notImplemented } from "./errors.ts";
import { metricsGroup, metricsHandlers } from "./metrics/metrics.ts";
import { negotiate, wantsPretty } from "./negotiate.ts";
import type { Query } from "./query.ts";
import { isTrue } from "./request-info.ts";
import type { ResourceInfo } from "./request-info.ts";
import type { ApiRequest, ApiResponse, UserInfo } from "./request.ts";
import { statusResponse, textResponse } from "./respond.ts";
import { reviewHandlers } from "./reviews/reviews.ts";
import { subresourceHandler } from "./subresources/subresources.ts";
import { create } from "./verbs/create.ts";
import { deleteCollection } from "./verbs/delete-collection.ts";
import { deleteOne } from "./verbs/delete.ts";
import { get } from "./verbs/get.ts";
import { list } from "./verbs/list.ts";
import { patch } from "./verbs/patch.ts";
import { update } from "./verbs/update.ts";
import { watch } from "./verbs/watch.ts";

/** From a request that names a resource to the handler of its verb. */
interface ResourceRequest {
  readonly context: ServerContext;
  readonly request: ApiRequest;
  readonly query: Query;
  readonly info: ResourceInfo;
  readonly user: UserInfo;
}

const verbHandlers: { readonly [verb in Verb]: Handler } = {
  create,
  delete: deleteOne,
  deletecollection: deleteCollection,
  get,
  list,
  patch: (call) => patch(call),
  update: (call) => update(call),
  watch,
};

export function resourceRequest(asked: ResourceRequest): Soon<ApiResponse> {
  const { context, request, query, info, user } = asked;
  const kind = context.registry.byResource(info.group, info.version, info.resource);
  if (kind === undefined) {
    const known = info.group === "" || context.registry.groups().some((group) => group.name === info.group);
    if (known) throw noSuchResource();
    return textResponse(404, "404 page not found\n");
  }
  checkShape(kind, info);
  const handler = info.subresource === "" ? verbHandler(kind, info, request.method) : subresourceHandler(kind, info.subresource, info.verb, request.method);
  const watching = info.verb === "watch" || (info.verb === "get" && isTrue(query.get("watch")) && info.subresource === "");
  const representation = negotiate({ accept: request.headers["accept"], convertible: true, tables: !onlyCreated(kind, info.subresource), protobuf: kind.facts.type.startsWith("io.k8s."), pretty: wantsPretty(request, query) });
  const { deprecated } = kind.storage.declaration ?? {};
  const call: ResourceCall = {
    server: context,
    request,
    query,
    kind,
    namespace: kind.facts.namespaced ? info.namespace : "",
    name: info.name,
    subresource: info.subresource,
    user,
    representation,
    warnings: deprecated === undefined ? [] : [deprecated],
    empties: [],
  };
  checkPathName("Name", info.name);
  checkPathName("Namespace", info.namespace);
  return answered(call, watching && handler === get ? watch : handler);
}

/** Reviews, bindings, evictions and tokens: made, answered and forgotten. */
function onlyCreated({ facts }: Kind, subresource: string): boolean {
  const verbs = subresource === "" ? facts.verbs : (facts.subresources?.find(({ name }) => name === subresource)?.verbs ?? []);
  return verbs.length === 1 && verbs[0] === "create";
}

/** Refusals carry the warnings that were gathered before them. */
function answered(call: ResourceCall, handler: Handler): Soon<ApiResponse> {
  return rescued(
    () => handler(call),
    (error) => {
      if (!(error instanceof StatusError) || call.warnings.length === 0) throw error;
      return statusResponse(call.request, error, { protobuf: call.server.protobuf, warnings: call.warnings });
    },
  );
}

/** Paths that no router knows: a namespace before a cluster-scoped resource, more parts than a subresource has. */
function checkShape(kind: Kind, info: ResourceInfo): void {
  const inNamespace = info.namespace !== "" && !(info.resource === "namespaces" && info.group === "");
  if (inNamespace && !kind.facts.namespaced) throw noSuchResource();
  if (kind.facts.namespaced && info.namespace === "" && info.name !== "") throw noSuchResource();
  if (info.subresource === "") return;
  const facts = kind.facts.subresources?.find(({ name }) => name === info.subresource);
  if (facts === undefined || (info.rest !== "" && facts.path !== true)) throw noSuchResource();
}

function verbHandler(kind: Kind, info: ResourceInfo, method: string): Handler {
  if (method === "HEAD" || method === "OPTIONS") throw methodNotAllowed();
  const verb = info.verb as Verb;
  const handler = kind.facts.verbs.includes(verb) ? handlersOf(kind)[verb] : undefined;
  if (handler === undefined) throw methodNotAllowed();
  if (onlyCreated(kind, "")) return reviewHandler(kind, info);
  // A collection of all namespaces can be read and emptied of nothing: there is no route to write to it.
  const onCollection = info.name === "";
  if (onCollection !== (verb === "create" || verb === "list" || verb === "deletecollection" || (verb === "watch" && info.name === ""))) throw methodNotAllowed();
  if (kind.facts.namespaced && info.namespace === "" && (verb === "create" || verb === "deletecollection")) throw methodNotAllowed();
  return handler;
}

/** Most kinds are stored; some are what the server sees at the moment. */
function handlersOf({ facts }: Kind): { readonly [verb in Verb]?: Handler } {
  if (facts.group === metricsGroup) return metricsHandlers;
  return facts.kind === "ComponentStatus" && facts.group === "" ? componentStatusHandlers : verbHandlers;
}

/** Kinds that can only be created are not stored: they are asked and answered. */
function reviewHandler(kind: Kind, info: ResourceInfo): Handler {
  const handler = reviewHandlers[kind.facts.kind];
  if (handler === undefined) throw notImplemented(`the kind ${kind.facts.kind}`);
  if (info.name !== "" || (kind.facts.namespaced && info.namespace === "")) throw methodNotAllowed();
  return handler;
}

function checkPathName(what: "Name" | "Namespace", text: string): void {
  if (text === "." || text === "..") throw badRequest(`${what} parameter invalid: ${JSON.stringify(text)}: may not be '${text}'`);
  if (text.includes("%")) throw badRequest(`${what} parameter invalid: ${JSON.stringify(text)}: may not contain '%'`);
}
