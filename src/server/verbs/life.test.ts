import { beforeEach, describe, expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../test/in-process-server.ts";
import { configMaps, events, namespaces, nodes, pods } from "../../api/kinds.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { ConfigMap, Namespace, Pod } from "../../api/types/core-v1.ts";
import { StatusError } from "../../base/status-error.ts";

/** The life of objects through the server: creation, change, deletion, and what stands between. */
let cluster: InProcessServer;
beforeEach(async () => {
  cluster = await startInProcessServer();
});

async function status(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  return error instanceof StatusError ? `${error.status.code} ${error.status.reason}: ${error.status.message}` : String(error);
}

function configMap(name: string, more: Partial<ConfigMap["metadata"]> = {}): ConfigMap {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default", ...more }, data: { a: "1" } } as ConfigMap;
}

function pod(name: string, nodeName?: string): Pod {
  const spec = { containers: [{ name: "c", image: "busybox" }], ...(nodeName === undefined ? {} : { nodeName }) };
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "default" }, spec } as unknown as Pod;
}

const named = (name: string) => ({ namespace: "default", name });

describe("create", () => {
  test("the server fills in what only it knows, and ignores what a client says of it", async () => {
    const created = await cluster.client.create(configMaps, configMap("a", { uid: "mine", generation: 7, deletionTimestamp: "2020-01-01T00:00:00Z" }));
    expect(created.metadata).toMatchObject({ creationTimestamp: "2026-01-01T00:00:00Z", resourceVersion: String(cluster.store.revision) });
    expect(created.metadata.uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    // Nobody counts the generations of this kind, so that it is the client's.
    expect(created.metadata.generation).toBe(7);
    expect(created.metadata.deletionTimestamp).toBeUndefined();
  });

  test("a generated name that is taken is drawn again", async () => {
    const names = new Set<string>();
    for (let i = 0; i < 50; i++) names.add((await cluster.client.create(configMaps, { metadata: { generateName: "a-", namespace: "default" } })).metadata.name ?? "");
    expect(names.size).toBe(50);
    for (const name of names) expect(name).toMatch(/^a-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  test("nothing new in a namespace that is missing or terminating", async () => {
    await cluster.client.create(namespaces, { metadata: { name: "n" } });
    await cluster.client.delete(namespaces, { name: "n" });
    const inside = { metadata: { name: "x", namespace: "n" } };
    expect(await status(cluster.client.create(configMaps, inside))).toBe(
      '403 Forbidden: configmaps "x" is forbidden: unable to create new content in namespace n because it is being terminated',
    );
    expect(await status(cluster.client.create(configMaps, { metadata: { name: "x", namespace: "none" } }))).toBe('404 NotFound: namespaces "none" not found');
  });

  test("a dry run leaves nothing behind", async () => {
    const before = cluster.store.revision;
    const created = await cluster.client.create(configMaps, configMap("a"), { dryRun: true });
    expect(created.metadata.resourceVersion).toBeUndefined();
    expect(cluster.store.revision).toBe(before);
  });
});

describe("update", () => {
  test("an update from an old state is refused, one without a version is not", async () => {
    const first = await cluster.client.create(configMaps, configMap("a"));
    await cluster.client.update(configMaps, { ...first, data: { a: "2" } });
    expect(await status(cluster.client.update(configMaps, { ...first, data: { a: "3" } }))).toBe(
      '409 Conflict: Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    );
    const { resourceVersion: _, ...metadata } = first.metadata;
    expect((await cluster.client.update(configMaps, { ...first, metadata: metadata as ConfigMap["metadata"], data: { a: "3" } })).data).toEqual({ a: "3" });
  });

  test("an update that changes nothing writes nothing", async () => {
    const first = await cluster.client.create(configMaps, configMap("a"));
    const again = await cluster.client.update(configMaps, first);
    expect(again.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    const patched = await cluster.client.patch(configMaps, named("a"), { type: "merge", body: { data: { a: "1" } } });
    expect(patched.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  test("status and the rest are written apart", async () => {
    await cluster.client.create(pods, pod("p"));
    const viaStatus = await cluster.client.patch(pods, named("p"), { type: "merge", body: { status: { phase: "Running" }, spec: { nodeName: "no" } } }, { subresource: "status" });
    expect([viaStatus.status?.phase, viaStatus.spec?.nodeName]).toEqual(["Running", undefined]);
    const viaMain = await cluster.client.patch(pods, named("p"), { type: "merge", body: { status: { phase: "Failed" }, metadata: { labels: { a: "b" } } } });
    expect([viaMain.status?.phase, viaMain.metadata.labels]).toEqual(["Running", { a: "b" }]);
  });
});

describe("delete", () => {
  test("finalizers hold an object until the last is gone", async () => {
    await cluster.client.create(configMaps, configMap("a", { finalizers: ["example.com/hold"] }));
    const held = (await cluster.client.delete(configMaps, named("a"))) as ConfigMap;
    expect(held.metadata).toMatchObject({ deletionTimestamp: "2026-01-01T00:00:00Z", deletionGracePeriodSeconds: 0 });
    expect(await status(cluster.client.patch(configMaps, named("a"), { type: "merge", body: { metadata: { finalizers: ["example.com/hold", "example.com/new"] } } }))).toContain(
      "no new finalizers can be added if the object is being deleted",
    );
    await cluster.client.patch(configMaps, named("a"), { type: "merge", body: { metadata: { finalizers: null } } });
    expect(await status(cluster.client.get(configMaps, named("a")))).toContain("404");
  });

  test("the propagation policy becomes a finalizer", async () => {
    for (const [policy, finalizer] of [["Foreground", "foregroundDeletion"], ["Orphan", "orphan"]] as const) {
      await cluster.client.create(configMaps, configMap(policy.toLowerCase()));
      const held = (await cluster.client.delete(configMaps, named(policy.toLowerCase()), { propagationPolicy: policy })) as ConfigMap;
      expect(held.metadata.finalizers).toEqual([finalizer]);
    }
  });

  test("a Pod that nobody runs goes at once, one on a node waits for its node", async () => {
    await cluster.client.create(pods, pod("free"));
    await cluster.client.delete(pods, named("free"));
    expect(await status(cluster.client.get(pods, named("free")))).toContain("404");
    await cluster.client.create(pods, pod("bound", "n1"));
    const marked = (await cluster.client.delete(pods, named("bound"))) as Pod;
    expect(marked.metadata).toMatchObject({ deletionTimestamp: "2026-01-01T00:00:30Z", deletionGracePeriodSeconds: 30, generation: 2 });
    const shorter = (await cluster.client.delete(pods, named("bound"), { gracePeriodSeconds: 5 })) as Pod;
    expect(shorter.metadata).toMatchObject({ deletionTimestamp: "2026-01-01T00:00:05Z", deletionGracePeriodSeconds: 5, generation: 2 });
    const longer = (await cluster.client.delete(pods, named("bound"), { gracePeriodSeconds: 50 })) as Pod;
    expect(longer.metadata.deletionGracePeriodSeconds).toBe(5);
    await cluster.client.delete(pods, named("bound"), { gracePeriodSeconds: 0 });
    expect(await status(cluster.client.get(pods, named("bound")))).toContain("404");
  });

  test("a Namespace goes when its spec's finalizers are taken out through /finalize", async () => {
    await cluster.client.create(namespaces, { metadata: { name: "n" } });
    const terminating = (await cluster.client.delete(namespaces, { name: "n" })) as Namespace;
    expect([terminating.status?.phase, terminating.spec?.finalizers]).toEqual(["Terminating", ["kubernetes"]]);
    await cluster.client.update(namespaces, { ...terminating, spec: { finalizers: [] } }, { subresource: "finalize" });
    expect(await status(cluster.client.get(namespaces, { name: "n" }))).toBe('404 NotFound: namespaces "n" not found');
  });

  test("a collection is emptied of what is selected", async () => {
    for (const [name, app] of [["a", "x"], ["b", "y"], ["c", "x"]] as const) await cluster.client.create(configMaps, configMap(name, { labels: { app } }));
    await cluster.client.deleteCollection(configMaps, { namespace: "default", labelSelector: "app=x" });
    expect((await cluster.client.list(configMaps, { namespace: "default" })).items.map(({ metadata }) => metadata.name)).toEqual(["b"]);
  });
});

describe("events", () => {
  const event = { metadata: { name: "e", namespace: "default" }, involvedObject: { kind: "Pod", namespace: "default", name: "p" }, reason: "R", message: "m", type: "Normal" };

  test("an Event is gone an hour after its last write", async () => {
    await cluster.client.create(events, event);
    await cluster.advance(40 * 60_000);
    await cluster.client.patch(events, named("e"), { type: "merge", body: { count: 2 } });
    await cluster.advance(59 * 60_000);
    expect((await cluster.client.get(events, named("e"))).count).toBe(2);
    await cluster.advance(60_000);
    expect(await status(cluster.client.get(events, named("e")))).toBe('404 NotFound: events "e" not found');
  });
});

describe("binding", () => {
  const bind = (name: string, node: string): Promise<KubeObject> =>
    cluster.client.create(pods, { apiVersion: "v1", kind: "Binding", metadata: named(name), target: { kind: "Node", name: node } } as never, { subresource: "binding" });

  test("puts a Pod on a node once", async () => {
    await cluster.client.create(pods, pod("p"));
    await bind("p", "n1");
    const bound = await cluster.client.get(pods, named("p"));
    expect(bound.spec?.nodeName).toBe("n1");
    expect(bound.status?.conditions?.[0]).toMatchObject({ type: "PodScheduled", status: "True" });
    expect(await status(bind("p", "n2"))).toBe('409 Conflict: Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n1"');
  });
});

describe("admission", () => {
  test("a Pod gets its account, priority and tolerations", async () => {
    const created = await cluster.client.create(pods, { ...pod("p"), spec: { ...pod("p").spec, priorityClassName: "system-node-critical" } } as Pod);
    expect(created.spec).toMatchObject({ serviceAccountName: "default", priority: 2_000_001_000, preemptionPolicy: "PreemptLowerPriority" });
    expect(created.spec?.tolerations?.map(({ key, tolerationSeconds }) => `${key} ${tolerationSeconds}`)).toEqual([
      "node.kubernetes.io/not-ready 300",
      "node.kubernetes.io/unreachable 300",
    ]);
    expect(await status(cluster.client.create(pods, { ...pod("q"), spec: { ...pod("q").spec, priorityClassName: "none" } } as Pod))).toBe(
      '403 Forbidden: pods "q" is forbidden: no PriorityClass with name none was found',
    );
  });

  test("a node writes its own Node only", async () => {
    const node = cluster.as({ name: "system:node:n1", groups: ["system:nodes", "system:authenticated"] });
    const created = await node.create(nodes, { metadata: { name: "n1" } });
    expect(created.spec?.taints?.map(({ key }) => key)).toEqual(["node.kubernetes.io/not-ready"]);
    expect(await status(node.create(nodes, { metadata: { name: "n2" } }))).toBe('403 Forbidden: nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"');
  });
});

describe("authorization", () => {
  test("components have upstream's rights and no more", async () => {
    const jobs = cluster.as({ name: "system:serviceaccount:kube-system:job-controller", groups: ["system:serviceaccounts", "system:authenticated"] });
    await jobs.create(pods, pod("p"));
    expect(await status(jobs.get(nodes, { name: "n" }))).toBe(
      '403 Forbidden: nodes "n" is forbidden: User "system:serviceaccount:kube-system:job-controller" cannot get resource "nodes" in API group "" at the cluster scope',
    );
  });
});
