import { X509Certificate, createPrivateKey } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createCertificates, createClientCertificate } from "./certificates.ts";
import { identifier, integer, time } from "./der.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe("DER", () => {
  test.each([
    ["a small integer", integer(Uint8Array.of(2)), "020102"],
    ["an integer whose first bit is set", integer(Uint8Array.of(0x80)), "02020080"],
    ["an integer with leading zeros", integer(Uint8Array.of(0, 0, 1)), "020101"],
    ["an object identifier", identifier("1.2.840.10045.4.3.2"), "06082a8648ce3d040302"],
    ["a time before 2050", time(Date.UTC(2026, 0, 2, 3, 4, 5)), `170d${hex(Buffer.from("260102030405Z"))}`],
    ["a time from 2050 on", time(Date.UTC(2050, 0, 2, 3, 4, 5)), `180f${hex(Buffer.from("20500102030405Z"))}`],
  ])("%s", (_name, bytes, expected) => expect(hex(bytes)).toBe(expected));
});

describe("certificates of a cluster", () => {
  const made = createCertificates({ names: ["local-control-plane", "172.18.0.2"] });
  const authority = new X509Certificate(made.authority.certificate);
  const server = new X509Certificate(made.server.certificate);
  const admin = new X509Certificate(made.admin.certificate);

  test("the authority signs itself, the server and the administrator", () => {
    expect(authority.ca).toBe(true);
    for (const certificate of [authority, server, admin]) {
      expect(certificate.verify(authority.publicKey)).toBe(true);
      expect(certificate.checkIssued(authority)).toBe(true);
    }
    expect(server.ca).toBe(false);
  });

  test("the server answers to its names and addresses, and to no other", () => {
    for (const name of ["localhost", "kubernetes.default.svc", "local-control-plane"]) expect(server.checkHost(name), name).toBe(name);
    for (const address of ["127.0.0.1", "10.96.0.1", "172.18.0.2"]) expect(server.checkIP(address), address).toBe(address);
    expect(server.subjectAltName).toContain("IP Address:0:0:0:0:0:0:0:1");
    expect(server.checkHost("example.com")).toBeUndefined();
  });

  test("the administrator is in system:masters", () => {
    expect(admin.subject).toBe("O=system:masters\nCN=kubernetes-admin");
    expect(admin.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
  });

  test("each key belongs to its certificate, and two clusters share nothing", () => {
    const other = createCertificates();
    expect(server.publicKey.equals(authority.publicKey)).toBe(false);
    expect(new X509Certificate(other.server.certificate).verify(authority.publicKey)).toBe(false);
    expect(admin.checkPrivateKey(createPrivateKey(made.admin.key))).toBe(true);
  });

  test("a key says in its first line that it is one of elliptic curves", () => {
    expect(made.admin.key).toMatch(/^-----BEGIN EC PRIVATE KEY-----\n[^]*-----END EC PRIVATE KEY-----\n$/);
  });

  test("the authority signs further clients, with several organizations", () => {
    const pair = createClientCertificate(made.authority, { commonName: "jane", organizations: ["dev", "ops"] });
    const jane = new X509Certificate(pair.certificate);
    expect(jane.verify(authority.publicKey)).toBe(true);
    expect(jane.subject).toBe("O=dev\nO=ops\nCN=jane");
  });

  test("validity surrounds now", () => {
    expect(Date.parse(server.validFrom)).toBeLessThan(Date.now());
    expect(Date.parse(server.validTo)).toBeGreaterThan(Date.now() + 300 * 24 * 3600 * 1000);
  });
});
