import { beforeEach, expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../test/in-process-server.ts";
import { PlayedNodes, controllerContext } from "../../../test/played-nodes.ts";
import { nodes, pods } from "../../api/kinds.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import { startPodGcController } from "./controller.ts";
import { isAbandoned, surplusEnded } from "./plan.ts";

let server: InProcessServer;
let played: PlayedNodes;

async function pod(name: string, options: { finalizers?: string[]; nodeName?: string } = {}): Promise<Pod> {
  const { finalizers, nodeName } = options;
  const metadata = { namespace: "default", name, ...(finalizers ? { finalizers } : {}) };
  return server.client.create(pods, { metadata, spec: { containers: [{ name: "c", image: "busybox" }], ...(nodeName ? { nodeName } : {}) } });
}

beforeEach(async () => {
  server = await startInProcessServer();
  played = new PlayedNodes(server);
  await played.add("a");
  await played.add("b");
  startPodGcController(controllerContext(server));
});

test("the Pods of a node that is gone are failed and removed after 40 seconds", async () => {
  const seen: string[] = [];
  server.informers.of(pods).onChange((current) => void (current && seen.push(`${current.status.phase ?? ""} ${current.status.conditions?.at(-1)?.reason ?? ""}`)));
  await pod("p");
  await pod("q", { nodeName: "b" });
  await played.rounds();
  await server.client.delete(nodes, { name: "a" });
  await server.advance(39_999);
  expect(await played.pods()).toHaveLength(2);
  await server.advance(1);
  expect((await played.pods()).map((each) => each.metadata.name)).toEqual(["q"]);
  expect(seen.at(-1)).toBe("Failed DeletionByPodGC");
});

test("a node that comes back in time keeps them, and its next absence starts anew", async () => {
  await pod("p");
  await played.rounds();
  await server.client.delete(nodes, { name: "a" });
  await server.advance(30_000);
  await played.add("a");
  await server.advance(20_000);
  expect(await played.pods()).toHaveLength(1);
  await server.client.delete(nodes, { name: "a" });
  await server.advance(39_999);
  expect(await played.pods()).toHaveLength(1);
  await server.advance(1);
  expect(await played.pods()).toEqual([]);
});

test("a Pod that is bound to no node that exists goes too", async () => {
  await pod("p", { nodeName: "nowhere" });
  await server.advance(40_000);
  expect(await played.pods()).toEqual([]);
});

test("a Pod that was never bound and is being deleted is failed; its finalizer holds it, and nothing is written again", async () => {
  await pod("p", { finalizers: ["example.com/hold"] });
  await server.client.delete(pods, { namespace: "default", name: "p" });
  await server.settle();
  const [held] = await played.pods();
  expect([held?.status.phase, held?.metadata.deletionGracePeriodSeconds]).toEqual(["Failed", 0]);
  const { revision } = server.store;
  await server.advance(3_600_000);
  expect(server.store.revision).toBe(revision);
});

test("too many ended Pods are removed together", async () => {
  const other = await startInProcessServer();
  const nodes = new PlayedNodes(other);
  startPodGcController(controllerContext(other), { endedMax: 2 });
  for (const name of ["p1", "p2", "p3", "p4", "p5"]) {
    await other.advance(1000);
    const made = await other.client.create(pods, { metadata: { namespace: "default", name }, spec: { containers: [{ name: "c", image: "busybox" }] } });
    if (name !== "p5") await nodes.become(made, { phase: "Succeeded" });
  }
  await other.advance(17_999);
  expect(await nodes.pods()).toHaveLength(5);
  await other.advance(1);
  expect((await nodes.pods()).map((each) => each.metadata.name)).toEqual(["p3", "p4", "p5"]);
});

test("of too many ended Pods evicted and old ones go first", () => {
  const ended = (name: string, created: string, reason?: string): Pod =>
    ({ metadata: { name, creationTimestamp: created }, status: { phase: "Failed", ...(reason ? { reason } : {}) } }) as unknown as Pod;
  const list = [ended("young", "2026-01-03T00:00:00Z"), ended("evicted", "2026-01-04T00:00:00Z", "Evicted"), ended("b", "2026-01-01T00:00:00Z"), ended("a", "2026-01-01T00:00:00Z")];
  expect(surplusEnded(list, 4)).toEqual([]);
  expect(surplusEnded(list, 1).map((each) => each.metadata.name)).toEqual(["evicted", "a", "b"]);
});

test("a Pod on a node out of service is abandoned only when the node is not ready", async () => {
  const made = await pod("p", { nodeName: "a", finalizers: ["example.com/hold"] });
  const deleting = { ...made, metadata: { ...made.metadata, deletionTimestamp: "2026-01-01T00:00:00Z", deletionGracePeriodSeconds: 30 } };
  const ready = await server.client.patch(nodes, { name: "a" }, { type: "merge", body: { spec: { taints: [{ key: "node.kubernetes.io/out-of-service", effect: "NoExecute" }] } } });
  expect([isAbandoned(made, ready), isAbandoned(deleting, ready)]).toEqual([false, false]);
  expect(isAbandoned(deleting, await played.report("a", "False"))).toBe(true);
});
