import { describe, expect, it } from "vitest";
import { startInProcessServer } from "../../test/in-process-server.ts";
import type { InProcessServer } from "../../test/in-process-server.ts";
import { events, namespaces, nodes, podDisruptionBudgets, pods, priorityClasses, serviceAccounts } from "../api/kinds.ts";
import { startScheduler } from "./scheduler.ts";

async function withScheduler(names: readonly string[]): Promise<InProcessServer> {
  const cluster = await startInProcessServer();
  for (const name of names) await addNode(cluster, name);
  startScheduler({ context: cluster.context, client: cluster.client, host: "test" });
  await cluster.settle();
  return cluster;
}

async function addNode(cluster: InProcessServer, name: string, labels: { [key: string]: string } = {}): Promise<void> {
  await cluster.client.create(nodes, { metadata: { name, labels: { "kubernetes.io/hostname": name, ...labels } }, status: { allocatable: { cpu: "4", memory: "8Gi", pods: "110" } } });
  // Admission taints a new node until it is ready.
  await cluster.client.patch(nodes, { name }, { type: "merge", body: { spec: { taints: null } } });
}

async function addPod(cluster: InProcessServer, name: string, cpu: string, more: object = {}): Promise<void> {
  await cluster.client.create(pods, {
    metadata: { name, namespace: "default" },
    spec: { containers: [{ name: "c", image: "x", resources: { requests: { cpu } } }], ...more },
  });
}

const nodeOf = async (cluster: InProcessServer, name: string) => (await cluster.client.get(pods, { namespace: "default", name })).spec.nodeName;
const eventsAbout = async (cluster: InProcessServer, name: string) =>
  (await cluster.client.list(events, { namespace: "default" })).items.filter((event) => event.involvedObject.name === name).map((event) => `${event.reason}: ${event.message}`);

describe("scheduler", () => {
  it("binds, writes the event, and never takes the same room twice", async () => {
    const cluster = await withScheduler(["n1", "n2"]);
    for (let i = 0; i < 3; i++) await addPod(cluster, `p${i}`, "3");
    await cluster.settle();
    const placed = await Promise.all(["p0", "p1", "p2"].map((name) => nodeOf(cluster, name)));
    expect(placed.slice(0, 2).sort()).toEqual(["n1", "n2"]);
    expect(placed[2]).toBeUndefined();
    expect(await eventsAbout(cluster, "p0")).toEqual([`Scheduled: Successfully assigned default/p0 to ${placed[0]}`]);
    expect(await eventsAbout(cluster, "p2")).toEqual([
      "FailedScheduling: 0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.",
    ]);
    const condition = (await cluster.client.get(pods, { namespace: "default", name: "p2" })).status.conditions?.[0];
    expect(condition).toMatchObject({ type: "PodScheduled", status: "False", reason: "Unschedulable" });
  });

  it("wakes a waiting Pod when room appears, and not for what cannot help", async () => {
    const cluster = await withScheduler(["n1"]);
    await addPod(cluster, "big", "3");
    await addPod(cluster, "wants-ssd", "1", { nodeSelector: { disk: "ssd" } });
    await addPod(cluster, "waits", "2");
    await cluster.settle();
    await cluster.advance(60_000);
    const before = (await eventsAbout(cluster, "waits")).length;
    await addNode(cluster, "n2", { disk: "hdd" });
    await cluster.client.delete(pods, { namespace: "default", name: "big" }, { gracePeriodSeconds: 0 });
    await cluster.advance(11_000);
    expect(await nodeOf(cluster, "waits")).toBeDefined();
    expect(await nodeOf(cluster, "wants-ssd")).toBeUndefined();
    await cluster.client.patch(nodes, { name: "n2" }, { type: "merge", body: { metadata: { labels: { disk: "ssd" } } } });
    await cluster.advance(11_000);
    expect(await nodeOf(cluster, "wants-ssd")).toBe("n2");
    expect(before).toBe(1);
  });

  it("leaves gated Pods and those of other schedulers alone until that changes", async () => {
    const cluster = await withScheduler(["n1"]);
    await addPod(cluster, "gated", "1", { schedulingGates: [{ name: "example.com/g" }] });
    await addPod(cluster, "foreign", "1", { schedulerName: "other" });
    await cluster.settle();
    expect(await nodeOf(cluster, "gated")).toBeUndefined();
    await cluster.client.patch(pods, { namespace: "default", name: "gated" }, { type: "json", body: [{ op: "remove", path: "/spec/schedulingGates/0" }] });
    await cluster.settle();
    expect(await nodeOf(cluster, "gated")).toBe("n1");
    expect(await nodeOf(cluster, "foreign")).toBeUndefined();
  });

  it("evicts the least that makes room for a Pod of higher priority", async () => {
    const cluster = await withScheduler(["n1"]);
    await cluster.client.create(priorityClasses, { metadata: { name: "high" }, value: 1000 });
    await addPod(cluster, "low-a", "2");
    await addPod(cluster, "low-b", "2");
    await cluster.settle();
    await addPod(cluster, "urgent", "2", { priorityClassName: "high" });
    await cluster.settle();
    const left = (await cluster.client.list(pods, { namespace: "default" })).items;
    const marked = left.filter((pod) => pod.metadata.deletionTimestamp).map((pod) => pod.metadata.name);
    expect(marked).toHaveLength(1);
    const victim = left.find((pod) => pod.metadata.name === marked[0]);
    expect(victim?.status.conditions).toContainEqual(expect.objectContaining({ type: "DisruptionTarget", reason: "PreemptionByScheduler" }));
    expect((await cluster.client.get(pods, { namespace: "default", name: "urgent" })).status.nominatedNodeName).toBe("n1");
    await cluster.client.delete(pods, { namespace: "default", name: marked[0] as string }, { gracePeriodSeconds: 0 });
    await cluster.advance(15_000);
    expect(await nodeOf(cluster, "urgent")).toBe("n1");
    expect((await cluster.client.get(pods, { namespace: "default", name: "urgent" })).status).not.toHaveProperty("nominatedNodeName");
  });

  it("evicts once, whatever else happens while the victims take their time", async () => {
    const cluster = await withScheduler(["n1", "n2"]);
    await cluster.client.create(priorityClasses, { metadata: { name: "high" }, value: 1000 });
    await addPod(cluster, "low-a", "3");
    await addPod(cluster, "low-b", "3");
    await addPod(cluster, "small", "500m");
    await cluster.settle();
    await addPod(cluster, "urgent", "3", { priorityClassName: "high" });
    await cluster.settle();
    // What ends elsewhere makes the scheduler look again.
    await cluster.client.delete(pods, { namespace: "default", name: "small" }, { gracePeriodSeconds: 0 });
    await cluster.advance(20_000);
    const { items } = await cluster.client.list(pods, { namespace: "default" });
    expect(items.filter(({ metadata }) => metadata.deletionTimestamp)).toHaveLength(1);
    const preempted = (await cluster.client.list(events, { namespace: "default" })).items.filter(({ reason }) => reason === "Preempted");
    expect(preempted.map(({ count = 1 }) => count)).toEqual([1]);
    expect((await cluster.client.get(pods, { namespace: "default", name: "urgent" })).status.nominatedNodeName).toBe(items.find(({ metadata }) => metadata.deletionTimestamp)?.spec.nodeName);
    expect(await eventsAbout(cluster, "urgent")).toContainEqual(expect.stringMatching(/preemption: not eligible due to a terminating pod on the nominated node\.$/));
  });

  it("keeps what its predecessor promised from Pods of lower priority", async () => {
    const cluster = await withScheduler([]);
    await cluster.client.create(priorityClasses, { metadata: { name: "high" }, value: 1000 });
    await addNode(cluster, "n1", { ready: "yes" });
    await addPod(cluster, "leaving", "3");
    await cluster.settle();
    // Its node does not answer: it stays as long as it is not told to go at once.
    await cluster.client.delete(pods, { namespace: "default", name: "leaving" });
    const urgent = { namespace: "default", name: "urgent" };
    await addPod(cluster, "urgent", "3", { priorityClassName: "high", nodeSelector: { ready: "yes" }, schedulingGates: [{ name: "example.com/wait" }] });
    await cluster.client.patch(pods, urgent, { type: "merge", body: { status: { nominatedNodeName: "n1" } } }, { subresource: "status" });
    await cluster.client.patch(pods, urgent, { type: "merge", body: { spec: { schedulingGates: null } } });
    await addPod(cluster, "small", "1");
    await cluster.advance(15_000);
    expect([await nodeOf(cluster, "urgent"), await nodeOf(cluster, "small")]).toEqual([undefined, undefined]);
    // A promise that can no longer be kept is taken back, and whoever it kept away comes.
    await cluster.client.patch(nodes, { name: "n1" }, { type: "merge", body: { metadata: { labels: { ready: "no" } } } });
    await cluster.settle();
    expect(await nodeOf(cluster, "small")).toBe("n1");
    expect((await cluster.client.get(pods, urgent)).status).not.toHaveProperty("nominatedNodeName");
  });

  it("does not wait out a back-off while nobody else wants to be looked at", async () => {
    const cluster = await withScheduler(["n1"]);
    await addPod(cluster, "first", "3");
    await cluster.settle();
    await addPod(cluster, "second", "3");
    await cluster.settle();
    expect(await nodeOf(cluster, "second")).toBeUndefined();
    await cluster.client.delete(pods, { namespace: "default", name: "first" }, { gracePeriodSeconds: 0 });
    await cluster.settle();
    expect(await nodeOf(cluster, "second")).toBe("n1");
  });

  it("weighs budgets when it chooses whom to evict", async () => {
    const cluster = await withScheduler(["n1", "n2"]);
    await cluster.client.create(priorityClasses, { metadata: { name: "high" }, value: 1000 });
    await cluster.client.create(podDisruptionBudgets, { metadata: { name: "guard", namespace: "default" }, spec: { minAvailable: 1, selector: { matchLabels: { app: "guarded" } } } });
    const requests = { resources: { requests: { cpu: "4" } } };
    for (const app of ["guarded", "free"]) await cluster.client.create(pods, { metadata: { name: app, namespace: "default", labels: { app } }, spec: { containers: [{ name: "c", image: "x", ...requests }] } });
    await cluster.settle();
    await addPod(cluster, "urgent", "2", { priorityClassName: "high" });
    await cluster.settle();
    const leaving = (await cluster.client.list(pods, { namespace: "default" })).items.filter(({ metadata }) => metadata.deletionTimestamp);
    expect(leaving.map(({ metadata }) => metadata.name)).toEqual(["free"]);
  });

  const shunning = { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { app: "lone" } } }] } } };
  const addLabelled = (cluster: InProcessServer, name: string, labels: { [key: string]: string }, spec: object = {}): Promise<unknown> =>
    cluster.client.create(pods, { metadata: { name, namespace: "default", labels }, spec: { containers: [{ name: "c", image: "x" }], ...spec } });
  const remove = (cluster: InProcessServer, name: string): Promise<unknown> => cluster.client.delete(pods, { namespace: "default", name }, { gracePeriodSeconds: 0 });

  it("wakes a Pod that shuns others when one of them goes, and when one is called otherwise", async () => {
    const cluster = await withScheduler(["n1"]);
    for (const name of ["lone-a", "lone-b", "lone-c"]) await addLabelled(cluster, name, { app: "lone" }, shunning);
    await cluster.advance(60_000);
    const placed = async (): Promise<(string | undefined)[]> => Promise.all(["lone-b", "lone-c"].map((name) => nodeOf(cluster, name)));
    expect(await placed()).toEqual([undefined, undefined]);
    await remove(cluster, "lone-a");
    await cluster.advance(11_000);
    expect(await placed()).toEqual(["n1", undefined]);
    await cluster.client.patch(pods, { namespace: "default", name: "lone-b" }, { type: "merge", body: { metadata: { labels: { app: "friendly" } } } });
    await cluster.advance(11_000);
    // The one that stands there still shuns those of that name.
    expect(await placed()).toEqual(["n1", undefined]);
    await remove(cluster, "lone-b");
    await cluster.advance(11_000);
    expect(await nodeOf(cluster, "lone-c")).toBe("n1");
  });

  it("wakes a Pod that wants to stand beside another when that one comes, by its namespace too", async () => {
    const cluster = await withScheduler(["n1"]);
    const beside = (term: object): object => ({ affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { app: "leader" } }, ...term }] } } });
    await addLabelled(cluster, "friend", {}, beside({}));
    await addLabelled(cluster, "far-friend", {}, beside({ namespaceSelector: { matchLabels: { team: "red" } } }));
    await cluster.advance(60_000);
    expect([await nodeOf(cluster, "friend"), await nodeOf(cluster, "far-friend")]).toEqual([undefined, undefined]);
    await addLabelled(cluster, "leader", { app: "leader" });
    await cluster.advance(11_000);
    expect([await nodeOf(cluster, "friend"), await nodeOf(cluster, "far-friend")]).toEqual(["n1", undefined]);
    await cluster.client.create(namespaces, { metadata: { name: "red", labels: { team: "red" } } });
    await cluster.client.create(serviceAccounts, { metadata: { name: "default", namespace: "red" } });
    await cluster.client.create(pods, { metadata: { name: "leader", namespace: "red", labels: { app: "leader" } }, spec: { containers: [{ name: "c", image: "x" }] } });
    await cluster.advance(11_000);
    expect(await nodeOf(cluster, "far-friend")).toBe("n1");
  });

  it("wakes a Pod that must be spread when a domain empties", async () => {
    const cluster = await withScheduler(["n1", "n2"]);
    const spread = { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "DoNotSchedule", labelSelector: { matchLabels: { app: "even" } } }] };
    for (const name of ["e1", "e2", "e3"]) await addLabelled(cluster, name, { app: "even" }, spread);
    await cluster.settle();
    await cluster.client.patch(nodes, { name: "n2" }, { type: "merge", body: { spec: { unschedulable: true } } });
    for (const name of ["e4", "e5"]) await addLabelled(cluster, name, { app: "even" }, spread);
    await cluster.advance(60_000);
    const on = async (node: string): Promise<string[]> => (await cluster.client.list(pods, { namespace: "default" })).items.filter(({ spec }) => spec.nodeName === node).map(({ metadata }) => metadata.name);
    const [first] = await on("n1");
    const before = (await on("n1")).length;
    await remove(cluster, first ?? "");
    await cluster.advance(11_000);
    expect((await on("n1")).length).toBe(before);
  });

  it("takes the most important first", async () => {
    const cluster = await withScheduler([]);
    await cluster.client.create(priorityClasses, { metadata: { name: "high" }, value: 1000 });
    await addPod(cluster, "first", "3");
    await addPod(cluster, "important", "3", { priorityClassName: "high" });
    await cluster.settle();
    await addNode(cluster, "n1");
    await cluster.advance(15_000);
    expect(await nodeOf(cluster, "important")).toBe("n1");
    expect(await nodeOf(cluster, "first")).toBeUndefined();
  });
});
