/**
 * Signs service account tokens with a P-256 key (ES256) that is made at the first use and lives as long as the cluster: nobody who has not
 * got a token from this cluster can make one.
 */
import { createHash, generateKeyPairSync, sign, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { JsonObject } from "../base/json.ts";
import { parseToken } from "../server/tokens/token-signer.ts";
import type { TokenSigner } from "../server/tokens/token-signer.ts";

interface Key {
  readonly id: string;
  /** The first part of every token, encoded. */
  readonly header: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** The two numbers of a signature one after the other, as tokens carry them, not wrapped in DER. */
const dsaEncoding = "ieee-p1363";

export function createTokenSigner(): TokenSigner {
  let made: Key | undefined;
  const key = (): Key => (made ??= createKey());
  return {
    sign(claims) {
      const { header, privateKey } = key();
      const text = `${header}.${encoded(claims)}`;
      return `${text}.${sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding }).toString("base64url")}`;
    },
    verify(token) {
      const parsed = parseToken(token);
      if (parsed?.header["alg"] !== "ES256" || parsed.header["kid"] !== key().id) return undefined;
      return verify("sha256", Buffer.from(parsed.signed), { key: key().publicKey, dsaEncoding }, parsed.signature) ? parsed.claims : undefined;
    },
    get publicKeys() {
      const { id, publicKey } = key();
      return [{ use: "sig", kty: "EC", kid: id, crv: "P-256", alg: "ES256", ...pick(publicKey.export({ format: "jwk" }) as JsonObject) }];
    },
    algorithms: ["ES256"],
  };
}

function createKey(): Key {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  // Upstream's name of a key: the hash of its public half.
  const id = createHash("sha256").update(publicKey.export({ type: "spki", format: "der" })).digest("base64url");
  return { id, header: encoded({ alg: "ES256", kid: id }), privateKey, publicKey };
}

function encoded(data: object): string {
  return Buffer.from(JSON.stringify(data)).toString("base64url");
}

function pick({ x, y }: JsonObject): JsonObject {
  return { x: x as string, y: y as string };
}
