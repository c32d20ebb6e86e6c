import { beforeEach, describe, expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../test/in-process-server.ts";
import { PlayedNodes, controllerContext } from "../../../test/played-nodes.ts";
import { events, nodes, pods } from "../../api/kinds.ts";
import type { Node } from "../../api/types/core-v1.ts";
import { startNodeLifecycleController } from "./controller.ts";

let server: InProcessServer;
let played: PlayedNodes;

async function taintsOf(name: string): Promise<string[]> {
  const node = await server.client.get(nodes, { name });
  return (node.spec.taints ?? []).map(({ key, effect }) => `${key.replace("node.kubernetes.io/", "")}:${effect}`);
}

async function ready(name: string): Promise<NonNullable<Node["status"]["conditions"]>[number] | undefined> {
  return (await server.client.get(nodes, { name })).status.conditions?.find((condition) => condition.type === "Ready");
}

async function told(): Promise<string[]> {
  return (await server.client.list(events)).items.map((event) => `${event.involvedObject.kind ?? ""}/${event.involvedObject.name ?? ""} ${event.reason}: ${event.message}`);
}

/** Time passes; the kubelets of these nodes renew their leases every ten seconds. */
async function pass(seconds: number, ...alive: string[]): Promise<void> {
  for (let i = 0; i < seconds; i += 10) {
    await server.advance(Math.min(10, seconds - i) * 1000);
    for (const name of alive) await played.renew(name);
  }
}

beforeEach(async () => {
  server = await startInProcessServer();
  played = new PlayedNodes(server);
  startNodeLifecycleController(controllerContext(server));
});

describe("a new node", () => {
  test("is registered, gets addresses and loses the taint of its first moment", async () => {
    await played.add("a");
    await played.add("b");
    await server.settle();
    expect(await taintsOf("a")).toEqual([]);
    const list = (await server.client.list(nodes)).items;
    expect(list.map((node) => [node.spec.podCIDR, node.spec.podCIDRs])).toEqual([
      ["10.244.0.0/24", ["10.244.0.0/24"]],
      ["10.244.1.0/24", ["10.244.1.0/24"]],
    ]);
    expect(await told()).toEqual(["Node/a RegisteredNode: Node a event: Registered Node a in Controller", "Node/b RegisteredNode: Node b event: Registered Node b in Controller"]);
  });

  test("that never reports is left alone for a minute, then unknown", async () => {
    await played.add("other");
    await played.add("a", { ready: false });
    await pass(59, "other");
    expect(await ready("a")).toBeUndefined();
    await pass(1, "other");
    expect(await ready("a")).toMatchObject({ status: "Unknown", reason: "NodeStatusNeverUpdated", message: "Kubelet never posted node status." });
    expect(await taintsOf("a")).toEqual(["unreachable:NoSchedule", "unreachable:NoExecute"]);
  });

  test("nothing is written about healthy nodes", async () => {
    await played.add("a");
    await pass(20, "a");
    const { revision } = server.store;
    await pass(600, "a");
    // The sixty renewals of its lease, which the test makes.
    expect(server.store.revision).toBe(revision + 60);
  });
});

describe("a node that falls silent", () => {
  beforeEach(async () => {
    await played.add("a");
    await played.add("b");
    await played.add("c");
    for (const node of ["b", "c"]) await server.client.create(pods, { metadata: { namespace: "default", name: `on-${node}` }, spec: { nodeName: node, containers: [{ name: "c", image: "busybox" }] } });
    await played.rounds();
    await pass(20, "a", "b", "c");
  });

  test("is unknown after 50 seconds, tainted, and its Pods are not ready; when it reports again the taints go", async () => {
    await pass(49, "a", "c");
    expect((await ready("b"))?.status).toBe("True");
    await pass(1, "a", "c");
    expect(await ready("b")).toMatchObject({ status: "Unknown", reason: "NodeStatusUnknown", message: "Kubelet stopped posting node status." });
    expect(await taintsOf("b")).toEqual(["unreachable:NoSchedule", "unreachable:NoExecute"]);
    const on = async (node: string) => (await server.client.get(pods, { namespace: "default", name: `on-${node}` })).status.conditions?.find((condition) => condition.type === "Ready")?.status;
    expect([await on("b"), await on("c")]).toEqual(["False", "True"]);
    expect((await told()).filter((text) => text.includes("NotReady"))).toEqual(["Node/b NodeNotReady: Node b status is now: NodeNotReady", "Pod/on-b NodeNotReady: Node is not ready"]);
    await played.report("b");
    await server.settle();
    expect(await taintsOf("b")).toEqual([]);
  });

  test("the next node is emptied ten seconds later", async () => {
    await pass(50, "a");
    expect([await taintsOf("b"), await taintsOf("c")]).toEqual([["unreachable:NoSchedule", "unreachable:NoExecute"], ["unreachable:NoSchedule"]]);
    await pass(10, "a");
    expect(await taintsOf("c")).toEqual(["unreachable:NoSchedule", "unreachable:NoExecute"]);
  });

  test("no node is emptied when all are silent, and a grace begins anew when one is back", async () => {
    await pass(60);
    for (const name of ["a", "b", "c"]) expect(await taintsOf(name)).toEqual(["unreachable:NoSchedule"]);
    await played.report("a");
    await server.settle();
    expect(await taintsOf("a")).toEqual([]);
    await pass(20, "a");
    expect((await taintsOf("b")).concat(await taintsOf("c")).filter((each) => each.endsWith("NoExecute"))).toHaveLength(2);
  });
});

test("conditions and a cordon become taints", async () => {
  await played.add("a");
  await server.client.patch(nodes, { name: "a" }, { type: "merge", body: { spec: { unschedulable: true } } });
  await server.client.patch(nodes, { name: "a" }, { type: "strategic", body: { status: { conditions: [{ type: "DiskPressure", status: "True" }] } } }, { subresource: "status" });
  await server.settle();
  expect((await taintsOf("a")).sort()).toEqual(["disk-pressure:NoSchedule", "unschedulable:NoSchedule"]);
});

test("a node that is gone is told, and its addresses are free", async () => {
  await played.add("a");
  await server.settle();
  await server.client.delete(nodes, { name: "a" });
  await server.settle();
  expect((await told()).at(-1)).toBe("Node/a RemovingNode: Node a event: Removing Node a from Controller");
});
