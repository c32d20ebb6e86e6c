import { encodeBase64 } from "../../base/base64.ts";
import { CertificateRequestError, readCertificateRequest } from "../../api/certificates/certificate-request.ts";
import type { CertificateRequest } from "../../api/certificates/certificate-request.ts";
import { isClusterSigner, signerProblem } from "../../api/certificates/signers.ts";
import type { CertificateSigningRequest, CertificateSigningRequestStatus } from "../../api/types/certificates-v1.ts";

/** What becomes of a request for a certificate: as pure as the signer is. */

/** What holds the key of the cluster's certificate authority. */
export interface CertificateSigner {
  /** The certificate, PEM; undefined when the request is not signed by the key that it is for. */
  sign(request: CertificateRequest, terms: { readonly usages: readonly string[]; readonly validSeconds: number }): string | undefined;
}

/** Upstream's `--cluster-signing-duration`, and the least that a request may ask for. */
const [secondsMax, secondsMin] = [365 * 24 * 60 * 60, 10 * 60];

/** The status with the certificate, or with the reason why there is none; undefined: it is not (or not yet, or no more) ours to sign. */
export function signedStatus(wish: CertificateSigningRequest, signer: CertificateSigner): CertificateSigningRequestStatus | undefined {
  return isDue(wish) ? { ...wish.status, ...outcome(wish, signer) } : undefined;
}

function isDue({ spec, status }: CertificateSigningRequest): boolean {
  const has = (type: string): boolean => status.conditions?.some((condition) => condition.type === type && condition.status === "True") ?? false;
  return isClusterSigner(spec.signerName) && has("Approved") && !has("Denied") && !has("Failed") && (status.certificate ?? "") === "";
}

function outcome({ spec, status }: CertificateSigningRequest, signer: CertificateSigner): CertificateSigningRequestStatus {
  const failed = (message: string): CertificateSigningRequestStatus => ({ conditions: [...(status.conditions ?? []), { type: "Failed", status: "True", reason: "SignerValidationFailure", message }] });
  let request: CertificateRequest;
  try {
    request = readCertificateRequest(spec.request);
  } catch (error) {
    if (!(error instanceof CertificateRequestError)) throw error;
    return failed(error.message);
  }
  const problem = signerProblem(spec, request);
  if (problem !== undefined) return failed(problem);
  const validSeconds = Math.min(Math.max(spec.expirationSeconds ?? secondsMax, secondsMin), secondsMax);
  const pem = signer.sign(request, { usages: spec.usages ?? [], validSeconds });
  return pem === undefined ? failed("the request is not signed by the key that it is for") : { certificate: encodeBase64(new TextEncoder().encode(pem)) };
}
