import { createPublicKey, verify } from "node:crypto";
import type { webcrypto } from "node:crypto";
import { expect, test } from "vitest";
import { fixedKeySigner } from "../server/tokens/fixed-key-signer.ts";
import { parseToken } from "../server/tokens/token-signer.ts";
import type { TokenClaims } from "../server/tokens/token-signer.ts";
import { createTokenSigner } from "./token-signer.ts";

const claims: TokenClaims = {
  aud: ["a"],
  exp: 2,
  iat: 1,
  iss: "i",
  jti: "j",
  "kubernetes.io": { namespace: "n", serviceaccount: { name: "s", uid: "u" } },
  nbf: 1,
  sub: "system:serviceaccount:n:s",
};

test("knows its own tokens and no others", async () => {
  const [one, other] = [createTokenSigner(), createTokenSigner()];
  const token = await one.sign(claims);
  expect(one.verify(token)).toEqual(claims);
  expect(other.verify(token)).toBeUndefined();
  expect(one.verify(await fixedKeySigner().sign(claims))).toBeUndefined();
  expect(one.verify(`${token.slice(0, -4)}AAAA`)).toBeUndefined();
});

test("others can check its tokens by the published key", async () => {
  const signer = createTokenSigner();
  const parsed = parseToken(await signer.sign(claims));
  const [key] = signer.publicKeys;
  expect(parsed?.header).toEqual({ alg: "ES256", kid: key?.["kid"] });
  const publicKey = createPublicKey({ key: key as webcrypto.JsonWebKey, format: "jwk" });
  expect(verify("sha256", Buffer.from(parsed?.signed ?? ""), { key: publicKey, dsaEncoding: "ieee-p1363" }, parsed?.signature ?? new Uint8Array())).toBe(true);
});

test("the fixed key signs the same at every time", async () => {
  const [one, other] = [fixedKeySigner(), fixedKeySigner()];
  const token = await one.sign(claims);
  expect(await other.sign(claims)).toBe(token);
  expect(other.verify(token)).toEqual(claims);
  expect(other.verify(`${token.slice(0, -1)}_`)).toBeUndefined();
});
