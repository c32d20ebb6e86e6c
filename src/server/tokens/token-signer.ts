import { decodeBase64, encodeBase64 } from "../../base/base64.ts";
import type { JsonObject } from "../../base/json.ts";
import type { Soon } from "../../base/soon.ts";

/**
 * Signs the claims of service accounts and knows its own signature again. The host makes one from a key of its own; nothing else in the
 * core ever sees a key. Tokens never enter the history, so they need not be the same from run to run.
 */
export interface TokenSigner {
  /** A compact JSON web token. */
  sign(claims: TokenClaims): Soon<string>;
  /** The claims of a token that this signer has signed, whatever they say; undefined for any other text. */
  verify(token: string): TokenClaims | undefined;
  /** The public keys as others may check signatures by them; none for a key that is shared. */
  readonly publicKeys: readonly JsonObject[];
  /** The signature algorithms, by their registered names. */
  readonly algorithms: readonly string[];
}

export interface NamedObject {
  readonly name: string;
  readonly uid?: string;
}

/** What a token says. Times are seconds since the epoch. */
export interface TokenClaims {
  readonly aud: readonly string[];
  readonly exp: number;
  readonly iat: number;
  readonly iss: string;
  readonly jti: string;
  readonly "kubernetes.io": {
    readonly namespace: string;
    readonly node?: NamedObject;
    readonly pod?: NamedObject;
    readonly secret?: NamedObject;
    readonly serviceaccount: NamedObject;
    readonly warnafter?: number;
  };
  readonly nbf: number;
  readonly sub: string;
}

/** A token taken apart, its signature unchecked. */
export interface ParsedToken {
  readonly header: JsonObject;
  readonly claims: TokenClaims;
  /** What the signature is made over. */
  readonly signed: string;
  readonly signature: Uint8Array;
}

/** Longer texts are no tokens: those of this server stay under 2 KiB. */
const tokenCharactersMax = 16_384;

export function base64Url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64Url(text: string): Uint8Array {
  return decodeBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
}

/** Header and claims as the text that is signed. */
export function signingText(header: JsonObject, claims: TokenClaims): string {
  const encoder = new TextEncoder();
  return `${base64Url(encoder.encode(JSON.stringify(header)))}.${base64Url(encoder.encode(JSON.stringify(claims)))}`;
}

export function parseToken(token: string): ParsedToken | undefined {
  if (token.length > tokenCharactersMax || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return undefined;
  const [header, claims, signature] = token.split(".") as [string, string, string];
  try {
    const parse = (text: string): unknown => JSON.parse(new TextDecoder().decode(fromBase64Url(text)));
    const parsed = { header: parse(header), claims: parse(claims) } as { header: unknown; claims: unknown };
    if (typeof parsed.header !== "object" || parsed.header === null || typeof parsed.claims !== "object" || parsed.claims === null) return undefined;
    return { header: parsed.header as JsonObject, claims: parsed.claims as TokenClaims, signed: `${header}.${claims}`, signature: fromBase64Url(signature) };
  } catch {
    return undefined;
  }
}
