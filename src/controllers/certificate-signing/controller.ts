import { encodeBase64 } from "../../base/base64.ts";
import { isStatus } from "../../base/status-error.ts";
import { CertificateRequestError, readCertificateRequest } from "../../api/certificates/certificate-request.ts";
import type { CertificateRequest } from "../../api/certificates/certificate-request.ts";
import { isClusterSigner, signerProblem } from "../../api/certificates/signers.ts";
import { certificateSigningRequests } from "../../api/kinds.ts";
import type { CertificateSigningRequest, CertificateSigningRequestStatus } from "../../api/types/certificates-v1.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import { Reconciler } from "../../client/reconciler.ts";

/** What holds the key of the cluster's certificate authority. */
export interface CertificateSigner {
  /** The certificate, PEM; undefined when the request is not signed by the key that it is for. */
  sign(request: CertificateRequest, terms: { readonly usages: readonly string[]; readonly validSeconds: number }): string | undefined;
}

/** Upstream's `--cluster-signing-duration`, and the least that a request may ask for. */
const [secondsMax, secondsMin] = [365 * 24 * 60 * 60, 10 * 60];

/** Signs what has been approved for the signers of the cluster itself; what they do not sign fails, with the reason. */
export function startCertificateSigningController(context: ControllerContext, options: { readonly signer: CertificateSigner }): Controller {
  const { environment, informers } = context;
  const client = context.client("certificate-controller");
  const requests = informers.of(certificateSigningRequests);
  const synced = informers.synced();

  async function sync(name: string): Promise<void> {
    await synced;
    const wish = requests.get(name);
    if (wish === undefined || !isDue(wish)) return;
    const status = { ...wish.status, ...outcome(wish, options.signer) };
    try {
      await client.update(certificateSigningRequests, { ...wish, status }, { subresource: "status" });
    } catch (error) {
      // Its next change brings the key back.
      if (!isStatus(error, "NotFound")) throw error;
    }
  }

  const queue = new Reconciler({ name: "certificate-signing", environment, reconcile: sync });
  const stop = requests.onChange((current) => {
    if (current) queue.add(current.metadata.name);
  });
  return {
    stop() {
      stop();
      queue.stop();
    },
  };
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
