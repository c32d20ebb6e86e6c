import { describe, expect, it } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { Partially } from "../../base/json.ts";
import { configMaps, namespaces, pods, serviceAccounts } from "../../api/kinds.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { Namespace, Pod } from "../../api/types/core-v1.ts";
import { startRootCaController } from "../root-ca/controller.ts";
import { startServiceAccountController } from "../service-account/controller.ts";
import { startNamespaceController } from "./controller.ts";

async function startWorld() {
  const server = await startInProcessServer();
  startNamespaceController(server.context);
  startServiceAccountController(server.context);
  startRootCaController(server.context, { caPem: "PEM" });
  const seen: string[] = [];
  server.client.watch(namespaces, { resourceVersion: "0" }, {
    event: ({ type, object }) => void (object.metadata.name === "dev" && seen.push(`${type} ${describeConditions(object)}`)),
    ended: () => undefined,
  });
  await server.client.create(namespaces, { metadata: { name: "dev" } });
  await server.settle();
  return {
    ...server,
    seen,
    async exists() {
      return (await server.client.list(namespaces)).items.some(({ metadata }) => metadata.name === "dev");
    },
    addMap: (name: string, finalizers?: string[]) =>
      server.client.create(configMaps, { metadata: { name, namespace: "dev", ...(finalizers === undefined ? {} : { finalizers }) } }),
    async names() {
      return (await server.client.list(configMaps, { namespace: "dev" })).items.map(({ metadata }) => metadata.name);
    },
  };
}

function describeConditions({ status }: Namespace): string {
  const wrong = status.conditions?.filter((condition) => condition.status === "True") ?? [];
  return `${status.phase} ${status.conditions?.length ?? 0}${wrong.map(({ reason, message }) => `; ${reason}: ${message}`).join("")}`;
}

const pod = (name: string, options: { finalizers?: string[] } = {}) =>
  ({ metadata: { name, namespace: "dev", ...options }, spec: { containers: [{ name: "c", image: "busybox" }] } }) as Partially<Pod>;

describe("namespaces", () => {
  it("get their service account and CA, again when deleted or changed", async () => {
    const world = await startWorld();
    const read = () => world.client.get(configMaps, { namespace: "dev", name: "kube-root-ca.crt" });
    expect((await world.client.get(serviceAccounts, { namespace: "dev", name: "default" })).metadata.name).toBe("default");
    expect((await read()).data).toEqual({ "ca.crt": "PEM" });
    expect((await read()).metadata.annotations?.["kubernetes.io/description"]).toMatch(/^Contains a CA bundle/);
    await world.client.patch(configMaps, { namespace: "dev", name: "kube-root-ca.crt" }, { type: "merge", body: { data: { "ca.crt": "bad", more: "x" } } });
    await world.client.delete(serviceAccounts, { namespace: "dev", name: "default" });
    await world.settle();
    expect((await read()).data).toEqual({ "ca.crt": "PEM" });
    expect((await world.client.get(serviceAccounts, { namespace: "dev", name: "default" })).metadata.name).toBe("default");
    await world.client.delete(configMaps, { namespace: "dev", name: "kube-root-ca.crt" });
    await world.settle();
    expect((await read()).data).toEqual({ "ca.crt": "PEM" });
  });

  it("go five seconds after the deletion, with all they hold", async () => {
    const world = await startWorld();
    await world.addMap("a");
    await world.client.delete(namespaces, { name: "dev" });
    await world.advance(4999);
    expect(await world.names()).toEqual(["a", "kube-root-ca.crt"]);
    await world.advance(1);
    expect(await world.exists()).toBe(false);
    expect(await world.names()).toEqual([]);
    expect(world.seen).toEqual(["ADDED Active 0", "MODIFIED Terminating 0", "MODIFIED Terminating 5", "DELETED Terminating 5"]);
  });

  it("lose their Pods first and everything else when the last is gone", async () => {
    const world = await startWorld();
    await world.addMap("a");
    const held = await world.client.create(pods, pod("held", { finalizers: ["example.com/hold"] }));
    await world.client.create(pods, pod("plain"));
    await world.client.delete(namespaces, { name: "dev" });
    await world.advance(8000);
    expect(await world.names()).toContain("a");
    expect(world.seen.at(-1)).toBe("MODIFIED Terminating 5");
    await world.client.patch(pods, held.metadata, { type: "merge", body: { metadata: { finalizers: null } } });
    for (const each of (await world.client.list(pods, { namespace: "dev" })).items) await world.client.delete(pods, each.metadata, { gracePeriodSeconds: 0 });
    await world.settle();
    expect(await world.exists()).toBe(false);
  });

  it("say what finalizers hold back, and go when they are off", async () => {
    const world = await startWorld();
    await world.addMap("held", ["example.com/hold"]);
    await world.client.delete(namespaces, { name: "dev" });
    await world.advance(5000);
    expect(world.seen.at(-1)).toBe(
      "MODIFIED Terminating 5; SomeResourcesRemain: Some resources are remaining: configmaps. has 1 resource instances; " +
        "SomeFinalizersRemain: Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances",
    );
    await world.client.patch(configMaps, { namespace: "dev", name: "held" }, { type: "merge", body: { metadata: { finalizers: null } } });
    await world.advance(10_000);
    expect(await world.exists()).toBe(false);
  });

  it("stay while somebody else's finalizer is on them", async () => {
    const world = await startWorld();
    const made = await world.client.create(namespaces, { metadata: { name: "fin" }, spec: { finalizers: ["example.com/x"] } });
    await world.client.delete(namespaces, { name: "fin" });
    await world.advance(60_000);
    const left = await world.client.get(namespaces, made.metadata);
    expect(left.spec.finalizers).toEqual(["example.com/x"]);
    await world.client.update(namespaces, { ...left, spec: { finalizers: [] } } as KubeObject as Namespace, { subresource: "finalize" });
    expect((await world.client.list(namespaces)).items.some(({ metadata }) => metadata.name === "fin")).toBe(false);
  });
});
