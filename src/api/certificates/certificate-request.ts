import { decodeBase64 } from "../../base/base64.ts";

/**
 * Reads a PKCS#10 request (RFC 2986) as far as signers judge it: who it is for, under which names, and what has to be copied into the
 * certificate as it stands. The signature is not checked here; whoever signs does that.
 */
export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly names: { readonly dns: readonly string[]; readonly emails: readonly string[]; readonly addresses: number; readonly uris: readonly string[] };
  /** DER of the subject, of the public key with its algorithm, and of the list of alternative names if there is one. */
  readonly subject: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly alternativeNames: Uint8Array | undefined;
  /** What was signed, the identifier of the algorithm (`2a8648ce3d040302`), and the signature. */
  readonly signed: Uint8Array;
  readonly algorithm: string;
  readonly signature: Uint8Array;
}

/** The bytes are no such request. */
export class CertificateRequestError extends Error {}

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  /** With tag and length. */
  readonly whole: Uint8Array;
}

const [sequenceTag, bitsTag, identifierTag, octetsTag, attributesTag] = [0x30, 0x03, 0x06, 0x04, 0xa0];
const [commonNameType, organizationType, extensionRequest, subjectAltName] = ["550403", "55040a", "2a864886f70d01090e", "551d11"];
const [emailTag, dnsTag, uriTag, addressTag] = [0x81, 0x82, 0x86, 0x87];
const bmpStringTag = 0x1e;
const marker = /-----BEGIN CERTIFICATE REQUEST-----([\s\S]*?)-----END CERTIFICATE REQUEST-----/;

/** From the field of a CertificateSigningRequest: base64 of PEM. Throws CertificateRequestError. */
export function readCertificateRequest(base64: string): CertificateRequest {
  const body = marker.exec(new TextDecoder().decode(decodeBase64(base64)))?.[1];
  if (body === undefined) throw new CertificateRequestError("PEM block type must be CERTIFICATE REQUEST");
  const [signed, algorithm, signature] = partsOf(only(decodeBase64(body)), sequenceTag);
  const [, subject, publicKey, attributes] = partsOf(signed, sequenceTag);
  if (subject === undefined || publicKey === undefined) throw malformed();
  const alternativeNames = attributes === undefined ? undefined : alternativeNamesOf(attributes);
  return {
    ...subjectOf(subject),
    names: namesOf(alternativeNames),
    subject: subject.whole,
    publicKey: publicKey.whole,
    alternativeNames,
    signed: (signed as Element).whole,
    algorithm: hex(demand(partsOf(algorithm, sequenceTag)[0], identifierTag)),
    signature: demand(signature, bitsTag).subarray(1),
  };
}

const malformed = (): CertificateRequestError => new CertificateRequestError("asn1: structure error: this is no certificate request");

/** One element at a place. */
function element(bytes: Uint8Array, at: number): Element {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) throw malformed();
  let length = first;
  let start = at + 2;
  if (first >= 0x80) {
    const digits = first & 0x7f;
    if (digits === 0 || digits > 3) throw malformed();
    length = 0;
    for (let i = 0; i < digits; i++) length = length * 256 + (bytes[start++] ?? 0);
  }
  const end = start + length;
  if (end > bytes.length) throw malformed();
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) };
}

function only(bytes: Uint8Array): Element {
  const found = element(bytes, 0);
  if (found.whole.length !== bytes.length) throw malformed();
  return found;
}

function elements(content: Uint8Array): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < content.length; at += (found.at(-1) as Element).whole.length) found.push(element(content, at));
  return found;
}

function demand(found: Element | undefined, tag: number): Uint8Array {
  if (found?.tag !== tag) throw malformed();
  return found.content;
}

function partsOf(found: Element | undefined, tag: number): Element[] {
  return elements(demand(found, tag));
}

function hex(bytes: Uint8Array): string {
  return bytes.reduce((text, byte) => text + byte.toString(16).padStart(2, "0"), "");
}

function textOf({ tag, content }: Element): string {
  if (tag !== bmpStringTag) return new TextDecoder().decode(content);
  let text = "";
  for (let i = 0; i + 1 < content.length; i += 2) text += String.fromCharCode(((content[i] as number) << 8) | (content[i + 1] as number));
  return text;
}

function subjectOf(subject: Element): { commonName: string; organizations: readonly string[] } {
  let commonName = "";
  const organizations: string[] = [];
  for (const set of partsOf(subject, sequenceTag)) {
    for (const attribute of elements(set.content)) {
      const [type, value] = partsOf(attribute, sequenceTag);
      if (value === undefined) throw malformed();
      const name = hex(demand(type, identifierTag));
      if (name === commonNameType) commonName = textOf(value);
      if (name === organizationType) organizations.push(textOf(value));
    }
  }
  return { commonName, organizations };
}

/** The extension of the alternative names among those that the request asks for. */
function alternativeNamesOf(attributes: Element): Uint8Array | undefined {
  for (const attribute of partsOf(attributes, attributesTag)) {
    const [type, values] = partsOf(attribute, sequenceTag);
    if (values === undefined || hex(demand(type, identifierTag)) !== extensionRequest) continue;
    for (const extension of partsOf(elements(values.content)[0], sequenceTag)) {
      const parts = partsOf(extension, sequenceTag);
      if (hex(demand(parts[0], identifierTag)) === subjectAltName) return demand(parts.at(-1), octetsTag);
    }
  }
  return undefined;
}

function namesOf(alternativeNames: Uint8Array | undefined): CertificateRequest["names"] {
  const all = alternativeNames === undefined ? [] : partsOf(only(alternativeNames), sequenceTag);
  const texts = (tag: number): string[] => all.filter((name) => name.tag === tag).map(textOf);
  return { dns: texts(dnsTag), emails: texts(emailTag), addresses: all.filter((name) => name.tag === addressTag).length, uris: texts(uriTag) };
}
