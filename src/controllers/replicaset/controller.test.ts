import { beforeEach, describe, expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../test/in-process-server.ts";
import { PlayedNodes, controllerContext } from "../../../test/played-nodes.ts";
import { events, pods, replicaSets, replicationControllers } from "../../api/kinds.ts";
import type { ReplicaSet } from "../../api/types/apps-v1.ts";
import type { Partially } from "../../base/json.ts";
import { startReplicaSetController, startReplicationController } from "./controller.ts";

let server: InProcessServer;
let played: PlayedNodes;
const name = { namespace: "default", name: "rs" };

function manifest(replicas: number, spec: object = {}): Partially<ReplicaSet> {
  const template = { metadata: { labels: { app: "rs" } }, spec: { containers: [{ name: "c", image: "nginx" }] } };
  return { metadata: name, spec: { replicas, selector: { matchLabels: { app: "rs" } }, template, ...spec } } as Partially<ReplicaSet>;
}

async function scale(replicas: number): Promise<void> {
  await server.client.patch(replicaSets, name, { type: "merge", body: { spec: { replicas } } });
  await played.rounds();
}

async function status(): Promise<ReplicaSet["status"]> {
  return (await server.client.get(replicaSets, name)).status;
}

async function told(): Promise<string[]> {
  return (await server.client.list(events)).items.map((event) => `${event.type} ${event.reason} ${event.message}`);
}

beforeEach(async () => {
  server = await startInProcessServer();
  played = new PlayedNodes(server);
  await played.join("a");
});

describe("a ReplicaSet on the real server", () => {
  beforeEach(() => void startReplicaSetController(controllerContext(server)));

  test("makes, grows, shrinks and rests", async () => {
    await server.client.create(replicaSets, manifest(3));
    await played.rounds();
    expect(await status()).toEqual({ replicas: 3, fullyLabeledReplicas: 3, readyReplicas: 3, availableReplicas: 3, terminatingReplicas: 0, observedGeneration: 1 });
    await scale(5);
    await scale(2);
    expect(await played.pods()).toHaveLength(2);
    const before = server.store.revision;
    await server.advance(50 * 60_000);
    expect(server.store.revision).toBe(before);
    expect((await told()).filter((line) => line.includes("SuccessfulDelete"))).toHaveLength(3);
  });

  test("takes a Pod that its selector matches, and lets go one that it no longer does", async () => {
    await server.client.create(pods, { metadata: { namespace: "default", name: "early", labels: { app: "rs" } }, spec: { containers: [{ name: "c", image: "busybox" }] } });
    await played.rounds();
    await server.client.create(replicaSets, manifest(2));
    await played.rounds();
    const owner = async (): Promise<string | undefined> => (await server.client.get(pods, { namespace: "default", name: "early" })).metadata.ownerReferences?.[0]?.name;
    expect(await owner()).toBe("rs");
    expect(await played.pods()).toHaveLength(2);
    await server.client.patch(pods, { namespace: "default", name: "early" }, { type: "merge", body: { metadata: { labels: { app: "free" } } } });
    await played.rounds();
    expect(await owner()).toBeUndefined();
    expect(await played.pods()).toHaveLength(3);
  });

  test("a refused Pod stands in the status until one is made", async () => {
    const spec = { template: { metadata: { labels: { app: "rs" } }, spec: { containers: [{ name: "c", image: "nginx" }], priorityClassName: "none" } } };
    await server.client.create(replicaSets, manifest(2, spec));
    await played.rounds();
    expect((await status()).conditions).toMatchObject([{ type: "ReplicaFailure", status: "True", reason: "FailedCreate", message: `pods "rs-" is forbidden: no PriorityClass with name none was found` }]);
    expect(await told()).toContain(`Warning FailedCreate Error creating: pods "rs-" is forbidden: no PriorityClass with name none was found`);
    await server.client.patch(replicaSets, name, { type: "merge", body: { spec: { template: { spec: { priorityClassName: null } } } } });
    await played.rounds();
    expect((await status()).conditions).toBeUndefined();
    expect(await played.pods()).toHaveLength(2);
  });

  test("two controllers over one server make each Pod once", async () => {
    startReplicaSetController(controllerContext(server));
    await server.client.create(replicaSets, manifest(20));
    await server.settle();
    expect(await played.pods()).toHaveLength(20);
    expect((await told()).filter((line) => line.includes("SuccessfulDelete"))).toEqual([]);
  });

  test("a Pod is available only after minReadySeconds, without any event", async () => {
    await server.client.create(replicaSets, manifest(1, { minReadySeconds: 30 }));
    await played.rounds();
    expect(await status()).toMatchObject({ readyReplicas: 1 });
    expect((await status()).availableReplicas).toBeUndefined();
    await server.advance(31_000);
    expect(await status()).toMatchObject({ availableReplicas: 1 });
  });
});

test("a ReplicationController does the same", async () => {
  startReplicationController(controllerContext(server));
  const template = { metadata: { labels: { app: "rc" } }, spec: { containers: [{ name: "c", image: "nginx" }] } };
  await server.client.create(replicationControllers, { metadata: { namespace: "default", name: "rc" }, spec: { replicas: 2, selector: { app: "rc" }, template } });
  await played.rounds();
  const { status } = await server.client.get(replicationControllers, { namespace: "default", name: "rc" });
  expect(status).toEqual({ replicas: 2, fullyLabeledReplicas: 2, readyReplicas: 2, availableReplicas: 2, observedGeneration: 1 });
});
