import { beforeEach, describe, expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../test/in-process-server.ts";
import { PlayedNodes, controllerContext } from "../../../test/played-nodes.ts";
import { endpointSlices, endpoints, pods, services } from "../../api/kinds.ts";
import type { Endpoints } from "../../api/types/core-v1.ts";
import type { EndpointSlice } from "../../api/types/discovery-v1.ts";
import { startEndpointsController } from "../endpoints/controller.ts";
import { startEndpointSliceController } from "./controller.ts";

let server: InProcessServer;
let played: PlayedNodes;
const name = { namespace: "default", name: "web" };

async function makePod(pod: string, ip?: string): Promise<void> {
  await server.client.create(pods, { metadata: { namespace: "default", name: pod, labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "nginx" }] } });
  if (ip !== undefined) await run(pod, ip);
}

/** The kubelet's part: the Pod runs under an address. */
async function run(pod: string, ip: string): Promise<void> {
  const there = await server.client.get(pods, { namespace: "default", name: pod });
  if (!there.spec.nodeName) await played.bind(there);
  const conditions = [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" }];
  await server.client.patch(pods, there.metadata, { type: "strategic", body: { status: { phase: "Running", podIP: ip, podIPs: [{ ip }], conditions } } }, { subresource: "status" });
  await server.settle();
}

async function makeService(spec: object = {}): Promise<void> {
  await server.client.create(services, { metadata: { ...name, labels: { app: "web" } }, spec: { selector: { app: "web" }, ports: [{ port: 80 }], ...spec } });
  await server.settle();
}

async function slices(): Promise<readonly EndpointSlice[]> {
  await server.settle();
  return (await server.client.list(endpointSlices)).items.filter((slice) => slice.metadata.labels?.["kubernetes.io/service-name"] === "web");
}

async function told(): Promise<Endpoints | undefined> {
  await server.settle();
  return (await server.client.list(endpoints)).items.find(({ metadata }) => metadata.name === "web");
}

beforeEach(async () => {
  server = await startInProcessServer();
  played = new PlayedNodes(server);
  await played.join("a");
  startEndpointSliceController(controllerContext(server));
  startEndpointsController(controllerContext(server));
});

describe("Endpoints and EndpointSlices on the real server", () => {
  test("follow Pods that come after the Service", async () => {
    await makeService();
    expect((await slices()).map((slice) => slice.endpoints)).toEqual([null]);
    await makePod("one", "10.244.1.5");
    await makePod("two", "10.244.1.3");
    const [slice] = await slices();
    expect(slice?.endpoints?.map(({ addresses }) => addresses)).toEqual([["10.244.1.5"], ["10.244.1.3"]]);
    expect((await told())?.subsets).toMatchObject([{ addresses: [{ ip: "10.244.1.3", nodeName: "a" }, { ip: "10.244.1.5" }], ports: [{ port: 80, protocol: "TCP" }] }]);
    await server.client.delete(pods, { namespace: "default", name: "one" });
    expect((await slices())[0]?.endpoints?.map(({ conditions }) => conditions.ready)).toEqual([false, true]);
    expect((await told())?.subsets).toMatchObject([{ addresses: [{ ip: "10.244.1.3" }] }]);
    const before = server.store.revision;
    await server.advance(50 * 60_000);
    expect(server.store.revision).toBe(before);
  });

  test("carry the time of what they tell: the Service's birth, then the change of a Pod, else none", async () => {
    const key = "endpoints.kubernetes.io/last-change-trigger-time";
    await makePod("one", "10.244.1.5");
    await makeService();
    const time = async (): Promise<(string | undefined)[]> => [(await slices())[0]?.metadata.annotations?.[key], (await told())?.metadata.annotations?.[key]];
    expect(await time()).toEqual(["2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"]);
    await server.client.delete(pods, { namespace: "default", name: "one" });
    expect(await time()).toEqual([undefined, undefined]);
  });

  test("Endpoints go with the Service", async () => {
    await makeService();
    expect(await told()).toBeDefined();
    await server.client.delete(services, name);
    expect(await told()).toBeUndefined();
  });

  test("a Service without a selector or with a name elsewhere gets none", async () => {
    await makeService({ selector: undefined });
    expect(await slices()).toEqual([]);
    await server.client.delete(services, name);
    await server.client.create(services, { metadata: name, spec: { type: "ExternalName", externalName: "example.com", selector: { app: "web" } } });
    expect(await slices()).toEqual([]);
    expect(await told()).toBeUndefined();
  });

  test("a slice that somebody removes or changes is put right", async () => {
    await makePod("one", "10.244.1.5");
    await makeService();
    const [slice] = await slices();
    await server.client.delete(endpointSlices, (slice as EndpointSlice).metadata);
    const [again] = await slices();
    expect(again?.endpoints).toHaveLength(1);
    await server.client.patch(endpointSlices, (again as EndpointSlice).metadata, { type: "merge", body: { endpoints: [] } });
    expect((await slices())[0]?.endpoints).toHaveLength(1);
  });
});
