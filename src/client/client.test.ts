import { describe, expect, it } from "vitest";
import { startInProcessServer } from "../../test/in-process-server.ts";
import type { ConfigMap, Event } from "../api/types/core-v1.ts";
import { configMaps, events } from "../api/kinds.ts";
import { isStatus } from "../base/status-error.ts";
import { Reconciler } from "./reconciler.ts";

const named = (name: string, data: { [key: string]: string } = {}, labels: { [key: string]: string } = {}) => ({
  apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default", labels }, data,
});

describe("InProcessClient", () => {
  it("throws what the server refused, with its reason", async () => {
    const { client } = await startInProcessServer();
    await client.create(configMaps, named("a"));
    await expect(client.create(configMaps, named("a"))).rejects.toSatisfy((error) => isStatus(error, "AlreadyExists"));
    await expect(client.get(configMaps, { namespace: "default", name: "none" })).rejects.toSatisfy((error) => isStatus(error, "NotFound"));
  });

  it("shares stored objects instead of copying them", async () => {
    const { client } = await startInProcessServer();
    const created = await client.create(configMaps, named("a", { x: "1" }));
    expect(await client.get(configMaps, created.metadata)).toBe(created);
    expect((await client.list(configMaps, { namespace: "default" })).items).toContain(created);
  });
});

describe("Informer", () => {
  it("tells each listener what is there and what changes, once and in order", async () => {
    const { client, informers, settle } = await startInProcessServer();
    await client.create(configMaps, named("before"));
    const view = informers.of(configMaps);
    const seen: string[] = [];
    const listen = (current: ConfigMap | undefined, previous: ConfigMap | undefined): void => {
      const kind = current ? (previous ? "changed" : "added") : "deleted";
      const name = (current ?? previous)?.metadata.name ?? "";
      if ((current ?? previous)?.metadata.namespace === "default") seen.push(`${kind} ${name}`);
    };
    const stop = view.onChange(listen);
    await settle();
    await client.create(configMaps, named("later"));
    await client.patch(configMaps, { namespace: "default", name: "later" }, { type: "merge", body: { data: { y: "2" } } });
    await client.delete(configMaps, { namespace: "default", name: "before" });
    await settle();
    expect(seen).toEqual(["added before", "added later", "changed later", "deleted before"]);
    stop();
    await client.create(configMaps, named("unheard"));
    await settle();
    expect(seen).toHaveLength(4);
    expect(view.get("default/unheard")?.metadata.name).toBe("unheard");
  });

  it("keeps its indexes in step", async () => {
    const { client, informers, settle } = await startInProcessServer();
    const view = informers.of(configMaps);
    view.addIndex("team", (object) => [object.metadata.labels?.["team"] ?? ""]);
    await client.create(configMaps, named("b", {}, { team: "red" }));
    await client.create(configMaps, named("a", {}, { team: "red" }));
    await settle();
    expect(view.byIndex("team", "red").map((object) => object.metadata.name)).toEqual(["a", "b"]);
    await client.patch(configMaps, { namespace: "default", name: "a" }, { type: "merge", body: { metadata: { labels: { team: "blue" } } } });
    await settle();
    expect(view.byIndex("team", "red").map((object) => object.metadata.name)).toEqual(["b"]);
    expect(view.byIndex("team", "blue").map((object) => object.metadata.name)).toEqual(["a"]);
  });
});

describe("Reconciler", () => {
  it("takes a key once however often it was added, and again when it changed meanwhile", async () => {
    const { environment, settle } = await startInProcessServer();
    const ran: string[] = [];
    const reconciler = new Reconciler({
      name: "test",
      environment,
      reconcile: async (key) => {
        ran.push(key);
        if (ran.length === 1) reconciler.add("a");
      },
    });
    for (let i = 0; i < 5; i++) reconciler.add("a");
    reconciler.add("b");
    await settle();
    expect(ran).toEqual(["a", "b", "a"]);
  });

  it("tries again with growing pauses, and comes back when asked to", async () => {
    const { environment, clock, advance, settle } = await startInProcessServer();
    const start = clock.now();
    const at: number[] = [];
    const reconciler = new Reconciler({
      name: "test",
      environment,
      reconcile: async () => {
        at.push(clock.now() - start);
        if (at.length < 4) throw new Error("not yet");
        return at.length === 4 ? { again: start + 5000 } : undefined;
      },
    });
    reconciler.add("a");
    await settle();
    await advance(10_000);
    expect(at).toEqual([0, 5, 15, 35, 5000]);
  });
});

describe("a reconciler that asks to be called at an instant that is past", () => {
  it("is called at a later one, so that time goes on", async () => {
    const { environment, clock, advance, settle } = await startInProcessServer();
    const start = clock.now();
    const at: number[] = [];
    const reconciler = new Reconciler({
      name: "test",
      environment,
      reconcile: async () => {
        at.push(clock.now() - start);
        return at.length < 20 ? { again: start - 1000 } : undefined;
      },
    });
    reconciler.add("a");
    await settle();
    expect(at).toEqual([0]);
    await advance(100);
    expect(at).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });
});

describe("EventRecorder", () => {
  const eventsOf = async (list: Promise<{ items: readonly Event[] }>) => (await list).items.map((event) => [event.reason, event.message, event.count]);

  it("counts equal events up and gathers similar ones after ten", async () => {
    const { client, context, settle, advance } = await startInProcessServer();
    const recorder = context.recorder("tester");
    const object = await client.create(configMaps, named("a"));
    for (let i = 0; i < 3; i++) {
      recorder.event(object, "Normal", "Same", "same text");
      await advance(1000);
    }
    expect(await eventsOf(client.list(events, { namespace: "default" }))).toEqual([["Same", "same text", 3]]);
    for (let i = 0; i < 12; i++) recorder.event(object, "Normal", "Created", `Created pod: p${i}`);
    await settle();
    const created = (await eventsOf(client.list(events, { namespace: "default" }))).filter(([reason]) => reason === "Created");
    expect(created).toHaveLength(10);
    expect(created).toContainEqual(["Created", "(combined from similar events): Created pod: p11", 3]);
  });

  it("drops what exceeds 25 events about one object", async () => {
    const { client, context, settle } = await startInProcessServer();
    const recorder = context.recorder("tester");
    const object = await client.create(configMaps, named("a"));
    for (let i = 0; i < 40; i++) recorder.event(object, "Normal", `Reason${i}`, "text");
    await settle();
    expect(await eventsOf(client.list(events, { namespace: "default" }))).toHaveLength(25);
  });
});
