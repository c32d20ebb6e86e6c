import { generateKeyPairSync, sign } from "node:crypto";
import { ecdsaWithSha256, subjectName } from "../src/node/certificates.ts";
import { bits, explicit, identifier, implicit, integer, octets, sequence, set } from "../src/node/der.ts";

/** What `openssl req -new` makes: a request for a certificate, and the key that it is for. */
export interface RequestForCertificate {
  /** Base64 of PEM, as a CertificateSigningRequest holds it. */
  readonly request: string;
  /** PEM. */
  readonly key: string;
}

/** `names`: DNS names that it asks for beside; `forged`: it is signed with another key than its own. */
export function certificateRequest(subject: { commonName: string; organizations?: readonly string[] }, { names = [], forged = false }: { names?: readonly string[]; forged?: boolean } = {}): RequestForCertificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signer = forged ? generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey : privateKey;
  const alternative = sequence(identifier("2.5.29.17"), octets(sequence(...names.map((name) => implicit(2, Buffer.from(name))))));
  const attributes = names.length === 0 ? explicit(0) : explicit(0, sequence(identifier("1.2.840.113549.1.9.14"), set(sequence(alternative))));
  const body = sequence(integer(Uint8Array.of(0)), subjectName(subject), publicKey.export({ type: "spki", format: "der" }), attributes);
  const der = sequence(body, ecdsaWithSha256, bits(sign("sha256", body, signer)));
  const lines = Buffer.from(der).toString("base64").match(/.{1,64}/g) ?? [];
  const pem = ["-----BEGIN CERTIFICATE REQUEST-----", ...lines, "-----END CERTIFICATE REQUEST-----", ""].join("\n");
  return { request: Buffer.from(pem).toString("base64"), key: privateKey.export({ type: "pkcs8", format: "pem" }) as string };
}
