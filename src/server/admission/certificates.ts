import type { Draft } from "../../base/json.ts";
import { forbidden } from "../../base/status-error.ts";
import { formatTime } from "../../base/time.ts";
import { CertificateRequestError, readCertificateRequest } from "../../api/certificates/certificate-request.ts";
import { stampConditions } from "../../api/certificates/decisions.ts";
import { apiServerClientSigner } from "../../api/certificates/signers.ts";
import { equalJson } from "../../api/schema/json-data.ts";
import type { CertificateSigningRequest } from "../../api/types/certificates-v1.ts";
import type { Authorizer } from "../authorize.ts";
import type { AdmissionPlugin, AdmissionRequest } from "./admission.ts";

/**
 * Who asks for certificates, who approves and who signs them. A request says who made it, whatever its body claims: signers believe that.
 * Approving and signing each need a right over the signer, beside the right to write the object.
 */
const group = "certificates.k8s.io";

function isRequest({ kind: { facts } }: AdmissionRequest): boolean {
  return facts.kind === "CertificateSigningRequest" && facts.group === group;
}

/** Sets who asks, and when conditions came to be. */
export const certificateRequester: AdmissionPlugin = {
  name: "CertificateRequester",
  mutate(request, view) {
    if (!isRequest(request) || request.object === undefined) return;
    const object = request.object as unknown as Draft<CertificateSigningRequest>;
    if (request.operation === "CREATE") {
      const { username: _username, uid: _uid, groups: _groups, extra: _extra, ...asked } = object.spec ?? {};
      const { name, uid, groups, extra } = request.user;
      object.spec = { ...asked, username: name, ...(uid === undefined ? {} : { uid }), groups: [...groups], ...(extra === undefined ? {} : { extra: structured(extra) }) } as typeof object.spec;
    } else if (request.subresource !== "" && request.old !== undefined) stampConditions(object, request.old as CertificateSigningRequest, formatTime(view.now()));
  },
};

function structured(extra: { readonly [key: string]: readonly string[] }): { [key: string]: string[] } {
  return Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]]));
}

/** CertificateSubjectRestriction: nobody becomes an administrator by a certificate for clients. */
const certificateSubjectRestriction: AdmissionPlugin = {
  name: "CertificateSubjectRestriction",
  validate(request) {
    if (!isRequest(request) || request.operation !== "CREATE" || request.subresource !== "") return;
    const { spec } = request.object as unknown as CertificateSigningRequest;
    if (spec.signerName !== apiServerClientSigner) return;
    if (organizationsOf(request, spec.request).includes("system:masters")) {
      throw forbidden(request.kind.facts, request.name, `use of ${apiServerClientSigner} signer with system:masters group is not allowed`);
    }
  },
};

function organizationsOf(request: AdmissionRequest, text: string): readonly string[] {
  try {
    return readCertificateRequest(text).organizations;
  } catch (error) {
    if (!(error instanceof CertificateRequestError)) throw error;
    throw forbidden(request.kind.facts, request.name, `failed to parse CSR: ${error.message}`);
  }
}

/** CertificateApproval and CertificateSigning. */
function certificateRights(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: "CertificateRights",
    validate(request) {
      if (!isRequest(request) || request.operation !== "UPDATE" || request.subresource === "") return;
      const [object, old] = [request.object as unknown as CertificateSigningRequest, request.old as CertificateSigningRequest];
      const { signerName } = old.spec;
      if (request.subresource === "approval") {
        if (!mayFor(authorizer, request, "approve", signerName)) throw forbidden(request.kind.facts, request.name, `user not permitted to approve requests with signerName ${JSON.stringify(signerName)}`);
        return;
      }
      const same = (object.status.certificate ?? "") === (old.status.certificate ?? "") && equalJson(object.status.conditions ?? [], old.status.conditions ?? []);
      if (!same && !mayFor(authorizer, request, "sign", signerName)) throw forbidden(request.kind.facts, request.name, `user not permitted to sign requests with signerName ${JSON.stringify(signerName)}`);
    },
  };
}

/** The right to one signer, or to all of its domain. */
function mayFor(authorizer: Authorizer, { user }: AdmissionRequest, verb: "approve" | "sign", signer: string): boolean {
  const names = [signer, `${signer.slice(0, signer.indexOf("/"))}/*`];
  return names.some((name) => authorizer.allows(user, { type: "resource", verb, group, version: "*", namespace: "", resource: "signers", subresource: "", name, rest: "", watchPath: false }));
}

export function certificatePlugins(authorizer: Authorizer): readonly AdmissionPlugin[] {
  return [certificateRequester, certificateRights(authorizer), certificateSubjectRestriction];
}
