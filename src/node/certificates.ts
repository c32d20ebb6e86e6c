/**
 * The certificates of one cluster: a certificate authority of its own, a server certificate for the API server, a client
 * certificate for the administrator. P-256 keys, made in a few milliseconds at each start; nothing trusts them but the kubeconfig that
 * goes with them. Validity follows the machine's clock, whatever the cluster's clock says.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { isIPv4 } from "node:net";
import { bits, boolean, explicit, identifier, implicit, integer, octets, sequence, set, time, utf8 } from "./der.ts";

/** Certificate and private key, PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface ClusterCertificates {
  readonly authority: KeyPair;
  readonly server: KeyPair;
  readonly admin: KeyPair;
}

interface Subject {
  readonly commonName: string;
  readonly organizations?: readonly string[];
}

interface Issuer {
  readonly subject: Subject;
  readonly key: KeyObject;
  readonly keyId: Uint8Array;
}

interface Profile {
  readonly subject: Subject;
  readonly validMs: number;
  readonly use: "authority" | "server" | "client";
  readonly names?: readonly string[];
}

const dayMs = 24 * 60 * 60 * 1000;
/** kubeadm's: ten years for authorities, one for what they sign. */
const authorityValidMs = 3650 * dayMs;
const leafValidMs = 365 * dayMs;
/** Clocks of one machine and its guests may differ by a little. */
const backdateMs = 5 * 60 * 1000;

export const ecdsaWithSha256 = sequence(identifier("1.2.840.10045.4.3.2"));
const extendedUse = { server: "1.3.6.1.5.5.7.3.1", client: "1.3.6.1.5.5.7.3.2" };

export function subjectName(subject: Subject): Uint8Array {
  const attribute = (type: string, text: string) => set(sequence(identifier(type), utf8(text)));
  return sequence(...(subject.organizations ?? []).map((text) => attribute("2.5.4.10", text)), attribute("2.5.4.3", subject.commonName));
}

/** Of names and addresses only those of IPv6 have a colon. Node's own test of them is a pattern that takes 4 ms to compile, at each start. */
const isAddress = (text: string): boolean => isIPv4(text) || text.includes(":");

/** The bytes of an IPv4 or IPv6 address. */
function addressBytes(address: string): Uint8Array {
  if (isIPv4(address)) return Uint8Array.from(address.split(".").map(Number));
  const [head = "", tail] = address.split("::");
  const groups = (text: string | undefined) => (text ? text.split(":") : []).map((group) => parseInt(group, 16));
  const [front, back] = [groups(head), groups(tail)];
  const all = tail === undefined ? front : [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

function extensions(profile: Profile, keyId: Uint8Array, issuerKeyId: Uint8Array): Uint8Array {
  const extension = (type: string, critical: boolean, content: Uint8Array) =>
    sequence(identifier(type), ...(critical ? [boolean(true)] : []), octets(content));
  const isAuthority = profile.use === "authority";
  const list = [
    extension("2.5.29.19", true, isAuthority ? sequence(boolean(true)) : sequence()),
    // keyCertSign and digitalSignature for an authority, digitalSignature for the others.
    extension("2.5.29.15", true, isAuthority ? bits(Uint8Array.of(0b10000100), 2) : bits(Uint8Array.of(0b10000000), 7)),
    extension("2.5.29.14", false, octets(keyId)),
    extension("2.5.29.35", false, sequence(implicit(0, issuerKeyId))),
  ];
  if (profile.use !== "authority") list.push(extension("2.5.29.37", false, sequence(identifier(extendedUse[profile.use]))));
  if (profile.names?.length) {
    const entries = profile.names.map((text) => (isAddress(text) ? implicit(7, addressBytes(text)) : implicit(2, Buffer.from(text))));
    list.push(extension("2.5.29.17", false, sequence(...entries)));
  }
  return explicit(3, sequence(...list));
}

export function pem(label: string, der: Uint8Array): string {
  const lines = Buffer.from(der).toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** Makes a key and a certificate for it, signed by `issuer`, or by itself when there is none. */
function issue(profile: Profile, issuer: Issuer | undefined): { pair: KeyPair; issuer: Issuer } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publicKeyInfo = publicKey.export({ type: "spki", format: "der" });
  const keyId = createHash("sha1").update(publicKeyInfo).digest();
  const self: Issuer = { subject: profile.subject, key: privateKey, keyId };
  const signer = issuer ?? self;
  const now = Date.now();
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const body = sequence(
    explicit(0, integer(Uint8Array.of(2))),
    integer(serial),
    ecdsaWithSha256,
    subjectName(signer.subject),
    sequence(time(now - backdateMs), time(now + profile.validMs)),
    subjectName(profile.subject),
    publicKeyInfo,
    extensions(profile, keyId, signer.keyId),
  );
  const signature = sign("sha256", body, signer.key);
  return {
    pair: {
      certificate: pem("CERTIFICATE", sequence(body, ecdsaWithSha256, bits(signature))),
      // The form whose first line names the algorithm: clients for Java take what is in any other for RSA.
      key: pem("EC PRIVATE KEY", privateKey.export({ type: "sec1", format: "der" })),
    },
    issuer: self,
  };
}

/** What every server certificate of a cluster is good for. */
const serverNames = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"];
const serverAddresses = ["127.0.0.1", "::1", "10.96.0.1"];

function issueServer(issuer: Issuer, more: readonly string[]): KeyPair {
  const names = [...serverNames, ...more.filter((text) => !isAddress(text)), ...serverAddresses, ...more.filter(isAddress)];
  return issue({ subject: { commonName: "kube-apiserver" }, validMs: leafValidMs, use: "server", names }, issuer).pair;
}

/**
 * Makes the certificates of a cluster. The server answers to the loopback, to the names of the `kubernetes` Service and its address,
 * and to `names` (node names, addresses); the administrator is in `system:masters`.
 */
export function createCertificates(options: { readonly names?: readonly string[] } = {}): ClusterCertificates {
  const authority = issue({ subject: { commonName: "kubernetes" }, validMs: authorityValidMs, use: "authority" }, undefined);
  const server = issueServer(authority.issuer, options.names ?? []);
  const subject = { commonName: "kubernetes-admin", organizations: ["system:masters"] };
  const admin = issue({ subject, validMs: leafValidMs, use: "client" }, authority.issuer);
  return { authority: authority.pair, server, admin: admin.pair };
}

function issuerOf(authority: KeyPair): Issuer {
  const key = createPrivateKey(authority.key);
  const keyId = createHash("sha1").update(createPublicKey(key).export({ type: "spki", format: "der" })).digest();
  return { subject: { commonName: "kubernetes" }, key, keyId };
}

/** A client certificate for somebody else, signed by the cluster's authority. */
export function createClientCertificate(authority: KeyPair, subject: { commonName: string; organizations?: readonly string[] }): KeyPair {
  return issue({ subject, validMs: leafValidMs, use: "client" }, issuerOf(authority)).pair;
}

/** The certificates with which a cluster answers at one more name or address. */
export function certificatesFor(certificates: ClusterCertificates, host: string): ClusterCertificates {
  if (serverNames.includes(host) || serverAddresses.includes(host)) return certificates;
  return { ...certificates, server: issueServer(issuerOf(certificates.authority), [host]) };
}
