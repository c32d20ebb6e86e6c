import type { ApiResponse } from "../request.ts";
import { bytesResponse, jsonBytes } from "../respond.ts";
import { issuer } from "./service-account-tokens.ts";
import type { ServiceAccountTokens } from "./service-account-tokens.ts";

/** How others check tokens of this cluster without asking it each time (OpenID Connect Discovery): who issues them, and by which keys. */
const keysPath = "/openid/v1/jwks";
const cacheControl = "public, max-age=3600";

/** Undefined: no such path. */
export function keyDiscovery(path: string, { signer }: ServiceAccountTokens): ApiResponse | undefined {
  switch (path) {
    case "/.well-known/openid-configuration":
      return answer("application/json", {
        issuer,
        jwks_uri: issuer + keysPath,
        response_types_supported: ["id_token"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: signer.algorithms,
      });
    case keysPath:
      return answer("application/jwk-set+json", { keys: signer.publicKeys });
    default:
      return undefined;
  }
}

function answer(type: string, data: object): ApiResponse {
  return bytesResponse(200, { "content-type": type, "cache-control": cacheControl }, [jsonBytes(data)]);
}
