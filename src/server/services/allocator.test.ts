import { beforeEach, describe, expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../test/in-process-server.ts";
import { ipAddresses, services } from "../../api/kinds.ts";
import type { Service } from "../../api/types/core-v1.ts";

let server: InProcessServer;

beforeEach(async () => {
  server = await startInProcessServer();
});

async function create(name: string, spec: object = {}, options: { dryRun?: boolean } = {}): Promise<Service> {
  const made = await server.client.create(services, { metadata: { namespace: "default", name }, spec: { selector: { app: name }, ports: [{ port: 80 }], ...spec } }, options);
  await server.settle();
  return made;
}

async function change(name: string, spec: object): Promise<Service> {
  const changed = await server.client.patch(services, { namespace: "default", name }, { type: "merge", body: { spec } });
  await server.settle();
  return changed;
}

async function remove(name: string): Promise<void> {
  await server.client.delete(services, { namespace: "default", name });
  await server.settle();
}

async function held(): Promise<string[]> {
  return (await server.client.list(ipAddresses)).items.map(({ metadata, spec }) => `${metadata.name} ${spec.parentRef?.namespace}/${spec.parentRef?.name}`);
}

describe("cluster IPs", () => {
  test("a new cluster holds the first one for itself", async () => {
    expect(await held()).toEqual(["10.96.0.1 default/kubernetes"]);
  });

  test("are drawn above the static band, told by an IPAddress, and given back with the Service", async () => {
    const { clusterIP, clusterIPs } = (await create("web")).spec;
    expect(clusterIP).toMatch(/^10\.96\.(?!0\.)/);
    expect(clusterIPs).toEqual([clusterIP]);
    expect(await held()).toContain(`${clusterIP} default/web`);
    await remove("web");
    expect(await held()).toEqual(["10.96.0.1 default/kubernetes"]);
  });

  test("one can be asked for, once", async () => {
    await create("web", { clusterIP: "10.96.77.7" });
    await expect(create("other", { clusterIP: "10.96.77.7" })).rejects.toThrow(`Service "other" is invalid: spec.clusterIPs: Invalid value: ["10.96.77.7"]: failed to allocate IP 10.96.77.7: provided IP is already allocated`);
    await server.client.delete(services, { namespace: "default", name: "web" });
    expect((await create("other", { clusterIP: "10.96.77.7" })).spec.clusterIP).toBe("10.96.77.7");
    expect(await held()).toContain("10.96.77.7 default/other");
  });

  test("one of another network is refused", async () => {
    await expect(create("web", { clusterIP: "192.168.0.1" })).rejects.toThrow("failed to allocate IP 192.168.0.1: the provided network does not match the current range");
  });

  test("headless and external ones get none; a change of type takes one and gives it back", async () => {
    expect((await create("headless", { clusterIP: "None" })).spec.clusterIP).toBe("None");
    expect((await create("away", { type: "ExternalName", externalName: "example.com", ports: undefined })).spec.clusterIP).toBeUndefined();
    expect(await held()).toHaveLength(1);
    const { clusterIP } = (await change("away", { type: "ClusterIP", externalName: null, ports: [{ port: 80 }] })).spec;
    expect(await held()).toContain(`${clusterIP} default/away`);
    await change("away", { type: "ExternalName", externalName: "example.com", ports: null });
    expect(await held()).toHaveLength(1);
  });

  test("a dry run and a refused Service take nothing", async () => {
    expect((await create("web", {}, { dryRun: true })).spec.clusterIP).toMatch(/^10\.96\./);
    await expect(create("web", { ports: [{ port: 0 }] })).rejects.toThrow("must be between 1 and 65535");
    await create("web", { clusterIP: "10.96.5.5" });
    await expect(create("web", { clusterIP: "10.96.5.6" })).rejects.toThrow("already exists");
    expect(await held()).toEqual(["10.96.0.1 default/kubernetes", "10.96.5.5 default/web"]);
  });

  test("many at once never meet", async () => {
    const made = await Promise.all(Array.from({ length: 200 }, (_, i) => create(`s${i}`)));
    expect(new Set(made.map(({ spec }) => spec.clusterIP)).size).toBe(200);
  });
});

describe("node ports", () => {
  const port = (service: Service): number | undefined => service.spec.ports?.[0]?.nodePort;

  test("are drawn, kept, and given back when the type no longer uses them", async () => {
    const first = port(await create("web", { type: "NodePort" })) as number;
    expect(first).toBeGreaterThanOrEqual(30_086);
    expect(port(await change("web", { selector: { app: "else" } }))).toBe(first);
    expect(port(await change("web", { type: "ClusterIP" }))).toBeUndefined();
    expect(port(await create("other", { type: "NodePort", ports: [{ port: 80, nodePort: first }] }))).toBe(first);
  });

  test("one can be asked for, once, within the range", async () => {
    await create("web", { type: "NodePort", ports: [{ port: 80, nodePort: 30_080 }] });
    const twice = [80, 81].map((port) => ({ name: `p${port}`, port, nodePort: 30_081 }));
    await expect(create("two", { type: "NodePort", ports: twice })).rejects.toThrow('Service "two" is invalid: spec.ports[1].nodePort: Invalid value: 30081: provided port is already allocated');
    await expect(create("two", { type: "NodePort", ports: [{ port: 80, nodePort: 30_080 }] })).rejects.toThrow('Service "two" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated');
    await expect(create("two", { type: "NodePort", ports: [{ port: 80, nodePort: 80 }] })).rejects.toThrow("provided port is not in the valid range. The range of valid ports is 30000-32767");
    await remove("web");
    expect(port(await create("two", { type: "NodePort", ports: [{ port: 80, nodePort: 30_080 }] }))).toBe(30_080);
  });

  test("one number serves both protocols of a port", async () => {
    const { ports = [] } = (await create("dns", { type: "NodePort", ports: [{ name: "t", port: 53, protocol: "TCP" }, { name: "u", port: 53, protocol: "UDP" }, { name: "m", port: 9153 }] })).spec;
    expect(ports[0]?.nodePort).toBe(ports[1]?.nodePort);
    expect(ports[2]?.nodePort).not.toBe(ports[0]?.nodePort);
  });

  test("a load balancer may do without, and gets a port for its health checks", async () => {
    expect(port(await create("plain", { type: "LoadBalancer", allocateLoadBalancerNodePorts: false }))).toBeUndefined();
    const { healthCheckNodePort, ports = [] } = (await create("local", { type: "LoadBalancer", externalTrafficPolicy: "Local" })).spec;
    expect(healthCheckNodePort).toBeGreaterThanOrEqual(30_000);
    expect(ports[0]?.nodePort).not.toBe(healthCheckNodePort);
  });
});

test("the same seed gives the same addresses", async () => {
  const one = await create("web", { type: "NodePort" });
  server = await startInProcessServer();
  const two = await create("web", { type: "NodePort" });
  expect([two.spec.clusterIP, two.spec.ports]).toEqual([one.spec.clusterIP, one.spec.ports]);
});
