import type { CertificateSigningRequestSpec } from "../types/certificates-v1.ts";
import type { CertificateRequest } from "./certificate-request.ts";

/** The signers of a cluster itself: what each of them signs. */
export const apiServerClientSigner = "kubernetes.io/kube-apiserver-client";
const kubeletClientSigner = "kubernetes.io/kube-apiserver-client-kubelet";
const kubeletServingSigner = "kubernetes.io/kubelet-serving";

type Judge = (request: CertificateRequest, usages: readonly string[]) => string | undefined;

const judges: { readonly [signer: string]: Judge } = {
  [apiServerClientSigner]: (_request, usages) => {
    const wrong = usages.find((usage) => !["digital signature", "key encipherment", "client auth"].includes(usage));
    if (wrong !== undefined) return `invalid usage for client certificate: ${wrong}`;
    return usages.includes("client auth") ? undefined : "missing required usage for client certificate: client auth";
  },
  [kubeletClientSigner]: (request, usages) => {
    const { dns, emails, addresses, uris } = request.names;
    if (!isOfNodes(request)) return "subject organization is not system:nodes";
    if (dns.length > 0) return "DNS subjectAltNames are not allowed";
    if (emails.length > 0) return "Email subjectAltNames are not allowed";
    if (addresses > 0) return "IP subjectAltNames are not allowed";
    if (uris.length > 0) return "URI subjectAltNames are not allowed";
    return namedAsNode(request) ?? usagesOf("client auth", usages);
  },
  [kubeletServingSigner]: (request, usages) => {
    const { dns, emails, addresses, uris } = request.names;
    if (!isOfNodes(request)) return "subject organization is not system:nodes";
    if (dns.length === 0 && addresses === 0) return "DNS or IP subjectAltName is required";
    if (emails.length > 0) return "Email subjectAltNames are not allowed";
    if (uris.length > 0) return "URI subjectAltNames are not allowed";
    return usagesOf("server auth", usages) ?? namedAsNode(request);
  },
};

export function isClusterSigner(name: string): boolean {
  return Object.hasOwn(judges, name);
}

/** Why a signer of the cluster does not sign; undefined: it does. */
export function signerProblem(spec: Pick<CertificateSigningRequestSpec, "signerName" | "usages">, request: CertificateRequest): string | undefined {
  return judges[spec.signerName]?.(request, spec.usages ?? []);
}

function isOfNodes({ organizations }: CertificateRequest): boolean {
  return organizations.length === 1 && organizations[0] === "system:nodes";
}

function namedAsNode({ commonName }: CertificateRequest): string | undefined {
  return commonName.startsWith("system:node:") ? undefined : "subject common name does not begin with system:node:";
}

/** Keys other than RSA encipher nothing, so that this usage may be missing. */
function usagesOf(purpose: "client auth" | "server auth", usages: readonly string[]): string | undefined {
  const required = [purpose, "digital signature", "key encipherment"].toSorted();
  const given = new Set([...usages, "key encipherment"]);
  return given.size === required.length && required.every((usage) => given.has(usage)) ? undefined : `usages did not match [${required.join(" ")}]`;
}
