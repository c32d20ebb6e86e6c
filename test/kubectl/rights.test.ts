import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Listening } from "../../src/node/create-cluster.ts";
import { certificateRequest } from "../certificate-request.ts";
import { kubectlCluster } from "./cluster.ts";
import type { KubectlCluster } from "./cluster.ts";
import { kubectl } from "./kubectl.ts";
import type { KubectlResult } from "./kubectl.ts";

/** Accounts, tokens, roles and questions about them, as people ask them with kubectl. */
let world: KubectlCluster;
let folder: string;
let listening: Listening;
let asBearer: (token: string, ...args: string[]) => Promise<KubectlResult>;

const run = (...args: string[]): Promise<KubectlResult> => world.kubectl(args);

beforeAll(async () => {
  world = await kubectlCluster({ nodes: 1 });
  folder = mkdtempSync(join(tmpdir(), "coracle-rights-"));
  listening = await world.cluster.listen();
  const { access } = listening;
  const authority = join(folder, "ca.crt");
  writeFileSync(authority, access.authority);
  asBearer = (token, ...args) => kubectl([`--server=${access.url}`, `--certificate-authority=${authority}`, `--token=${token}`, ...args]);
}, 60_000);

afterAll(async () => {
  await world[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

describe("who am I", () => {
  test("the administrator", async () => {
    const { stdout } = await run("auth", "whoami");
    expect(stdout).toMatch(/^ATTRIBUTE\s+VALUE\nUsername\s+kubernetes-admin\nGroups\s+\[system:masters system:authenticated\]\nExtra: authentication.kubernetes.io\/credential-id\s+\[X509SHA256=[0-9a-f]{64}\]\n$/);
  });

  test("an account, by a token for ten minutes", async () => {
    expect((await run("create", "serviceaccount", "robot")).stdout).toBe("serviceaccount/robot created\n");
    const token = (await run("create", "token", "robot", "--duration=10m")).stdout.trim();
    expect((await asBearer(token, "auth", "whoami")).stdout).toMatch(/Username\s+system:serviceaccount:default:robot\n/);
    await world.cluster.advance("11m");
    expect((await asBearer(token, "auth", "whoami")).stderr).toBe("error: You must be logged in to the server (Unauthorized)\n");
  });

  test("nobody, by a token that nobody gave out", async () => {
    const { exit, stderr } = await asBearer("a.b.c", "get", "pods");
    expect(exit).toBe(1);
    expect(stderr).toMatch(/error: You must be logged in to the server \(the server has asked for the client to provide credentials\)\n$/);
  });
});

test("somebody new, by a certificate that was asked for and approved", async () => {
  const { request, key } = certificateRequest({ commonName: "joe", organizations: ["dev"] });
  const wish = { apiVersion: "certificates.k8s.io/v1", kind: "CertificateSigningRequest", metadata: { name: "joe" }, spec: { request, signerName: "kubernetes.io/kube-apiserver-client", expirationSeconds: 86_400, usages: ["client auth"] } };
  expect((await world.kubectl(["create", "-f", "-"], { stdin: JSON.stringify(wish) })).stdout).toBe("certificatesigningrequest.certificates.k8s.io/joe created\n");
  expect((await run("get", "csr", "joe")).stdout).toMatch(/^NAME +AGE +SIGNERNAME +REQUESTOR +REQUESTEDDURATION +CONDITION\njoe +\S+ +kubernetes.io\/kube-apiserver-client +kubernetes-admin +24h +Pending\n$/);
  expect((await run("certificate", "approve", "joe")).stdout).toBe("certificatesigningrequest.certificates.k8s.io/joe approved\n");
  await world.cluster.settle();
  expect((await run("get", "csr", "joe", "--no-headers")).stdout).toMatch(/ Approved,Issued\n$/);
  const certificate = Buffer.from((await run("get", "csr", "joe", "-o", "jsonpath={.status.certificate}")).stdout, "base64");
  const [certificatePath, keyPath] = [join(folder, "joe.crt"), join(folder, "joe.key")];
  writeFileSync(certificatePath, certificate);
  writeFileSync(keyPath, key);
  const { access } = listening;
  const joe = await kubectl([`--server=${access.url}`, `--certificate-authority=${join(folder, "ca.crt")}`, `--client-certificate=${certificatePath}`, `--client-key=${keyPath}`, "auth", "whoami"]);
  expect(joe.stdout).toMatch(/Username +joe\nGroups +\[dev system:authenticated\]\n/);
});

test("a token too short-lived, or of an account that is not there, is refused", async () => {
  const short = await run("create", "token", "default", "--duration=5m");
  expect(short.stderr).toBe('error: failed to create token: TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 300: may not specify a duration less than 10 minutes\n');
  expect((await run("create", "token", "nobody")).stderr).toBe('error: failed to create token: serviceaccounts "nobody" not found\n');
});

describe("may I", () => {
  test("yes and no, with the exit code", async () => {
    expect(await run("auth", "can-i", "delete", "nodes")).toMatchObject({ exit: 0, stdout: expect.stringMatching(/yes\n$/) as string });
    expect(await run("auth", "can-i", "list", "pods", "--as=alice")).toMatchObject({ exit: 1, stdout: "no\n" });
  });

  test("what a role and its binding grant, and no more", async () => {
    await run("create", "role", "pod-reader", "--verb=get,list,watch", "--resource=pods");
    await run("create", "rolebinding", "alice-reads", "--role=pod-reader", "--user=alice");
    expect((await run("auth", "can-i", "list", "pods", "--as=alice")).stdout).toBe("yes\n");
    expect((await run("auth", "can-i", "list", "pods", "--as=alice", "-n", "kube-system")).stdout).toBe("no\n");
    expect((await run("get", "pods", "--as=alice")).stderr).toBe("No resources found in default namespace.\n");
    expect((await run("delete", "pod", "x", "--as=alice")).stderr).toBe(
      'Error from server (Forbidden): pods "x" is forbidden: User "alice" cannot delete resource "pods" in API group "" in the namespace "default"\n',
    );
  });

  test("all of it in a list", async () => {
    const { stdout } = await run("auth", "can-i", "--list", "--as=alice", "--as-group=system:authenticated");
    expect(stdout).toMatch(/^pods\s+\[\]\s+\[\]\s+\[get list watch\]$/m);
    expect(stdout).toMatch(/^selfsubjectreviews.authentication.k8s.io\s+\[\]\s+\[\]\s+\[create\]$/m);
    expect(stdout).toMatch(/^\s+\[\/healthz\]\s+\[\]\s+\[get\]$/m);
  });

  test("view, bound to an account", async () => {
    await run("create", "serviceaccount", "viewer");
    await run("create", "rolebinding", "viewer", "--clusterrole=view", "--serviceaccount=default:viewer");
    const account = "--as=system:serviceaccount:default:viewer";
    expect((await run("auth", "can-i", "get", "deployments.apps", account)).stdout).toBe("yes\n");
    expect((await run("auth", "can-i", "get", "secrets", account)).stdout).toBe("no\n");
  });
});

test("nobody grants what they do not hold", async () => {
  await run("create", "role", "author", "--verb=create", "--resource=roles.rbac.authorization.k8s.io");
  await run("create", "rolebinding", "author", "--role=author", "--user=bob");
  expect((await run("create", "role", "more", "--verb=delete", "--resource=pods", "--as=bob")).stderr).toBe(
    'Error from server (Forbidden): roles.rbac.authorization.k8s.io "more" is forbidden: user "bob" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}\n',
  );
});

test("the keys by which others check tokens", async () => {
  const answer = JSON.parse((await run("get", "--raw", "/.well-known/openid-configuration")).stdout) as { issuer: string };
  expect(answer).toMatchObject({ issuer: "https://kubernetes.default.svc.cluster.local", id_token_signing_alg_values_supported: ["ES256"] });
  const { keys } = JSON.parse((await run("get", "--raw", "/openid/v1/jwks")).stdout) as { keys: { kty: string; d?: string }[] };
  expect(keys).toEqual([expect.objectContaining({ kty: "EC", crv: "P-256", alg: "ES256", use: "sig" })]);
  expect(keys[0]?.d).toBeUndefined();
});
