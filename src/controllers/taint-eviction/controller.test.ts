import { beforeEach, expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../test/in-process-server.ts";
import { PlayedNodes, controllerContext } from "../../../test/played-nodes.ts";
import { events, nodes, pods } from "../../api/kinds.ts";
import type { Taint, Toleration } from "../../api/types/core-v1.ts";
import { startTaintEvictionController } from "./controller.ts";

let server: InProcessServer;
let played: PlayedNodes;
const broken: Taint = { key: "broken", effect: "NoExecute" };

async function pod(name: string, tolerations: Toleration[] = []): Promise<void> {
  await server.client.create(pods, { metadata: { namespace: "default", name }, spec: { containers: [{ name: "c", image: "busybox" }], tolerations } });
  await played.rounds();
}

async function taint(...taints: Taint[]): Promise<void> {
  await server.client.patch(nodes, { name: "a" }, { type: "merge", body: { spec: { taints } } });
  await server.settle();
}

async function leaving(): Promise<string[]> {
  return (await played.pods()).filter((each) => each.metadata.deletionTimestamp !== undefined).map((each) => each.metadata.name);
}

async function told(): Promise<string[]> {
  return (await server.client.list(events)).items.map((event) => `${event.source.component ?? ""} ${event.reason} ${event.message}`);
}

beforeEach(async () => {
  server = await startInProcessServer();
  played = new PlayedNodes(server);
  await played.add("a");
  startTaintEvictionController(controllerContext(server));
});

test("a Pod that does not tolerate the taint leaves at once, marked and told", async () => {
  await pod("p");
  await pod("q", [{ key: "broken", operator: "Exists" }]);
  await taint(broken);
  expect(await leaving()).toEqual(["p"]);
  const marked = await server.client.get(pods, { namespace: "default", name: "p" });
  expect(marked.status.conditions?.at(-1)).toMatchObject({ type: "DisruptionTarget", status: "True", reason: "DeletionByTaintManager", message: "Taint manager: deleting due to NoExecute taint" });
  expect(await told()).toEqual(["taint-eviction-controller TaintManagerEviction Marking for deletion Pod default/p"]);
  await server.advance(3_600_000);
  expect(await leaving()).toEqual(["p"]);
});

test("a toleration for a while delays it, and a taint that goes in time calls it off", async () => {
  await pod("p", [{ key: "broken", operator: "Exists", effect: "NoExecute", tolerationSeconds: 30 }]);
  await taint(broken);
  await server.advance(29_999);
  expect(await leaving()).toEqual([]);
  await taint();
  expect(await told()).toEqual(["taint-eviction-controller TaintManagerEviction Cancelling deletion of Pod default/p"]);
  await server.advance(60_000);
  expect(await leaving()).toEqual([]);
  await taint(broken);
  await server.advance(30_000);
  expect(await leaving()).toEqual(["p"]);
});

test("a Pod that is bound to a tainted node leaves it", async () => {
  await taint(broken);
  await pod("p");
  expect(await played.pods()).toEqual([]);
});

test("nothing is written about taints that forbid only", async () => {
  await pod("p");
  const { revision } = server.store;
  await taint({ key: "broken", effect: "NoSchedule" });
  expect(server.store.revision).toBe(revision + 1);
});
