import { expect, test } from "vitest";
import { pods } from "../api/kinds.ts";
import type { Pod } from "../api/types/core-v1.ts";
import { createCluster } from "../node/create-cluster.ts";
import type { NodeCluster } from "../node/create-cluster.ts";

/** What a Pod finds of the API: its namespace, the authority, and a token that the server believes. */
const place = "/var/run/secrets/kubernetes.io/serviceaccount";

async function printed(cluster: NodeCluster, spec: object, command: string): Promise<string> {
  const pod = { metadata: { name: "p", namespace: "default" }, spec: { restartPolicy: "Never", containers: [{ name: "c", image: "busybox", command: ["sh", "-c", command], ...spec }] } };
  await cluster.client.create<Pod>(pods, pod as never);
  await cluster.runUntil(async () => (await cluster.client.get(pods, { namespace: "default", name: "p" })).status.phase === "Succeeded");
  return cluster.logs("p");
}

async function whoami({ server }: NodeCluster, token: string): Promise<{ status: number; text: string }> {
  const { status, body } = await server.handle({
    method: "POST",
    path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    query: "",
    headers: {},
    body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" } as never,
    credentials: { type: "token", token },
    wants: "object",
  });
  return { status, text: body.type === "object" ? JSON.stringify(body.object) : "" };
}

test("a Pod finds its namespace, the cluster's certificate and a token of its own", async () => {
  await using cluster = await createCluster({ nodes: 1 });
  const text = await printed(cluster, {}, `cat ${place}/namespace; echo; head -1 ${place}/ca.crt; cat ${place}/token`);
  const [namespace, authority, token = ""] = text.split("\n");
  expect(namespace).toBe("default");
  expect(authority).toBe("-----BEGIN CERTIFICATE-----");
  const answer = await whoami(cluster, token);
  expect(answer.status).toBe(201);
  expect(answer.text).toContain('"username":"system:serviceaccount:default:default"');
  expect(answer.text).toContain('"authentication.kubernetes.io/pod-name":["p"]');
  expect(answer.text).toContain('"authentication.kubernetes.io/node-name":["local-control-plane"]');
  await cluster.client.delete(pods, { namespace: "default", name: "p" }, { gracePeriodSeconds: 0 });
  expect((await whoami(cluster, token)).status).toBe(401);
});
