import { X509Certificate } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { certificateRequest } from "../../test/certificate-request.ts";
import { startInProcessServer } from "../../test/in-process-server.ts";
import type { InProcessServer } from "../../test/in-process-server.ts";
import { certificateSigningRequests, clusterRoleBindings, clusterRoles } from "../api/kinds.ts";
import type { CertificateSigningRequest, CertificateSigningRequestSpec } from "../api/types/certificates-v1.ts";
import { startCertificateSigningController } from "../controllers/certificate-signing/controller.ts";
import type { UserInfo } from "../server/request.ts";
import { createCertificateSigner } from "./certificate-signer.ts";
import { createCertificates } from "./certificates.ts";

/** From the wish for a certificate to the certificate: the API, the rights, the signer. */
const { authority } = createCertificates();
const clientSigner = "kubernetes.io/kube-apiserver-client";
const alice: UserInfo = { name: "alice", groups: ["dev", "system:authenticated"], extra: { scopes: ["a"] } };

const wish = (subject: { commonName: string; organizations?: readonly string[] }, names: readonly string[] = [], forged = false): string => certificateRequest(subject, { names, forged }).request;

let cluster: InProcessServer;
beforeEach(async () => {
  cluster = await startInProcessServer();
  startCertificateSigningController(cluster.context, { signer: createCertificateSigner(authority) });
  await cluster.settle();
});

const spec = (request: string, more: Partial<CertificateSigningRequestSpec> = {}): Partial<CertificateSigningRequestSpec> => ({ request, signerName: clientSigner, usages: ["client auth"], ...more });
const approved = { type: "Approved", status: "True", reason: "Test" };

async function decide(name: string, ...types: readonly string[]): Promise<CertificateSigningRequest> {
  const standing = await cluster.client.get(certificateSigningRequests, { name });
  const conditions = [...(standing.status.conditions ?? []), ...types.map((type) => ({ ...approved, type }))];
  return await cluster.client.update(certificateSigningRequests, { ...standing, status: { conditions } }, { subresource: "approval" });
}

async function ended(name: string): Promise<CertificateSigningRequest> {
  await cluster.settle();
  return await cluster.client.get(certificateSigningRequests, { name });
}

describe("a request", () => {
  test("says who made it, whatever it claims, and is decided by nobody yet", async () => {
    const { as, client } = cluster;
    const group = "rbac.authorization.k8s.io";
    await client.create(clusterRoles, { metadata: { name: "ask" }, rules: [{ apiGroups: ["certificates.k8s.io"], resources: ["certificatesigningrequests"], verbs: ["create"] }] });
    await client.create(clusterRoleBindings, { metadata: { name: "ask" }, roleRef: { apiGroup: group, kind: "ClusterRole", name: "ask" }, subjects: [{ kind: "User", name: "alice", apiGroup: group }] });
    const made = await as(alice).create(certificateSigningRequests, { metadata: { name: "a" }, spec: spec(wish({ commonName: "a" }), { username: "kubernetes-admin", groups: ["system:masters"], uid: "1" }), status: { conditions: [approved] } });
    expect(made.spec).toMatchObject({ username: "alice", groups: ["dev", "system:authenticated"], extra: { scopes: ["a"] } });
    expect(made.spec.uid).toBeUndefined();
    expect(made.status).toEqual({});
  });

  test("for an administrator is refused", async () => {
    const asked = cluster.client.create(certificateSigningRequests, { metadata: { name: "a" }, spec: spec(wish({ commonName: "a", organizations: ["dev", "system:masters"] })) });
    await expect(asked).rejects.toThrow(`certificatesigningrequests.certificates.k8s.io "a" is forbidden: use of ${clientSigner} signer with system:masters group is not allowed`);
  });

  test("is approved by its own door only, once, and by who may approve for its signer", async () => {
    const { as, client } = cluster;
    await client.create(certificateSigningRequests, { metadata: { name: "a" }, spec: spec(wish({ commonName: "a" }), { signerName: "example.com/other" }) });
    const standing = await client.get(certificateSigningRequests, { name: "a" });
    await expect(client.update(certificateSigningRequests, { ...standing, status: { conditions: [approved] } }, { subresource: "status" })).rejects.toThrow('updates may not add a condition of type "Approved"');
    await expect(client.update(certificateSigningRequests, { ...standing, status: { certificate: "YQ==" } }, { subresource: "approval" })).resolves.toMatchObject({ status: {} });
    const rules = [{ apiGroups: ["certificates.k8s.io"], resources: ["certificatesigningrequests/approval", "certificatesigningrequests/status"], verbs: ["update"] }];
    const group = "rbac.authorization.k8s.io";
    await client.create(clusterRoles, { metadata: { name: "decide" }, rules });
    await client.create(clusterRoleBindings, { metadata: { name: "decide" }, roleRef: { apiGroup: group, kind: "ClusterRole", name: "decide" }, subjects: [{ kind: "User", name: "alice", apiGroup: group }] });
    await expect(as(alice).update(certificateSigningRequests, { ...standing, status: { conditions: [approved] } }, { subresource: "approval" })).rejects.toThrow('user not permitted to approve requests with signerName "example.com/other"');
    await expect(as(alice).update(certificateSigningRequests, { ...standing, status: { certificate: "YQ==" } }, { subresource: "status" })).rejects.toThrow('user not permitted to sign requests with signerName "example.com/other"');
    await client.patch(clusterRoles, { name: "decide" }, { type: "merge", body: { rules: [...rules, { apiGroups: ["certificates.k8s.io"], resources: ["signers"], resourceNames: ["example.com/*"], verbs: ["approve"] }] } });
    const decided = await as(alice).update(certificateSigningRequests, { ...standing, status: { conditions: [approved] } }, { subresource: "approval" });
    expect(decided.status.conditions).toMatchObject([{ type: "Approved", lastUpdateTime: "2026-01-01T00:00:00Z", lastTransitionTime: "2026-01-01T00:00:00Z" }]);
    await expect(decide("a", "Denied")).rejects.toThrow("Approved and Denied conditions are mutually exclusive");
    await expect(client.update(certificateSigningRequests, { ...decided, status: {} }, { subresource: "approval" })).rejects.toThrow('updates may not remove a condition of type "Approved"');
    expect((await ended("a")).status.certificate).toBeUndefined();
  });
});

describe("the signer", () => {
  const certificateOf = ({ status }: CertificateSigningRequest): X509Certificate => new X509Certificate(Buffer.from(status.certificate ?? "", "base64"));

  test("signs what is approved, for as long as was asked, for the asker's key", async () => {
    await cluster.client.create(certificateSigningRequests, { metadata: { name: "a" }, spec: spec(wish({ commonName: "alice", organizations: ["dev"] }), { expirationSeconds: 3600, usages: ["client auth", "digital signature"] }) });
    expect((await ended("a")).status.certificate).toBeUndefined();
    await decide("a", "Approved");
    const certificate = certificateOf(await ended("a"));
    expect(certificate.subject).toBe("O=dev\nCN=alice");
    expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
    expect(certificate.ca).toBe(false);
    expect(certificate.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
    expect(Date.parse(certificate.validTo) - Date.now()).toBeLessThanOrEqual(3600_000);
  });

  test("signs for kubelets under their names", async () => {
    const node = { commonName: "system:node:n1", organizations: ["system:nodes"] };
    await cluster.client.create(certificateSigningRequests, { metadata: { name: "n" }, spec: spec(wish(node, ["n1", "n1.example"]), { signerName: "kubernetes.io/kubelet-serving", usages: ["server auth", "digital signature"] }) });
    await decide("n", "Approved");
    const certificate = certificateOf(await ended("n"));
    expect(certificate.subjectAltName).toBe("DNS:n1, DNS:n1.example");
  });

  test.each([
    ["a node without names", wish({ commonName: "system:node:n1", organizations: ["system:nodes"] }), { signerName: "kubernetes.io/kubelet-serving", usages: ["server auth", "digital signature"] }, "DNS or IP subjectAltName is required"],
    ["no node", wish({ commonName: "n1" }, ["n1"]), { signerName: "kubernetes.io/kubelet-serving", usages: ["server auth"] }, "subject organization is not system:nodes"],
    ["other uses", wish({ commonName: "a" }), { usages: ["server auth"] }, "invalid usage for client certificate: server auth"],
    ["a key that somebody else holds", wish({ commonName: "a" }, [], true), {}, "the request is not signed by the key that it is for"],
  ] as const)("does not sign for %s", async (_what, request, more, message) => {
    await cluster.client.create(certificateSigningRequests, { metadata: { name: "a" }, spec: spec(request, more as Partial<CertificateSigningRequestSpec>) });
    await decide("a", "Approved");
    const { status } = await ended("a");
    expect(status.certificate).toBeUndefined();
    expect(status.conditions?.at(-1)).toMatchObject({ type: "Failed", status: "True", reason: "SignerValidationFailure", message });
  });

  test("signs nothing that is denied", async () => {
    await cluster.client.create(certificateSigningRequests, { metadata: { name: "a" }, spec: spec(wish({ commonName: "a" })) });
    await decide("a", "Denied");
    expect((await ended("a")).status.certificate).toBeUndefined();
  });
});
