import { beforeEach, expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../test/in-process-server.ts";
import { controllerContext } from "../../../test/played-nodes.ts";
import { configMaps, limitRanges, pods, resourceQuotas, services } from "../../api/kinds.ts";
import type { Container, LimitRangeItem, Pod, ResourceQuotaSpec } from "../../api/types/core-v1.ts";
import { startResourceQuotaController } from "./controller.ts";

let server: InProcessServer;

beforeEach(async () => {
  server = await startInProcessServer();
  startResourceQuotaController(controllerContext(server));
});

async function quota(spec: ResourceQuotaSpec): Promise<void> {
  await server.client.create(resourceQuotas, { metadata: { namespace: "default", name: "q" }, spec } as never);
  await server.settle();
}

async function limits(item: LimitRangeItem): Promise<void> {
  await server.client.create(limitRanges, { metadata: { namespace: "default", name: "lr" }, spec: { limits: [item] } });
}

async function pod(name: string, container: Partial<Container> = {}, spec: object = {}): Promise<Pod> {
  return await server.client.create(pods, { metadata: { namespace: "default", name }, spec: { containers: [{ name: "c", image: "nginx", ...container }], ...spec } } as never);
}

const cpu = (requests: string): Partial<Container> => ({ resources: { requests: { cpu: requests } } });

async function used(): Promise<unknown> {
  await server.settle();
  return (await server.client.get(resourceQuotas, { namespace: "default", name: "q" })).status.used;
}

test("a quota refuses in upstream's words what goes beyond it, and its status tells what is used", async () => {
  await quota({ hard: { pods: "2", "requests.cpu": "1", "count/configmaps": "2" } });
  expect(await used()).toEqual({ "count/configmaps": "0", pods: "0", "requests.cpu": "0" });
  await expect(pod("nocpu")).rejects.toThrow('pods "nocpu" is forbidden: failed quota: q: must specify requests.cpu for: c');
  await pod("a", cpu("500m"));
  await expect(pod("b", cpu("600m"))).rejects.toThrow('pods "b" is forbidden: exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=500m, limited: requests.cpu=1');
  await pod("b", cpu("100m"));
  await expect(pod("c", cpu("1"))).rejects.toThrow("exceeded quota: q, requested: pods=1,requests.cpu=1, used: pods=2,requests.cpu=600m, limited: pods=2,requests.cpu=1");
  await server.client.create(configMaps, { metadata: { namespace: "default", name: "m" } });
  expect(await used()).toEqual({ "count/configmaps": "1", pods: "2", "requests.cpu": "600m" });
});

test("of many creates at once no more pass than the quota gives", async () => {
  await quota({ hard: { "count/configmaps": "3" } });
  const made = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => server.client.create(configMaps, { metadata: { namespace: "default", name: `m${i}` } })));
  expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
  await server.client.delete(configMaps, { namespace: "default", name: "m0" });
  await server.client.create(configMaps, { metadata: { namespace: "default", name: "again" } });
  expect(await used()).toEqual({ "count/configmaps": "3" });
});

test("Pods that have ended cost nothing any more; a quota counts what its scopes cover", async () => {
  await quota({ hard: { pods: "1" }, scopes: ["NotTerminating"] });
  await pod("ends", {}, { activeDeadlineSeconds: 100 });
  await pod("a");
  await expect(pod("b")).rejects.toThrow("exceeded quota");
  await server.client.patch(pods, { namespace: "default", name: "a" }, { type: "merge", body: { status: { phase: "Failed" } } }, { subresource: "status" });
  await pod("b");
  expect(await used()).toEqual({ pods: "1" });
});

test("Services are counted by their ports on nodes", async () => {
  await quota({ hard: { services: "5", "services.nodeports": "1" } });
  const body = { metadata: { namespace: "default", name: "s" }, spec: { type: "NodePort", ports: [{ name: "a", port: 80 }, { name: "b", port: 81 }] } };
  await expect(server.client.create(services, body as never)).rejects.toThrow("requested: services.nodeports=2, used: services.nodeports=0, limited: services.nodeports=1");
});

test("a LimitRange fills in what is left open and keeps everything within its bounds", async () => {
  await limits({ type: "Container", max: { cpu: "1" }, min: { cpu: "100m" }, default: { cpu: "500m" }, defaultRequest: { cpu: "200m" } });
  const made = await pod("lim");
  expect(made.spec.containers[0]?.resources).toEqual({ limits: { cpu: "500m" }, requests: { cpu: "200m" } });
  expect(made.metadata.annotations).toEqual({ "kubernetes.io/limit-ranger": "LimitRanger plugin set: cpu request for container c; cpu limit for container c" });
  await expect(pod("big", { resources: { limits: { cpu: "3" } } })).rejects.toThrow('pods "big" is forbidden: maximum cpu usage per Container is 1, but limit is 3');
  await expect(pod("small", cpu("10m"))).rejects.toThrow('pods "small" is forbidden: minimum cpu usage per Container is 100m, but request is 10m');
});

test("ratios and whole Pods are bounded, too", async () => {
  await limits({ type: "Pod", max: { memory: "1Gi" }, maxLimitRequestRatio: { cpu: "2" } });
  const resources = { requests: { cpu: "100m", memory: "1Gi" }, limits: { cpu: "300m", memory: "2Gi" } };
  await expect(pod("p", { resources })).rejects.toThrow("[maximum memory usage per Pod is 1Gi, but limit is 2Gi, cpu max limit to request ratio per Pod is 2, but provided ratio is 3.000000]");
});
