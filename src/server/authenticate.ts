import { unauthorized } from "./errors.ts";
import type { ApiRequest, Credentials, UserInfo } from "./request.ts";
import { TokenRefusal } from "./tokens/service-account-tokens.ts";
import type { ServiceAccountTokens } from "./tokens/service-account-tokens.ts";

/** Who asks. Adapters bring verified credentials; the server turns them into a user, as upstream's authenticators name it. */
export const anonymous: UserInfo = Object.freeze({ name: "system:anonymous", groups: ["system:unauthenticated"] });

/** Throws 401 for a token that nobody issued, or that does not count any more. */
export function authenticate(request: ApiRequest, tokens: ServiceAccountTokens): UserInfo {
  const { credentials } = request;
  switch (credentials.type) {
    case "component":
      return credentials.user;
    case "certificate":
      if (credentials.commonName === "") throw unauthorized();
      return certifiedUser(credentials);
    case "token":
      return userOfToken(credentials.token, tokens);
    case "none":
      return anonymous;
  }
}

function certifiedUser({ commonName, organizations, fingerprint }: Extract<Credentials, { type: "certificate" }>): UserInfo {
  const groups = [...organizations, "system:authenticated"];
  if (fingerprint === undefined) return { name: commonName, groups };
  return { name: commonName, groups, extra: { "authentication.kubernetes.io/credential-id": [`X509SHA256=${fingerprint}`] } };
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
