import { expect, test } from "vitest";
import { endpointSlices, endpoints, namespaces, services } from "../api/kinds.ts";
import { createCluster } from "../node/create-cluster.ts";

/** What the API server keeps up itself comes back after whoever deleted it: `kubectl delete service --all` does no lasting harm. */
const name = { namespace: "default", name: "kubernetes" };

test("the Service kubernetes and its addresses are back within ten seconds", async () => {
  await using cluster = await createCluster({ nodes: 1 });
  await cluster.advance("3s");
  const before = await cluster.client.get(services, name);
  for (const kind of [services, endpoints, endpointSlices]) await cluster.client.delete(kind, name).catch(() => undefined);
  await expect(cluster.client.get(services, name)).rejects.toThrow("not found");
  await cluster.advance("10s");
  const after = await cluster.client.get(services, name);
  expect(after.spec).toEqual(before.spec);
  expect(after.spec).toMatchObject({ clusterIP: "10.96.0.1", ports: [{ port: 443, targetPort: 6443 }] });
  expect(after.metadata).toMatchObject({ labels: before.metadata.labels });
  expect(after.metadata.uid).not.toBe(before.metadata.uid);
  expect((await cluster.client.get(endpoints, name)).subsets).toMatchObject([{ addresses: [{ ip: "172.18.0.2" }], ports: [{ port: 6443 }] }]);
  expect((await cluster.client.get(endpointSlices, name)).endpoints).toMatchObject([{ addresses: ["172.18.0.2"] }]);
  // Twice as well as once.
  await cluster.client.delete(services, name);
  await cluster.advance("10s");
  expect((await cluster.client.get(services, name)).spec.clusterIP).toBe("10.96.0.1");
});

test("a first namespace that may be deleted is back within a minute", async () => {
  await using cluster = await createCluster({ nodes: 1 });
  await cluster.client.delete(namespaces, { name: "kube-node-lease" });
  await cluster.advance("90s");
  expect(await cluster.client.get(namespaces, { name: "kube-node-lease" })).toMatchObject({ status: { phase: "Active" } });
});
