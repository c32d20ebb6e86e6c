import { beforeEach, describe, expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../test/in-process-server.ts";
import { PlayedNodes, controllerContext } from "../../../test/played-nodes.ts";
import { controllerRevisions, daemonSets, events, nodes, pods } from "../../api/kinds.ts";
import type { DaemonSet } from "../../api/types/apps-v1.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { Partially } from "../../base/json.ts";
import { hashSuffix } from "../../base/names.ts";
import { Informers } from "../../client/informer.ts";
import { targetNode } from "./daemon-pod.ts";
import { startDaemonSetController } from "./controller.ts";

let server: InProcessServer;
let played: PlayedNodes;
const name = { namespace: "default", name: "agent" };

function manifest(options: { image?: string; spec?: object; strategy?: object; set?: object } = {}): Partially<DaemonSet> {
  return {
    metadata: { namespace: "default", name: "agent", labels: { app: "agent" } },
    spec: {
      selector: { matchLabels: { app: "agent" } },
      template: { metadata: { labels: { app: "agent" } }, spec: { containers: [{ name: "a", image: options.image ?? "busybox:1.36" }], ...options.spec } },
      ...(options.strategy === undefined ? {} : { updateStrategy: options.strategy }),
      ...options.set,
    },
  } as Partially<DaemonSet>;
}

async function begin(count: number, set: Partially<DaemonSet> | undefined = manifest()): Promise<void> {
  for (const each of ["a", "b", "c", "d"].slice(0, count)) await played.join(each);
  startDaemonSetController(controllerContext(server));
  if (set) await server.client.create(daemonSets, set);
  await played.rounds();
}

async function daemonPods(): Promise<Pod[]> {
  return [...(await played.pods())].sort((a, b) => ((a.spec.nodeName ?? "") < (b.spec.nodeName ?? "") ? -1 : 1));
}

async function setImage(image: string): Promise<void> {
  const body = { spec: { template: { spec: { containers: [{ name: "a", image }] } } } };
  await server.client.patch(daemonSets, name, { type: "strategic", body });
}

async function status(): Promise<DaemonSet["status"]> {
  return (await server.client.get(daemonSets, name)).status;
}

async function told(): Promise<string[]> {
  const list = await server.client.list(events);
  return list.items.map((event) => `${event.type} ${event.reason} ${event.message}${(event.count ?? 1) > 1 ? ` x${event.count}` : ""}`);
}

beforeEach(async () => {
  server = await startInProcessServer();
  played = new PlayedNodes(server);
});

describe("making Pods", () => {
  test("every node gets one, named after what called for it, with revision, events and status", async () => {
    await begin(3);
    const made = await daemonPods();
    expect(made.map((pod) => pod.spec.nodeName)).toEqual(["a", "b", "c"]);
    for (const pod of made) {
      expect(pod.metadata.name).toMatch(/^agent-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
      expect(pod.metadata.generateName).toBe("agent-");
      expect(pod.metadata.labels).toEqual({ app: "agent", "controller-revision-hash": expect.any(String), "pod-template-generation": "1" });
      expect(pod.spec.tolerations?.map(({ key, effect }) => `${key}:${effect}`)).toContain("node.kubernetes.io/unschedulable:NoSchedule");
    }
    const [revision] = (await server.client.list(controllerRevisions)).items;
    expect(revision?.metadata.name).toBe(`agent-${made[0]?.metadata.labels?.["controller-revision-hash"] ?? ""}`);
    expect(revision?.metadata.ownerReferences).toMatchObject([{ kind: "DaemonSet", name: "agent", controller: true, blockOwnerDeletion: true }]);
    expect(await status()).toEqual({
      currentNumberScheduled: 3,
      numberMisscheduled: 0,
      desiredNumberScheduled: 3,
      numberReady: 3,
      observedGeneration: 1,
      updatedNumberScheduled: 3,
      numberAvailable: 3,
    });
    expect((await told()).sort()).toEqual(made.map((pod) => `Normal SuccessfulCreate Created pod: ${pod.metadata.name}`).sort());
  });

  test("a settled set writes nothing", async () => {
    await begin(3);
    const { revision } = server.store;
    await server.advance(3_000_000);
    expect(server.store.revision).toBe(revision);
  });

  test("a new node gets one, a node that matches no more loses it", async () => {
    await begin(2, manifest({ spec: { nodeSelector: { disk: "ssd" } } }));
    expect(await daemonPods()).toEqual([]);
    expect((await status()).desiredNumberScheduled).toBe(0);
    await server.client.patch(nodes, { name: "b" }, { type: "merge", body: { metadata: { labels: { disk: "ssd" } } } });
    await played.rounds();
    expect((await daemonPods()).map((pod) => pod.spec.nodeName)).toEqual(["b"]);
    await played.join("c", { labels: { disk: "ssd" } });
    await played.rounds();
    expect((await daemonPods()).map((pod) => pod.spec.nodeName)).toEqual(["b", "c"]);
    await server.client.patch(nodes, { name: "b" }, { type: "merge", body: { metadata: { labels: { disk: null } } } });
    await played.rounds();
    expect((await daemonPods()).map((pod) => pod.spec.nodeName)).toEqual(["c"]);
    expect((await status()).desiredNumberScheduled).toBe(1);
  });

  test("a refused creation is told, counted as desired and tried again", async () => {
    await begin(2, manifest({ spec: { priorityClassName: "nope" } }));
    expect(await daemonPods()).toEqual([]);
    expect((await status()).desiredNumberScheduled).toBe(2);
    expect((await told())[0]).toMatch(/^Warning FailedCreate Error creating: pods "agent-" is forbidden: no PriorityClass with name nope was found/);
  });
});

test("two nodes whose Pods would have the same name both get one", async () => {
  startDaemonSetController(controllerContext(server));
  const { uid } = (await server.client.create(daemonSets, manifest())).metadata;
  const nodeOf = new Map<string, string>();
  for (let i = 0; ; i++) {
    const suffix = hashSuffix(`${uid}/n${i}/`);
    const other = nodeOf.get(suffix);
    nodeOf.set(suffix, `n${i}`);
    if (other === undefined) continue;
    await played.join(other);
    await played.join(`n${i}`);
    break;
  }
  await played.rounds();
  expect(await daemonPods()).toHaveLength(2);
  expect((await status()).numberAvailable).toBe(2);
});

test("two controllers at once, as after a failover, never give a node two Pods", async () => {
  await begin(3);
  const second = controllerContext(server);
  startDaemonSetController({ ...second, informers: new Informers({ client: server.client, environment: server.environment }) });
  const most = new Map<string, number>();
  server.informers.of(pods).onChange(() => {
    const counts = new Map<string, number>();
    for (const pod of server.informers.of(pods).list()) {
      const node = targetNode(pod) as string;
      if (pod.metadata.deletionTimestamp === undefined) counts.set(node, (counts.get(node) ?? 0) + 1);
    }
    for (const [node, count] of counts) most.set(node, Math.max(most.get(node) ?? 0, count));
  });
  await played.rounds();
  for (const pod of await daemonPods()) await server.client.delete(pods, pod.metadata, { gracePeriodSeconds: 0 });
  await played.rounds();
  await setImage("busybox:1.37");
  await played.rounds();
  await played.join("d");
  await played.rounds();
  expect([...most.values()]).toEqual([1, 1, 1, 1]);
  expect((await status()).updatedNumberScheduled).toBe(4);
});

describe("the numbers follow the nodes within ten seconds", () => {
  const taint = (taints: readonly object[] | null): Promise<unknown> => server.client.patch(nodes, { name: "b" }, { type: "merge", body: { spec: { taints } } });
  const numbers = async (afterMs: number): Promise<readonly (number | undefined)[]> => {
    await server.settle();
    await server.advance(afterMs);
    const { desiredNumberScheduled, currentNumberScheduled, numberMisscheduled } = await status();
    return [desiredNumberScheduled, currentNumberScheduled, numberMisscheduled];
  };

  test("when a taint that only forbids new Pods is put on or changed, and at once when it is taken off", async () => {
    await begin(3);
    await taint([{ key: "dedicated", value: "db", effect: "NoSchedule" }]);
    expect(await numbers(9_999)).toEqual([3, 3, 0]);
    expect(await numbers(1)).toEqual([2, 2, 1]);
    expect(await daemonPods()).toHaveLength(3);
    const { revision } = server.store;
    await taint([{ key: "dedicated", value: "web", effect: "NoSchedule" }]);
    expect(await numbers(60_000)).toEqual([2, 2, 1]);
    expect(server.store.revision).toBe(revision + 1);
    await taint(null);
    expect(await numbers(0)).toEqual([3, 3, 0]);
    await taint([{ key: "dedicated", effect: "PreferNoSchedule" }]);
    expect(await numbers(60_000)).toEqual([3, 3, 0]);
  });

  test("when the node has no Pod because none could be made", async () => {
    await begin(2, manifest({ spec: { priorityClassName: "nope" } }));
    expect((await status()).desiredNumberScheduled).toBe(2);
    await taint([{ key: "dedicated", effect: "NoSchedule" }]);
    expect(await numbers(10_000)).toEqual([1, 0, 0]);
  });

  test("when a node goes, with its Pod still there", async () => {
    await begin(3);
    await server.client.delete(nodes, { name: "b" });
    expect(await numbers(10_000)).toEqual([2, 2, 0]);
    await played.join("b");
    expect(await numbers(10_000)).toEqual([3, 3, 0]);
  });

  test("and a Pod that waits for a node that goes is removed, since nobody would ever bind it", async () => {
    for (const each of ["a", "b"]) await played.join(each);
    startDaemonSetController(controllerContext(server));
    await server.client.create(daemonSets, manifest());
    await server.settle();
    expect((await played.pods()).map((pod) => pod.spec.nodeName)).toEqual([undefined, undefined]);
    await server.client.delete(nodes, { name: "b" });
    await numbers(10_000);
    expect((await played.pods()).map(targetNode)).toEqual(["a"]);
  });
});

describe("replacing Pods", () => {
  test("a deleted Pod is replaced under another name when it has gone", async () => {
    await begin(2);
    const [first] = await daemonPods();
    await server.client.delete(pods, first?.metadata as Pod["metadata"]);
    await played.rounds();
    const after = await daemonPods();
    expect(after.map((pod) => pod.spec.nodeName)).toEqual(["a", "b"]);
    expect(after[0]?.metadata.name).not.toBe(first?.metadata.name);
    await server.client.delete(pods, after[0]?.metadata as Pod["metadata"], { gracePeriodSeconds: 0 });
    await played.rounds();
    const names = new Set([first, ...after, ...(await daemonPods())].map((pod) => pod?.metadata.name));
    expect(names.size).toBe(4);
  });

  test("failed Pods are replaced at once, then with growing delay", async () => {
    await begin(1);
    for (const delay of [0, 1000, 2000, 4000]) {
      const [pod] = await daemonPods();
      await played.become(pod as Pod, { phase: "Failed" });
      await server.settle();
      if (delay > 0) {
        await server.advance(delay - 1);
        expect((await daemonPods())[0]?.metadata.uid).toBe(pod?.metadata.uid);
        await server.advance(1);
      }
      await played.rounds();
      const [next] = await daemonPods();
      expect(next?.metadata.uid).not.toBe(pod?.metadata.uid);
      expect(next?.status.phase).toBe("Running");
    }
    expect((await told()).filter((text) => text.includes("FailedDaemonPod"))[0]).toMatch(/^Warning FailedDaemonPod Found failed daemon pod default\/agent-\w{5} on node a, will try to kill it$/);
  });

  test("a Pod that succeeded is replaced too", async () => {
    await begin(1);
    const [pod] = await daemonPods();
    await played.become(pod as Pod, { phase: "Succeeded" });
    await played.rounds();
    expect((await daemonPods())[0]?.metadata.uid).not.toBe(pod?.metadata.uid);
    expect(await told()).toContain(`Normal SucceededDaemonPod Found succeeded daemon pod default/${pod?.metadata.name ?? ""} on node a, will try to delete it`);
  });

  test("a second Pod on a node is removed", async () => {
    await begin(1);
    const [pod] = await daemonPods();
    const { name: _, generateName: __, uid: ___, resourceVersion: ____, ...metadata } = (pod as Pod).metadata;
    await server.client.create(pods, { metadata: { ...metadata, name: "twin" }, spec: (pod as Pod).spec });
    await played.rounds();
    expect((await daemonPods()).map((each) => each.metadata.name)).toEqual([pod?.metadata.name]);
  });
});

describe("rolling update", () => {
  test("goes node by node and keeps one revision per template", async () => {
    await begin(3);
    const before = new Set((await daemonPods()).map((pod) => pod.metadata.uid));
    await setImage("busybox:1.37");
    for (let left = 3; left > 0; left--) {
      await server.settle();
      const deleting = (await played.pods()).filter((pod) => pod.metadata.deletionTimestamp !== undefined);
      expect(deleting.length).toBeLessThanOrEqual(1);
      while (await played.round()) if ((await played.pods()).filter((pod) => before.has(pod.metadata.uid)).length < left) break;
    }
    await played.rounds();
    expect((await daemonPods()).every((pod) => !before.has(pod.metadata.uid))).toBe(true);
    expect((await status()).updatedNumberScheduled).toBe(3);
    const revisions = (await server.client.list(controllerRevisions)).items;
    expect(revisions.map((revision) => revision.revision).sort()).toEqual([1, 2]);
    await setImage("busybox:1.36");
    await played.rounds();
    const undone = (await server.client.list(controllerRevisions)).items;
    expect(undone.map((revision) => [revision.metadata.name, revision.revision]).sort()).toEqual(revisions.map((revision) => [revision.metadata.name, revision.revision === 1 ? 3 : 2]).sort());
  });

  test("keeps no more old revisions than asked", async () => {
    await begin(1, manifest({ set: { revisionHistoryLimit: 1 } }));
    for (const tag of ["1.37", "1.38", "1.39"]) {
      await setImage(`busybox:${tag}`);
      await played.rounds();
    }
    expect((await server.client.list(controllerRevisions)).items.map((revision) => revision.revision).sort()).toEqual([3, 4]);
  });

  test("minReadySeconds goes on by itself when the time has come", async () => {
    await begin(2, manifest({ set: { minReadySeconds: 5 } }));
    await server.advance(5000);
    expect((await status()).numberAvailable).toBe(2);
    await setImage("busybox:1.37");
    await played.rounds();
    expect((await status()).updatedNumberScheduled).toBe(1);
    await server.advance(4999);
    await played.rounds();
    expect((await status()).updatedNumberScheduled).toBe(1);
    await server.advance(1);
    await played.rounds();
    expect((await status()).updatedNumberScheduled).toBe(2);
  });

  test("with surge the new Pod comes first", async () => {
    await begin(1, manifest({ strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } }));
    const [old] = await daemonPods();
    await setImage("busybox:1.37");
    await server.settle();
    expect((await played.pods()).map((pod) => pod.metadata.deletionTimestamp)).toEqual([undefined, undefined]);
    await played.rounds();
    const [fresh, ...rest] = await daemonPods();
    expect(rest).toEqual([]);
    expect(fresh?.metadata.uid).not.toBe(old?.metadata.uid);
  });

  test("OnDelete waits for the Pod to be deleted", async () => {
    await begin(1, manifest({ strategy: { type: "OnDelete" } }));
    const [old] = await daemonPods();
    await setImage("busybox:1.37");
    await played.rounds();
    expect((await daemonPods())[0]?.metadata.uid).toBe(old?.metadata.uid);
    await server.client.delete(pods, old?.metadata as Pod["metadata"]);
    await played.rounds();
    expect((await daemonPods())[0]?.spec.containers[0]?.image).toBe("busybox:1.37");
  });
});

describe("ownership", () => {
  test("orphans are adopted, and a Pod whose labels change is let go and replaced", async () => {
    await begin(1);
    const [pod] = await daemonPods();
    await server.client.delete(daemonSets, name, { propagationPolicy: "Orphan" });
    await server.settle();
    for (const each of await played.pods()) await server.client.patch(pods, each.metadata, { type: "merge", body: { metadata: { ownerReferences: null } } });
    const made = (await server.client.list(daemonSets)).items;
    for (const each of made) await server.client.patch(daemonSets, each.metadata, { type: "merge", body: { metadata: { finalizers: null } } });
    await server.client.create(daemonSets, manifest());
    await played.rounds();
    const [adopted, ...rest] = await daemonPods();
    expect(rest).toEqual([]);
    expect(adopted?.metadata.uid).toBe(pod?.metadata.uid);
    expect(adopted?.metadata.ownerReferences).toMatchObject([{ kind: "DaemonSet", controller: true }]);
    await server.client.patch(pods, adopted?.metadata as Pod["metadata"], { type: "merge", body: { metadata: { labels: { app: "debug" } } } });
    await played.rounds();
    const after = await played.pods();
    expect(after).toHaveLength(2);
    expect(after.find((each) => each.metadata.uid === pod?.metadata.uid)?.metadata.ownerReferences).toBeUndefined();
  });
});
