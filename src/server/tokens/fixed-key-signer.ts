import { sha256 } from "../../base/sha256.ts";
import { base64Url, parseToken, signingText } from "./token-signer.ts";
import type { TokenSigner } from "./token-signer.ts";

/**
 * The signer of a cluster that nobody outside the process reaches: a hash over a key that everybody can read here. A host that opens a port
 * brings a signer of its own.
 */
const key = "coracle: a fixed key for clusters inside one process";
const algorithm = "FIXED";

function signatureOf(text: string): string {
  return base64Url(sha256(`${key} ${base64Url(sha256(`${key} ${text}`))}`));
}

export function fixedKeySigner(): TokenSigner {
  return {
    sign(claims) {
      const text = signingText({ alg: algorithm, kid: "fixed" }, claims);
      return `${text}.${signatureOf(text)}`;
    },
    verify(token) {
      const parsed = parseToken(token);
      if (parsed === undefined || parsed.header["alg"] !== algorithm || token !== `${parsed.signed}.${signatureOf(parsed.signed)}`) return undefined;
      return parsed.claims;
    },
    publicKeys: [],
    algorithms: [algorithm],
  };
}
