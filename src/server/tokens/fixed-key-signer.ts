import { sha256 } from "../../base/sha256.ts";
import { base64Url, parseToken, signingText } from "./token-signer.ts";
import type { TokenSigner } from "./token-signer.ts";

/**
 * The signer of a cluster that nobody outside the process reaches: HMAC with SHA-256 under a key that everybody can read here. A host that
 * opens a port brings a signer of its own.
 */
const blockBytes = 64;
const key = "coracle: a fixed key for clusters inside one process";

export function fixedKeySigner(): TokenSigner {
  const padded = new Uint8Array(blockBytes);
  padded.set(new TextEncoder().encode(key));
  const inner = padded.map((byte) => byte ^ 0x36);
  const outer = padded.map((byte) => byte ^ 0x5c);
  const signatureOf = (text: string): string => base64Url(sha256(joined(outer, sha256(joined(inner, new TextEncoder().encode(text))))));
  return {
    sign(claims) {
      const text = signingText({ alg: "HS256", kid: "fixed" }, claims);
      return `${text}.${signatureOf(text)}`;
    },
    verify(token) {
      const parsed = parseToken(token);
      if (parsed === undefined || parsed.header["alg"] !== "HS256" || token !== `${parsed.signed}.${signatureOf(parsed.signed)}`) return undefined;
      return parsed.claims;
    },
    publicKeys: [],
    algorithms: ["HS256"],
  };
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const out = new Uint8Array(first.length + second.length);
  out.set(first);
  out.set(second, first.length);
  return out;
}
