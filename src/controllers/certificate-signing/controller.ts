import { isStatus } from "../../base/status-error.ts";
import { certificateSigningRequests } from "../../api/kinds.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { signedStatus } from "./plan.ts";
import type { CertificateSigner } from "./plan.ts";

/** Signs what has been approved for the signers of the cluster itself; what they do not sign fails, with the reason. */
export function startCertificateSigningController(context: ControllerContext, options: { readonly signer: CertificateSigner }): Controller {
  const { environment, informers } = context;
  const client = context.client("certificate-controller");
  const requests = informers.of(certificateSigningRequests);
  const synced = informers.synced();

  async function sync(name: string): Promise<void> {
    await synced;
    const wish = requests.get(name);
    const status = wish && signedStatus(wish, options.signer);
    if (wish === undefined || status === undefined) return;
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
