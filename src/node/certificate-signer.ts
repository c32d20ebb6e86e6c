/**
 * Signs certificates that others ask for, with the key of the cluster's authority: the subject, the public key and the alternative names of
 * the request, the uses and the time that the cluster grants. Whether it may be signed has been decided before.
 */
import { createHash, createPrivateKey, createPublicKey, randomBytes, sign, verify, X509Certificate } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { CertificateRequest } from "../api/certificates/certificate-request.ts";
import type { CertificateSigner } from "../controllers/certificate-signing/plan.ts";
import { ecdsaWithSha256, pem, subjectName } from "./certificates.ts";
import type { KeyPair } from "./certificates.ts";
import { bits, boolean, explicit, identifier, implicit, integer, octets, sequence, time } from "./der.ts";

/** Bits of the key usage (RFC 5280, 4.2.1.3), counted from the left. */
const keyUsages: { readonly [usage: string]: number } = {
  signing: 0, "digital signature": 0, "content commitment": 1, "key encipherment": 2, "data encipherment": 3, "key agreement": 4, "cert sign": 5, "crl sign": 6, "encipher only": 7, "decipher only": 8,
};
const extendedUsages: { readonly [usage: string]: string } = {
  any: "2.5.29.37.0", "server auth": "1.3.6.1.5.5.7.3.1", "client auth": "1.3.6.1.5.5.7.3.2", "code signing": "1.3.6.1.5.5.7.3.3", "email protection": "1.3.6.1.5.5.7.3.4", "s/mime": "1.3.6.1.5.5.7.3.4",
  "ipsec end system": "1.3.6.1.5.5.7.3.5", "ipsec tunnel": "1.3.6.1.5.5.7.3.6", "ipsec user": "1.3.6.1.5.5.7.3.7", timestamping: "1.3.6.1.5.5.7.3.8", "ocsp signing": "1.3.6.1.5.5.7.3.9",
  "microsoft sgc": "1.3.6.1.4.1.311.10.3.3", "netscape sgc": "2.16.840.1.113730.4.1",
};
/** How requests are signed, by the identifier of the algorithm; Ed25519 hashes by itself. */
const hashes: { readonly [identifier: string]: string | null } = {
  "2a864886f70d01010b": "sha256", "2a864886f70d01010c": "sha384", "2a864886f70d01010d": "sha512",
  "2a8648ce3d040302": "sha256", "2a8648ce3d040303": "sha384", "2a8648ce3d040304": "sha512",
  "2b6570": null,
};
const backdateMs = 5 * 60 * 1000;

export function createCertificateSigner(authority: KeyPair): CertificateSigner {
  const key = createPrivateKey(authority.key);
  const keyId = createHash("sha1").update(createPublicKey(key).export({ type: "spki", format: "der" })).digest();
  const end = Date.parse(new X509Certificate(authority.certificate).validTo);
  return {
    sign(request, { usages, validSeconds }) {
      if (!isSignedByItself(request)) return undefined;
      const now = Date.now();
      return certificate({ key, keyId, request, usages, from: now - backdateMs, to: Math.min(now + validSeconds * 1000, end) });
    },
  };
}

/** Whoever asks holds the key: the request is signed with it. */
function isSignedByItself({ publicKey, signed, algorithm, signature }: CertificateRequest): boolean {
  const hash = Object.hasOwn(hashes, algorithm) ? hashes[algorithm] : undefined;
  if (hash === undefined) return false;
  try {
    return verify(hash, signed, createPublicKey({ key: Buffer.from(publicKey), type: "spki", format: "der" }), signature);
  } catch {
    return false;
  }
}

interface Terms {
  readonly key: KeyObject;
  readonly keyId: Uint8Array;
  readonly request: CertificateRequest;
  readonly usages: readonly string[];
  readonly from: number;
  readonly to: number;
}

function certificate({ key, keyId, request, usages, from, to }: Terms): string {
  const extension = (type: string, critical: boolean, content: Uint8Array) => sequence(identifier(type), ...(critical ? [boolean(true)] : []), octets(content));
  const purposes = [...new Set(usages.flatMap((usage) => extendedUsages[usage] ?? []))];
  const uses = usageBits(usages);
  const extensions = [
    ...(uses === undefined ? [] : [extension("2.5.29.15", true, uses)]),
    ...(purposes.length === 0 ? [] : [extension("2.5.29.37", false, sequence(...purposes.map(identifier)))]),
    extension("2.5.29.19", true, sequence()),
    extension("2.5.29.35", false, sequence(implicit(0, keyId))),
    ...(request.alternativeNames === undefined ? [] : [extension("2.5.29.17", false, request.alternativeNames)]),
  ];
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const body = sequence(
    explicit(0, integer(Uint8Array.of(2))),
    integer(serial),
    ecdsaWithSha256,
    subjectName({ commonName: "kubernetes" }),
    sequence(time(from), time(to)),
    request.subject,
    request.publicKey,
    explicit(3, sequence(...extensions)),
  );
  return pem("CERTIFICATE", sequence(body, ecdsaWithSha256, bits(sign("sha256", body, key))));
}

/** A string of as many bits as are needed; undefined when none is set. */
function usageBits(usages: readonly string[]): Uint8Array | undefined {
  const set = usages.flatMap((usage) => keyUsages[usage] ?? []);
  if (set.length === 0) return undefined;
  const last = Math.max(...set);
  const bytes = new Uint8Array((last >> 3) + 1);
  for (const bit of set) bytes[bit >> 3] = (bytes[bit >> 3] as number) | (0x80 >> (bit & 7));
  return bits(bytes, 7 - (last & 7));
}
