import { StatusError } from "../base/status-error.ts";
import { anonymous } from "./authenticate.ts";
import { authorize } from "./authorize.ts";
import type { Authorizer } from "./authorize.ts";
import type { ApiRequest, UserInfo } from "./request.ts";

/** Acting as somebody else: the `Impersonate-*` headers, each of which needs the right to. */
const authenticationGroup = "authentication.k8s.io";
const extraPrefix = "impersonate-extra-";
const accountPattern = /^system:serviceaccount:([^:]+):([^:]+)$/;

/** The user that the request acts as. Throws 403 for who may not act so. */
export function impersonate(authorizer: Authorizer, request: ApiRequest, caller: UserInfo): UserInfo {
  const { headers } = request;
  if (!asksForIt(headers)) return caller;
  const target = impersonation(request);
  if (target === undefined) return caller;
  const ask = (resource: string, name: string, more: { readonly group?: string; readonly namespace?: string; readonly subresource?: string } = {}): void => {
    const { group = "", namespace = "", subresource = "" } = more;
    authorize(authorizer, caller, { type: "resource", verb: "impersonate", group, version: "v1", namespace, resource, subresource, name, rest: "", watchPath: false });
  };
  const account = accountPattern.exec(target.name);
  if (account) ask("serviceaccounts", account[2] as string, { namespace: account[1] as string });
  else ask("users", target.name);
  for (const name of namedGroups(request)) ask("groups", name);
  if (target.uid !== undefined) ask("uids", target.uid, { group: authenticationGroup });
  for (const [key, values] of Object.entries(target.extra ?? {})) {
    for (const value of values) ask("userextras", value, { group: authenticationGroup, subresource: key });
  }
  return target;
}

/** Most requests do not: this is all that they pay. */
function asksForIt(headers: ApiRequest["headers"]): boolean {
  for (const header in headers) if (header.startsWith("impersonate-")) return true;
  return false;
}

function namedGroups({ headers }: ApiRequest): string[] {
  return (headers["impersonate-group"] ?? "").split(",").map((group) => group.trim()).filter((group) => group !== "");
}

/** What the impersonation headers ask for: the user to act as, or undefined when there are none. */
function impersonation(request: ApiRequest): UserInfo | undefined {
  const { headers } = request;
  const name = headers["impersonate-user"];
  const groups = namedGroups(request);
  const uid = headers["impersonate-uid"];
  const given = Object.keys(headers).filter((header) => header.startsWith(extraPrefix));
  // Made from entries, so that every key is one to ask a right for, `__proto__` too.
  const extra = Object.fromEntries(given.map((header) => [decodeKey(header.slice(extraPrefix.length)), [headers[header] as string]]));
  const hasExtra = given.length > 0;
  if (!name) {
    if (groups.length > 0 || uid !== undefined || hasExtra) {
      throw new StatusError({ code: 500, reason: "InternalError", message: "Internal Server Error: requested impersonation of groups, uid or extra without impersonating a user" });
    }
    return undefined;
  }
  return { name, groups: impersonatedGroups(name, groups), ...(uid === undefined ? {} : { uid }), ...(hasExtra ? { extra } : {}) };
}

/** Service accounts get their groups, everybody but the anonymous the group of the authenticated. */
function impersonatedGroups(name: string, asked: readonly string[]): readonly string[] {
  const groups = [...asked];
  const serviceAccount = accountPattern.exec(name);
  if (serviceAccount && groups.length === 0) groups.push("system:serviceaccounts", `system:serviceaccounts:${serviceAccount[1]}`);
  const kind = name === anonymous.name ? "system:unauthenticated" : "system:authenticated";
  if (!groups.includes(kind)) groups.push(kind);
  return groups;
}

function decodeKey(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
