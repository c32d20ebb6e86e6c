import { StatusError, forbidden } from "../base/status-error.ts";
import type { RequestInfo } from "./request-info.ts";
import type { UserInfo } from "./request.ts";

/** Whether a user may do what a request asks. */
export interface Authorizer {
  allows(user: UserInfo, info: RequestInfo): boolean;
}

/** Throws 403 in upstream's words. */
export function authorize(authorizer: Authorizer, user: UserInfo, info: RequestInfo): void {
  if (authorizer.allows(user, info)) return;
  if (info.type === "path") {
    throw new StatusError({ code: 403, reason: "Forbidden", message: `forbidden: User ${JSON.stringify(user.name)} cannot ${info.verb} path ${JSON.stringify(info.path)}`, details: {} });
  }
  const resource = info.subresource === "" ? info.resource : `${info.resource}/${info.subresource}`;
  const where = info.namespace === "" ? "at the cluster scope" : `in the namespace ${JSON.stringify(info.namespace)}`;
  const why = `User ${JSON.stringify(user.name)} cannot ${info.verb} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(info.group)} ${where}`;
  throw forbidden({ group: info.group, plural: info.resource }, info.name, why);
}
