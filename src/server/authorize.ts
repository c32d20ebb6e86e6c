import { StatusError, forbidden } from "../base/status-error.ts";
import type { PolicyRule } from "../api/types/rbac-v1.ts";
import type { RequestInfo } from "./request-info.ts";
import type { UserInfo } from "./request.ts";

/** Whether a user may do what a request asks. */
export interface Authorizer {
  allows(user: UserInfo, info: RequestInfo): boolean;
  /** The same answer with what led to it. */
  explain(user: UserInfo, info: RequestInfo): Decision;
  /** All that the user may do in a namespace; what could not be looked up is a problem. */
  rulesFor(user: UserInfo, namespace: string): { readonly rules: readonly PolicyRule[]; readonly problems: readonly string[] };
}

export interface Decision {
  readonly allowed: boolean;
  /** "" when there is nothing to say. */
  readonly reason: string;
}

/** Throws 403 in upstream's words. */
export function authorize(authorizer: Authorizer, user: UserInfo, info: RequestInfo): void {
  if (authorizer.allows(user, info)) return;
  const { reason } = authorizer.explain(user, info);
  const because = reason === "" ? "" : `: ${reason}`;
  if (info.type === "path") {
    throw new StatusError({ code: 403, reason: "Forbidden", message: `forbidden: User ${JSON.stringify(user.name)} cannot ${info.verb} path ${JSON.stringify(info.path)}${because}`, details: {} });
  }
  const resource = info.subresource === "" ? info.resource : `${info.resource}/${info.subresource}`;
  const where = info.namespace === "" ? "at the cluster scope" : `in the namespace ${JSON.stringify(info.namespace)}`;
  const why = `User ${JSON.stringify(user.name)} cannot ${info.verb} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(info.group)} ${where}${because}`;
  throw forbidden({ group: info.group, plural: info.resource }, info.name, why);
}
