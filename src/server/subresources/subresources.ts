import type { Kind } from "../../api/registry.ts";
import { machines } from "../../api/sim/facts.ts";
import type { Handler, ResourceCall } from "../context.ts";
import { methodNotAllowed, notImplemented } from "../errors.ts";
import { statusRules } from "../replace.ts";
import type { ApiResponse } from "../request.ts";
import { get } from "../verbs/get.ts";
import { patch } from "../verbs/patch.ts";
import { update } from "../verbs/update.ts";
import { approvalRules } from "./approval.ts";
import { bind } from "./binding.ts";
import { ephemeralContainerRules } from "./ephemeral-containers.ts";
import { evict } from "./eviction.ts";
import { attach, exec } from "./exec.ts";
import { finalizeRules } from "./finalize.ts";
import { log } from "./log.ts";
import { machineExec } from "./machine-exec.ts";
import { portForward } from "./port-forward.ts";
import { proxy } from "./proxy.ts";
import { resizeRules } from "./resize.ts";
import { getScale, patchScale, updateScale } from "./scale.ts";
import { requestToken } from "./token.ts";

/** Into a container of a Pod, or into a simulated machine. */
function execAny(call: ResourceCall): ApiResponse {
  return call.kind.facts.group === machines.group ? machineExec(call) : exec(call);
}

/** Handlers by subresource and verb. A subresource means the same for every kind that lists it. */
const handlers: { readonly [subresource: string]: { readonly [verb: string]: Handler } } = {
  status: { get, update: (call) => update(call, statusRules), patch: (call) => patch(call, statusRules) },
  approval: { get, update: (call) => update(call, approvalRules), patch: (call) => patch(call, approvalRules) },
  finalize: { update: (call) => update(call, finalizeRules) },
  binding: { create: bind },
  log: { get: log },
  exec: { get: execAny, create: execAny },
  portforward: { get: portForward, create: portForward },
  proxy: { get: proxy, create: proxy, update: proxy, patch: proxy, delete: proxy },
  scale: { get: getScale, update: updateScale, patch: patchScale },
  attach: { get: attach, create: attach },
  eviction: { create: evict },
  ephemeralcontainers: { get, update: (call) => update(call, ephemeralContainerRules), patch: (call) => patch(call, ephemeralContainerRules) },
  resize: { get, update: (call) => update(call, resizeRules), patch: (call) => patch(call, resizeRules) },
  token: { create: requestToken },
};

/** Methods that have no verb of their own, and that programs behind a proxy answer all the same. */
const proxiedMethods: ReadonlySet<string> = new Set(["HEAD", "OPTIONS"]);

const methodsOf: { readonly [method: string]: string } = { GET: "get", POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" };

/** The kind is known to have the subresource. Throws 405 for a verb it has not, 501 for what is not built. */
export function subresourceHandler(kind: Kind, subresource: string, _verb: string, method: string): Handler {
  const facts = kind.facts.subresources?.find(({ name }) => name === subresource);
  const verb = subresource === "proxy" && proxiedMethods.has(method) ? "get" : Object.hasOwn(methodsOf, method) ? methodsOf[method] : undefined;
  if (facts === undefined || verb === undefined || !(facts.verbs as readonly string[]).includes(verb)) throw methodNotAllowed();
  const handler = handlers[subresource]?.[verb];
  if (handler === undefined) throw notImplemented(`the subresource ${kind.facts.plural}/${subresource}`);
  return handler;
}
