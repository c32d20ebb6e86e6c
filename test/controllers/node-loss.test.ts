import { beforeEach, describe, expect, test } from "vitest";
import { daemonSets, nodes, pods } from "../../src/api/kinds.ts";
import type { DaemonSet, DaemonSetStatus } from "../../src/api/types/apps-v1.ts";
import type { Taint } from "../../src/api/types/core-v1.ts";
import type { Partially } from "../../src/base/json.ts";
import { startDaemonSetController } from "../../src/controllers/daemonset/controller.ts";
import { startNodeLifecycleController } from "../../src/controllers/node-lifecycle/controller.ts";
import { startPodGcController } from "../../src/controllers/pod-gc/controller.ts";
import { startTaintEvictionController } from "../../src/controllers/taint-eviction/controller.ts";
import { startInProcessServer } from "../in-process-server.ts";
import type { InProcessServer } from "../in-process-server.ts";
import { PlayedNodes, controllerContext } from "../played-nodes.ts";

/** DaemonSets, node life cycle, taint eviction and Pod garbage collection together, as recorded from Kubernetes 1.36.3. */
let server: InProcessServer;
let played: PlayedNodes;
const name = { namespace: "default", name: "agent" };
const manifest = {
  metadata: { ...name },
  spec: { selector: { matchLabels: { app: "agent" } }, template: { metadata: { labels: { app: "agent" } }, spec: { containers: [{ name: "a", image: "busybox:1.36" }] } } },
} as Partially<DaemonSet>;

async function figures(): Promise<string> {
  const status: DaemonSetStatus = (await server.client.get(daemonSets, name)).status;
  return `desired ${status.desiredNumberScheduled} current ${status.currentNumberScheduled} misscheduled ${status.numberMisscheduled} ready ${status.numberReady} available ${status.numberAvailable ?? 0}`;
}

async function pass(seconds: number, ...alive: string[]): Promise<void> {
  for (let i = 0; i < seconds; i += 10) {
    await server.advance(10_000);
    for (const node of alive) await played.renew(node);
  }
}

async function taint(node: string, ...taints: Taint[]): Promise<void> {
  await server.client.patch(nodes, { name: node }, { type: "merge", body: { spec: { taints } } });
  await server.settle();
}

beforeEach(async () => {
  server = await startInProcessServer();
  played = new PlayedNodes(server);
  startNodeLifecycleController(controllerContext(server));
  startTaintEvictionController(controllerContext(server));
  startPodGcController(controllerContext(server));
  startDaemonSetController(controllerContext(server));
  for (const node of ["a", "b", "c"]) await played.add(node);
  await server.client.create(daemonSets, manifest);
  await played.rounds();
  expect(await figures()).toBe("desired 3 current 3 misscheduled 0 ready 3 available 3");
});

describe("taints", () => {
  test("NoSchedule changes no number until something else wakes the controller", async () => {
    await taint("b", { key: "dedicated", value: "db", effect: "NoSchedule" });
    expect(await figures()).toBe("desired 3 current 3 misscheduled 0 ready 3 available 3");
    await server.client.patch(daemonSets, name, { type: "merge", body: { metadata: { labels: { woken: "yes" } } } });
    await server.settle();
    expect(await figures()).toBe("desired 2 current 2 misscheduled 1 ready 2 available 2");
    await taint("b");
    expect(await figures()).toBe("desired 3 current 3 misscheduled 0 ready 3 available 3");
  });

  test("NoExecute takes the Pod at once, its removal brings one back", async () => {
    await taint("b", { key: "dedicated", value: "db", effect: "NoExecute" });
    await played.rounds();
    expect(await figures()).toBe("desired 2 current 2 misscheduled 0 ready 2 available 2");
    await taint("b");
    await played.rounds();
    expect(await figures()).toBe("desired 3 current 3 misscheduled 0 ready 3 available 3");
  });
});

test("a deleted node lowers the numbers only when its Pod has been collected", async () => {
  await server.client.delete(nodes, { name: "b" });
  await server.settle();
  expect(await figures()).toBe("desired 3 current 3 misscheduled 0 ready 3 available 3");
  await pass(40, "a", "c");
  expect(await figures()).toBe("desired 2 current 2 misscheduled 0 ready 2 available 2");
  expect(await played.pods()).toHaveLength(2);
});

test("a lost heartbeat makes the Pod misscheduled, a roll-out deletes it there, and the node gets a new one when it is back", async () => {
  await pass(60, "a", "c");
  expect(await figures()).toBe("desired 2 current 2 misscheduled 1 ready 2 available 2");
  const lost = (await played.pods()).find((pod) => pod.spec.nodeName === "b");
  expect([lost?.status.phase, lost?.metadata.deletionTimestamp]).toEqual(["Running", undefined]);
  await server.client.patch(daemonSets, name, { type: "strategic", body: { spec: { template: { spec: { containers: [{ name: "a", image: "busybox:1.37" }] } } } } });
  await server.settle();
  expect((await server.client.get(pods, { namespace: "default", name: lost?.metadata.name as string })).metadata.deletionTimestamp).toBeDefined();
  await played.rounds();
  expect(await figures()).toBe("desired 2 current 2 misscheduled 0 ready 2 available 2");
  await played.report("b");
  await played.rounds();
  expect(await figures()).toBe("desired 3 current 3 misscheduled 0 ready 3 available 3");
});

test("a new node that never reports gets its Pod", async () => {
  await played.add("d", { ready: false });
  await played.rounds();
  expect(await figures()).toBe("desired 4 current 4 misscheduled 0 ready 4 available 4");
});

test("a settled cluster writes nothing but heartbeats", async () => {
  await pass(60, "a", "b", "c");
  const { revision } = server.store;
  await pass(600, "a", "b", "c");
  expect(server.store.revision).toBe(revision + 180);
});
