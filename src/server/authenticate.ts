import { StatusError } from "../base/status-error.ts";
import { unauthorized } from "./errors.ts";
import type { ApiRequest, UserInfo } from "./request.ts";
import { TokenRefusal } from "./tokens/service-account-tokens.ts";
import type { ServiceAccountTokens } from "./tokens/service-account-tokens.ts";

/** Who asks. Adapters bring verified credentials; the server turns them into a user, as upstream's authenticators name it. */
const anonymous: UserInfo = Object.freeze({ name: "system:anonymous", groups: ["system:unauthenticated"] });

/** Throws 401 for a token that nobody issued, or that does not count any more. */
export function authenticate(request: ApiRequest, tokens: ServiceAccountTokens): UserInfo {
  const { credentials } = request;
  switch (credentials.type) {
    case "component":
      return credentials.user;
    case "certificate":
      if (credentials.commonName === "") throw unauthorized();
      return { name: credentials.commonName, groups: [...credentials.organizations, "system:authenticated"] };
    case "token":
      return userOfToken(credentials.token, tokens);
    case "none":
      return anonymous;
  }
}

function userOfToken(token: string, tokens: ServiceAccountTokens): UserInfo {
  try {
    const known = tokens.authenticate(token);
    if (known !== undefined) return known.user;
  } catch (error) {
    if (!(error instanceof TokenRefusal)) throw error;
  }
  throw unauthorized();
}

/** What the impersonation headers ask for: the user to act as, or undefined when there are none. */
export function impersonation(request: ApiRequest): UserInfo | undefined {
  const { headers } = request;
  const name = headers["impersonate-user"];
  const groups = (headers["impersonate-group"] ?? "").split(",").map((group) => group.trim()).filter((group) => group !== "");
  const uid = headers["impersonate-uid"];
  const extra: { [key: string]: string[] } = {};
  for (const header in headers) {
    if (header.startsWith("impersonate-extra-")) extra[decodeKey(header.slice("impersonate-extra-".length))] = [headers[header] as string];
  }
  const hasExtra = Object.keys(extra).length > 0;
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
  const serviceAccount = /^system:serviceaccount:([^:]+):[^:]+$/.exec(name);
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
