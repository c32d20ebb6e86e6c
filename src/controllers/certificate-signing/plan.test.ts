import fc from "fast-check";
import { expect, test } from "vitest";
import { certificateRequest } from "../../../test/certificate-request.ts";
import type { CertificateSigningRequest } from "../../api/types/certificates-v1.ts";
import type { CertificateSigner } from "./plan.ts";
import { signedStatus } from "./plan.ts";

const { request: good } = certificateRequest({ commonName: "jane" });
const signers = fc.constantFrom("kubernetes.io/kube-apiserver-client", "kubernetes.io/kube-apiserver-client", "kubernetes.io/kube-apiserver-client", "kubernetes.io/kube-apiserver-client-kubelet", "example.com/other");
const approved: fc.Arbitrary<{ type: string; status: string }[]> = fc.constant([{ type: "Approved", status: "True" }]);
const anyConditions = fc.uniqueArray(fc.record({ type: fc.constantFrom("Approved", "Denied", "Failed", "Mine"), status: fc.constantFrom("True", "True", "False") }), { selector: ({ type }) => type });
const conditions: fc.Arbitrary<{ type: string; status: string }[]> = fc.oneof(approved, anyConditions);
const wishes = fc.record({
  signerName: signers, request: fc.constantFrom(good, good, "bm90IGEgcmVxdWVzdA=="), usages: fc.subarray(["client auth", "digital signature", "server auth"]),
  expirationSeconds: fc.option(fc.oneof(fc.integer({ min: 1, max: 1200 }), fc.integer({ min: 1, max: 10 ** 9 })), { nil: undefined }), conditions, certificate: fc.constantFrom(undefined, undefined, "UEVN"),
});

test("only what is approved and neither denied, failed nor done is answered, once: with a certificate of a bounded life, or with one reason why not; what others said stays", () => {
  fc.assert(
    fc.property(wishes, fc.boolean(), ({ conditions: said, certificate, ...spec }, refuses) => {
      const lives: number[] = [];
      const signer: CertificateSigner = { sign: (_, { validSeconds }) => (lives.push(validSeconds), refuses ? undefined : "PEM") };
      const wish = { metadata: { name: "w" }, spec, status: { conditions: said, ...(certificate && { certificate }) } } as unknown as CertificateSigningRequest;
      const is = (type: string): boolean => said.some((condition) => condition.type === type && condition.status === "True");
      const status = signedStatus(wish, signer);
      expect(status !== undefined).toBe(spec.signerName !== "example.com/other" && is("Approved") && !is("Denied") && !is("Failed") && certificate === undefined);
      if (status === undefined) expect(lives).toEqual([]);
      if (status === undefined) return;
      expect(status.conditions?.slice(0, said.length)).toEqual(said);
      const allowed = spec.request === good && spec.signerName === "kubernetes.io/kube-apiserver-client" && spec.usages.includes("client auth") && !spec.usages.includes("server auth");
      expect(status.certificate).toBe(allowed && !refuses ? "UEVN" : undefined);
      expect(status.conditions?.slice(said.length).map(({ type, reason }) => [type, reason])).toEqual(allowed && !refuses ? [] : [["Failed", "SignerValidationFailure"]]);
      for (const life of lives) expect(life).toBe(Math.min(Math.max(spec.expirationSeconds ?? Infinity, 600), 365 * 24 * 3600));
      expect(signedStatus({ ...wish, status }, signer)).toBeUndefined();
    }),
    // Few are signed at all.
    { numRuns: 1000 },
  );
});
