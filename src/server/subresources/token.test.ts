import { expect, test } from "vitest";
import { nodes, pods, serviceAccounts } from "../../api/kinds.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { TokenRequest, TokenRequestSpec } from "../../api/types/authentication-v1.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { ApiResponse } from "../request.ts";
import { parseToken } from "../tokens/token-signer.ts";
import type { TokenClaims } from "../tokens/token-signer.ts";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../test/in-process-server.ts";

const api = "https://kubernetes.default.svc.cluster.local";

type Answer = TokenRequest & { readonly status: { readonly token: string } };

async function request({ client }: InProcessServer, spec: Partial<TokenRequestSpec>, name = "default"): Promise<Answer> {
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", metadata: { name, namespace: "default" }, spec };
  return (await client.create<KubeObject>(serviceAccounts as never, body as never, { subresource: "token" })) as unknown as Answer;
}

function claimsOf(answer: Answer): TokenClaims {
  const parsed = parseToken(answer.status.token);
  if (parsed === undefined) throw new Error("not a token");
  return parsed.claims;
}

/** Asks who the bearer of a token is. */
async function whoami({ server }: InProcessServer, token: string): Promise<ApiResponse> {
  return server.handle({
    method: "POST",
    path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    query: "",
    headers: {},
    body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" } as never,
    credentials: { type: "token", token },
    wants: "object",
  });
}

async function userOf(cluster: InProcessServer, token: string): Promise<unknown> {
  const { status, body } = await whoami(cluster, token);
  if (status !== 201 || body.type !== "object") return status;
  return (body.object as unknown as { status: { userInfo: unknown } }).status.userInfo;
}

async function podOn(cluster: InProcessServer, nodeName: string): Promise<Pod> {
  await cluster.client.create(nodes, { metadata: { name: nodeName } });
  const pod = { metadata: { name: "p", namespace: "default" }, spec: { nodeName, terminationGracePeriodSeconds: 0, containers: [{ name: "c", image: "busybox" }] } };
  return cluster.client.create<Pod>(pods, pod);
}

test("gives out a token whose claims name the account, for the API server, for an hour", async () => {
  const cluster = await startInProcessServer({ now: Date.UTC(2026, 0, 1) });
  const answer = await request(cluster, {});
  expect(answer.spec).toEqual({ audiences: [api], expirationSeconds: 3600, boundObjectRef: null });
  expect(answer.status.expirationTimestamp).toBe("2026-01-01T01:00:00Z");
  const now = Date.UTC(2026, 0, 1) / 1000;
  const account = await cluster.client.get(serviceAccounts, { namespace: "default", name: "default" });
  expect(claimsOf(answer)).toMatchObject({
    aud: [api],
    exp: now + 3600,
    iat: now,
    iss: api,
    "kubernetes.io": { namespace: "default", serviceaccount: { name: "default", uid: account.metadata.uid } },
    nbf: now,
    sub: "system:serviceaccount:default:default",
  });
});

test("its bearer is the account", async () => {
  const cluster = await startInProcessServer();
  const answer = await request(cluster, {});
  const account = await cluster.client.get(serviceAccounts, { namespace: "default", name: "default" });
  expect(await userOf(cluster, answer.status.token)).toEqual({
    username: "system:serviceaccount:default:default",
    uid: account.metadata.uid,
    groups: ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"],
    extra: { "authentication.kubernetes.io/credential-id": [`JTI=${claimsOf(answer).jti}`] },
  });
});

test("counts until it expires by the cluster's clock", async () => {
  const cluster = await startInProcessServer();
  const { status } = await request(cluster, { expirationSeconds: 600 });
  await cluster.advance(600_000);
  expect(await userOf(cluster, status.token)).toMatchObject({ username: "system:serviceaccount:default:default" });
  await cluster.advance(1000);
  expect(await userOf(cluster, status.token)).toBe(401);
});

test("a token of the injected volume counts for a year and is renewed after an hour", async () => {
  const cluster = await startInProcessServer({ now: 0 });
  const answer = await request(cluster, { expirationSeconds: 3607 });
  expect(answer.status.expirationTimestamp).toBe("1970-01-01T01:00:07Z");
  expect(claimsOf(answer)).toMatchObject({ exp: 365 * 24 * 3600, "kubernetes.io": { warnafter: 3607 } });
});

test("is bound to a Pod and its node, and does not count without that Pod", async () => {
  const cluster = await startInProcessServer();
  const pod = await podOn(cluster, "n1");
  const { status } = await request(cluster, { boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "p", uid: pod.metadata.uid } });
  const { extra } = (await userOf(cluster, status.token)) as { extra: { [key: string]: string[] } };
  expect(extra["authentication.kubernetes.io/pod-name"]).toEqual(["p"]);
  expect(extra["authentication.kubernetes.io/pod-uid"]).toEqual([pod.metadata.uid]);
  expect(extra["authentication.kubernetes.io/node-name"]).toEqual(["n1"]);
  await cluster.client.delete(pods, { namespace: "default", name: "p" }, { gracePeriodSeconds: 0 });
  expect(await userOf(cluster, status.token)).toBe(401);
});

test("does not count for an account of the same name that came later", async () => {
  const cluster = await startInProcessServer();
  const name = { namespace: "default", name: "robot" };
  await cluster.client.create(serviceAccounts, { metadata: name });
  const { status } = await request(cluster, {}, "robot");
  await cluster.client.delete(serviceAccounts, name);
  expect(await userOf(cluster, status.token)).toBe(401);
  await cluster.client.create(serviceAccounts, { metadata: name });
  expect(await userOf(cluster, status.token)).toBe(401);
});

test("neither a token for somebody else nor a forged one counts", async () => {
  const cluster = await startInProcessServer();
  const foreign = await request(cluster, { audiences: ["vault"] });
  expect(await userOf(cluster, foreign.status.token)).toBe(401);
  const { token } = (await request(cluster, {})).status;
  const [header = "", claims = "", signature = ""] = token.split(".");
  for (const forged of ["", "x", `${header}.${claims}.`, `${header}.${claims}.${signature.slice(1)}A`, `${header}.${claims.slice(1)}.${signature}`]) {
    expect(await userOf(cluster, forged), forged).toBe(401);
  }
});

const refusals: readonly (readonly [Partial<TokenRequestSpec>, string])[] = [
  [{ expirationSeconds: 599 }, 'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes'],
  [{ expirationSeconds: 2 ** 32 + 1 }, "may not specify a duration larger than 2^32 seconds"],
  [{ boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "none" } }, 'pods "none" not found'],
  [{ boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "p", uid: "other" } }, "the UID in the bound object reference (other) does not match the UID in record."],
  [{ boundObjectRef: { apiVersion: "apps/v1", kind: "Deployment", name: "d" } }, "cannot bind token to object of type apps/v1, Kind=Deployment"],
];

test.each(refusals)("refuses %j", async (spec, why) => {
  const cluster = await startInProcessServer();
  await podOn(cluster, "n1");
  await expect(request(cluster, spec)).rejects.toThrow(why);
});

test("refuses an account that is not there, or not that of the Pod", async () => {
  const cluster = await startInProcessServer();
  await podOn(cluster, "n1");
  await expect(request(cluster, {}, "nobody")).rejects.toThrow('serviceaccounts "nobody" not found');
  await cluster.client.create(serviceAccounts, { metadata: { name: "robot", namespace: "default" } });
  const bound = { boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "p" } };
  await expect(request(cluster, bound, "robot")).rejects.toThrow('cannot bind token for serviceaccount "robot" to pod running with different serviceaccount name.');
});

test("a node has tokens for its own Pods only, and for what these name", async () => {
  const cluster = await startInProcessServer();
  const pod = await podOn(cluster, "n1");
  const as = (name: string): InProcessServer => ({ ...cluster, client: cluster.as({ name: `system:node:${name}`, groups: ["system:nodes", "system:authenticated"] }) });
  const boundObjectRef = { apiVersion: "v1", kind: "Pod", name: "p", uid: pod.metadata.uid };
  await expect(request(as("n1"), { boundObjectRef })).resolves.toBeDefined();
  await expect(request(as("n1"), {})).rejects.toThrow("node requested token not bound to a pod");
  await expect(request(as("n1"), { boundObjectRef, audiences: ["vault"] })).rejects.toThrow('audience "vault" not found in pod spec volume, system:node:n1 is not authorized to request tokens for this audience');
  await expect(request(as("n2"), { boundObjectRef })).rejects.toThrow("no relationship found between node 'n2' and this object");
});

test("a review says whose a token is, or why it does not count", async () => {
  const cluster = await startInProcessServer();
  const ref = { group: "authentication.k8s.io", version: "v1", apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", plural: "tokenreviews", namespaced: false };
  const review = async (spec: object): Promise<unknown> => ((await cluster.client.create(ref, { apiVersion: ref.apiVersion, kind: ref.kind, spec } as never)) as unknown as { status: unknown }).status;
  const { token } = (await request(cluster, { audiences: ["vault", api] })).status;
  expect(await review({ token })).toMatchObject({ authenticated: true, user: { username: "system:serviceaccount:default:default" }, audiences: [api] });
  expect(await review({ token, audiences: ["vault", "other"] })).toMatchObject({ authenticated: true, audiences: ["vault"] });
  expect(await review({ token, audiences: ["other"] })).toMatchObject({ error: expect.stringContaining("invalid for the target audiences") as string });
  expect(await review({ token: "x" })).toEqual({ user: {}, error: "invalid bearer token" });
  await expect(review({})).rejects.toThrow("token is required for TokenReview in authentication");
});
