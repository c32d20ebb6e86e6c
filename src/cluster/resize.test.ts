import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { createCluster } from "../node/create-cluster.ts";
import type { NodeCluster as Cluster } from "../node/create-cluster.ts";
import { events, pods } from "../api/kinds.ts";
import type { Pod, ResourceRequirements } from "../api/types/core-v1.ts";

/** What a kubelet does with a Pod that is to have other resources while it runs. The node has 4 cores and 8 GiB. */
let cluster: Cluster;
beforeAll(async () => {
  cluster = await createCluster({ nodes: 1 });
});
afterAll(() => cluster.close());
afterEach(async () => {
  await cluster.client.deleteCollection(pods, { namespace: "default" });
  await cluster.advance("5s");
});

const restartForMemory = [{ resourceName: "memory", restartPolicy: "RestartContainer" }, { resourceName: "cpu", restartPolicy: "NotRequired" }];
const get = (name: string): Promise<Pod> => cluster.client.get(pods, { namespace: "default", name });

async function run(name: string, requests: { cpu: string; memory: string }): Promise<void> {
  const containers = [{ name: "c", image: "busybox", command: ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 1; done"], resources: { requests }, resizePolicy: restartForMemory }];
  await cluster.apply(JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name }, spec: { containers } }));
  await cluster.advance("10s");
  expect((await get(name)).status.phase).toBe("Running");
}

async function resize(name: string, resources: Partial<ResourceRequirements>): Promise<void> {
  await cluster.client.patch(pods, { namespace: "default", name }, { type: "strategic", body: { spec: { containers: [{ name: "c", resources }] } } }, { subresource: "resize" });
  await cluster.settle();
}

async function told(name: string): Promise<string[]> {
  const { items } = await cluster.client.list(events, { namespace: "default" });
  return items.filter(({ involvedObject, reason = "" }) => involvedObject.name === name && /Resize|Killing/.test(reason)).map(({ message }) => message ?? "");
}

const resizeConditions = ({ status }: Pod): unknown[] => (status.conditions ?? []).filter(({ type }) => type.startsWith("PodResize")).map(({ type, reason, message }) => [type, reason, message]);

it("without a restart, where the policy asks for none", async () => {
  await run("in-place", { cpu: "100m", memory: "64Mi" });
  await resize("in-place", { requests: { cpu: "200m" } });
  const pod = await get("in-place");
  expect(pod.status.containerStatuses?.[0]).toMatchObject({ restartCount: 0, allocatedResources: { cpu: "200m" }, resources: { requests: { cpu: "200m", memory: "64Mi" } } });
  expect(pod.status).toMatchObject({ observedGeneration: 2 });
  expect(resizeConditions(pod)).toEqual([]);
  const summary = '{"containers":[{"name":"c","resources":{"requests":{"cpu":"200m","memory":"64Mi"}}}],"generation":2}';
  expect(await told("in-place")).toEqual([`Pod resize started: ${summary}`, `Pod resize completed: ${summary}`]);
});

it("with a restart, where the policy asks for one", async () => {
  await run("restarted", { cpu: "100m", memory: "64Mi" });
  await resize("restarted", { requests: { memory: "128Mi" } });
  expect(resizeConditions(await get("restarted"))).toEqual([["PodResizeInProgress", undefined, undefined]]);
  await cluster.advance("5s");
  const pod = await get("restarted");
  expect(pod.status.containerStatuses?.[0]).toMatchObject({ restartCount: 1, state: { running: {} }, resources: { requests: { memory: "128Mi" } }, lastState: { terminated: { exitCode: 0 } } });
  expect(resizeConditions(pod)).toEqual([]);
  expect(await told("restarted")).toEqual([expect.stringContaining("Pod resize started"), "Container c resize requires restart", expect.stringContaining("Pod resize completed")]);
});

it("when there is room for it again", async () => {
  await run("waiting", { cpu: "1", memory: "64Mi" });
  await run("other", { cpu: "2", memory: "64Mi" });
  await resize("waiting", { requests: { cpu: "3" } });
  const waiting = await get("waiting");
  expect(waiting.spec.containers[0]?.resources.requests).toMatchObject({ cpu: "3" });
  expect(waiting.status.containerStatuses?.[0]).toMatchObject({ allocatedResources: { cpu: "1" }, resources: { requests: { cpu: "1" } } });
  const message = expect.stringMatching(/^Node didn't have enough resource: cpu, requested: 3000, used: \d+, capacity: 4000$/) as string;
  expect(resizeConditions(waiting)).toEqual([["PodResizePending", "Deferred", message]]);
  await cluster.client.delete(pods, { namespace: "default", name: "other" });
  await cluster.advance("5s");
  const resized = await get("waiting");
  expect(resized.status.containerStatuses?.[0]).toMatchObject({ restartCount: 0, allocatedResources: { cpu: "3" } });
  expect(resizeConditions(resized)).toEqual([]);
});

it("never beyond what the node has", async () => {
  await run("large", { cpu: "1", memory: "64Mi" });
  await expect(resize("large", { requests: { cpu: "5" } })).rejects.toThrow(`pods "large" is forbidden: node didn't have enough allocatable resources: cpu, requested: 5000, allocatable: 4000`);
});
