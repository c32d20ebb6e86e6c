import { beforeEach, expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../test/in-process-server.ts";
import { controllerContext } from "../../../test/played-nodes.ts";
import { endpointSlices, endpoints, services } from "../../api/kinds.ts";
import type { EndpointSlice } from "../../api/types/discovery-v1.ts";
import { startEndpointSliceMirroringController } from "./mirroring-controller.ts";

let server: InProcessServer;
const name = { namespace: "default", name: "db" };

beforeEach(async () => {
  server = await startInProcessServer();
  startEndpointSliceMirroringController(controllerContext(server));
});

async function slices(): Promise<readonly EndpointSlice[]> {
  await server.settle();
  return (await server.client.list(endpointSlices)).items;
}

async function make(labels: { [key: string]: string } = {}): Promise<void> {
  await server.client.create(services, { metadata: name, spec: { ports: [{ port: 5432 }] } });
  await server.client.create(endpoints, { metadata: { ...name, labels }, subsets: [{ addresses: [{ ip: "192.0.2.4" }], notReadyAddresses: [{ ip: "192.0.2.5" }], ports: [{ port: 5432 }] }] });
}

test("hand-made Endpoints of a Service without a selector are mirrored, followed and removed", async () => {
  await make({ tier: "data" });
  const [slice] = await slices();
  expect(slice?.metadata.labels).toEqual({ tier: "data", "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io", "kubernetes.io/service-name": "db" });
  expect(slice?.metadata.ownerReferences).toMatchObject([{ kind: "Endpoints", name: "db" }]);
  expect(slice?.endpoints).toMatchObject([{ addresses: ["192.0.2.4"], conditions: { ready: true } }, { addresses: ["192.0.2.5"], conditions: { ready: false } }]);
  expect(slice?.ports).toEqual([{ name: "", protocol: "TCP", port: 5432 }]);
  await server.client.patch(endpoints, name, { type: "merge", body: { subsets: [{ addresses: [{ ip: "192.0.2.9" }], ports: [{ port: 5432 }] }] } });
  expect((await slices())[0]?.endpoints?.map(({ addresses }) => addresses)).toEqual([["192.0.2.9"]]);
  const before = server.store.revision;
  await server.advance(50 * 60_000);
  expect(server.store.revision).toBe(before);
  await server.client.patch(services, name, { type: "merge", body: { spec: { selector: { app: "db" } } } });
  expect(await slices()).toEqual([]);
});

test("a label or a lock of a leader election forbids it", async () => {
  await make({ "endpointslice.kubernetes.io/skip-mirror": "true" });
  expect(await slices()).toEqual([]);
  await server.client.patch(endpoints, name, { type: "merge", body: { metadata: { labels: null, annotations: { "control-plane.alpha.kubernetes.io/leader": "{}" } } } });
  expect(await slices()).toEqual([]);
});
