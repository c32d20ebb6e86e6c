import { describe, expect, it } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../test/in-process-server.ts";
import { clusterRoles, configMaps, events, nodes, secrets } from "../../api/kinds.ts";
import type { KindRef, KubeObject } from "../../api/kind-ref.ts";
import type { ConfigMap } from "../../api/types/core-v1.ts";
import type { OwnerReference } from "../../api/types/meta-v1.ts";
import type { Partially } from "../../base/json.ts";
import { startGarbageCollector } from "./controller.ts";

interface World extends InProcessServer {
  map(name: string, owners?: readonly OwnerReference[], options?: { namespace?: string; finalizers?: string[] }): Promise<ConfigMap>;
  names(): Promise<readonly string[]>;
}

async function startWorld(): Promise<World> {
  const server = await startInProcessServer();
  startGarbageCollector(server.context);
  await server.settle();
  return {
    ...server,
    async map(name, owners = [], { namespace = "default", finalizers } = {}) {
      const metadata = { name, namespace, ownerReferences: owners, ...(finalizers === undefined ? {} : { finalizers }) };
      const made = await server.client.create<ConfigMap>(configMaps, { metadata } as Partially<ConfigMap>);
      await server.settle();
      return made;
    },
    async names() {
      return (await server.client.list(configMaps)).items.filter(({ metadata }) => metadata.name !== "kube-root-ca.crt").map(({ metadata }) => metadata.name);
    },
  };
}

function owner(object: KubeObject, options: { kind?: KindRef; block?: boolean } = {}): OwnerReference {
  const { kind = configMaps, block } = options;
  const { name, uid } = object.metadata;
  return { apiVersion: kind.apiVersion, kind: kind.kind, name, uid, ...(block === undefined ? {} : { blockOwnerDeletion: block }) };
}

describe("garbage collector", () => {
  it("collects in the background, through generations", async () => {
    const world = await startWorld();
    const a = await world.map("a");
    const b = await world.map("b", [owner(a)]);
    await world.map("c", [owner(b)]);
    await world.map("free");
    await world.client.delete(configMaps, a.metadata, { propagationPolicy: "Background" });
    await world.advance(100);
    expect(await world.names()).toEqual(["free"]);
  });

  it("keeps what has one owner left, without the reference to the other", async () => {
    const world = await startWorld();
    const a = await world.map("a");
    const b = await world.map("b");
    await world.map("c", [owner(a), owner(b)]);
    await world.client.delete(configMaps, a.metadata, { propagationPolicy: "Foreground" });
    await world.advance(100);
    expect(await world.names()).toEqual(["b", "c"]);
    expect((await world.client.get(configMaps, { namespace: "default", name: "c" })).metadata.ownerReferences).toEqual([owner(b)]);
  });

  it("deletes dependents before their owner in the foreground", async () => {
    const world = await startWorld();
    const order: string[] = [];
    world.client.watch(configMaps, { resourceVersion: "0" }, { event: ({ type, object }) => void (type === "DELETED" && order.push(object.metadata.name)), ended: () => undefined });
    const a = await world.map("a");
    const b = await world.map("b", [owner(a, { block: true })]);
    await world.map("c", [owner(b, { block: true })]);
    const held = await world.map("held", [owner(a, { block: true })], { finalizers: ["example.com/hold"] });
    await world.client.delete(configMaps, a.metadata, { propagationPolicy: "Foreground" });
    await world.advance(100);
    expect(await world.names()).toEqual(["a", "held"]);
    await world.client.patch(configMaps, held.metadata, { type: "merge", body: { metadata: { finalizers: null } } });
    await world.advance(100);
    expect(order).toEqual(["c", "b", "held", "a"]);
  });

  it("does not wait in the foreground for dependents that do not block", async () => {
    const world = await startWorld();
    const a = await world.map("a");
    await world.map("held", [owner(a)], { finalizers: ["example.com/hold"] });
    await world.client.delete(configMaps, a.metadata, { propagationPolicy: "Foreground" });
    await world.advance(100);
    expect(await world.names()).toEqual(["held"]);
    expect((await world.client.get(configMaps, { namespace: "default", name: "held" })).metadata.deletionTimestamp).toBeDefined();
  });

  it("lets orphans go", async () => {
    const world = await startWorld();
    const a = await world.map("a");
    const b = await world.map("b");
    await world.map("c", [owner(a), owner(b)]);
    await world.client.delete(configMaps, a.metadata, { propagationPolicy: "Orphan" });
    await world.advance(100);
    expect(await world.names()).toEqual(["b", "c"]);
    await world.client.delete(configMaps, b.metadata, { propagationPolicy: "Orphan" });
    await world.advance(100);
    expect((await world.client.get(configMaps, { namespace: "default", name: "c" })).metadata.ownerReferences).toBeUndefined();
  });

  it("ends circles, also in the foreground", async () => {
    for (const propagationPolicy of ["Background", "Foreground"] as const) {
      const world = await startWorld();
      const a = await world.map("a");
      const b = await world.map("b", [owner(a, { block: true })]);
      await world.client.patch(configMaps, a.metadata, { type: "merge", body: { metadata: { ownerReferences: [owner(b, { block: true })] } } });
      await world.settle();
      await world.client.delete(configMaps, a.metadata, { propagationPolicy });
      await world.advance(1000);
      expect(await world.names()).toEqual([]);
    }
  });

  it("collects an object whose owner never was, or is another by now", async () => {
    const world = await startWorld();
    const a = await world.map("a");
    await world.map("late", [{ ...owner(a), uid: "00000000-0000-4000-8000-000000000000" }]);
    await world.map("later", [{ ...owner(a), name: "nobody", uid: "00000000-0000-4000-8000-000000000001" }]);
    await world.advance(100);
    expect(await world.names()).toEqual(["a"]);
  });

  it("does not believe references across namespaces, and tells", async () => {
    const world = await startWorld();
    const a = await world.map("a");
    const stray = await world.map("stray", [owner(a)], { namespace: "kube-system" });
    await world.advance(100);
    expect(await world.names()).toEqual(["a"]);
    const told = (await world.client.list(events)).items.map(({ type, reason, message }) => `${type} ${reason} ${message}`);
    expect(told).toEqual([`Warning OwnerRefInvalidNamespace ownerRef [v1/ConfigMap, namespace: kube-system, name: a, uid: ${a.metadata.uid}] does not exist in namespace "kube-system"`]);
    expect(stray.metadata.ownerReferences).toHaveLength(1);
  });

  it("collects across kinds and scopes, but nothing of a cluster for an owner in a namespace", async () => {
    const world = await startWorld();
    const node = await world.client.create(nodes, { metadata: { name: "n" } });
    const a = await world.map("a", [owner(node, { kind: nodes })]);
    await world.client.create(secrets, { metadata: { name: "s", namespace: "default", ownerReferences: [owner(a)] } });
    await world.client.create(clusterRoles, { metadata: { name: "wide", ownerReferences: [owner(a)] } });
    await world.settle();
    await world.client.delete(nodes, { name: "n" });
    await world.advance(100);
    expect(await world.names()).toEqual([]);
    expect((await world.client.list(secrets, { namespace: "default" })).items).toEqual([]);
    expect((await world.client.list(clusterRoles)).items.map(({ metadata }) => metadata.name)).toContain("wide");
  });

  it("leaves alone what names a kind that nobody serves", async () => {
    const world = await startWorld();
    await world.map("odd", [{ apiVersion: "example.com/v1", kind: "Thing", name: "t", uid: "00000000-0000-4000-8000-000000000000" }]);
    await world.advance(100);
    expect(await world.names()).toEqual(["odd"]);
  });

  it("collects what lost its owner before it started", async () => {
    const server = await startInProcessServer();
    const a = await server.client.create(configMaps, { metadata: { name: "a", namespace: "default" } });
    await server.client.create(configMaps, { metadata: { name: "b", namespace: "default", ownerReferences: [owner(a)] } });
    await server.client.delete(configMaps, a.metadata);
    startGarbageCollector(server.context);
    await server.advance(100);
    expect((await server.client.list(configMaps, { namespace: "default" })).items).toEqual([]);
  });
});
