import { beforeEach, expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../test/in-process-server.ts";
import { PlayedNodes, controllerContext } from "../../../test/played-nodes.ts";
import { podDisruptionBudgets, pods, replicaSets } from "../../api/kinds.ts";
import type { PodDisruptionBudget } from "../../api/types/policy-v1.ts";
import type { Status } from "../../base/status-error.ts";
import { startReplicaSetController } from "../replicaset/controller.ts";
import { startDisruptionBudgetController } from "./controller.ts";

let server: InProcessServer;
let played: PlayedNodes;

beforeEach(async () => {
  server = await startInProcessServer();
  played = new PlayedNodes(server);
  await played.join("a");
  const context = controllerContext(server);
  startReplicaSetController(context);
  startDisruptionBudgetController(context);
  await server.client.create(replicaSets, {
    metadata: { namespace: "default", name: "web" },
    spec: { replicas: 3, selector: { matchLabels: { app: "web" } }, template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "nginx" }] } } },
  });
  await played.rounds();
});

async function budget(spec: object): Promise<void> {
  await server.client.create(podDisruptionBudgets, { metadata: { namespace: "default", name: "web" }, spec: { selector: { matchLabels: { app: "web" } }, ...spec } });
  await server.settle();
}

async function statusOf(): Promise<PodDisruptionBudget["status"]> {
  await server.settle();
  return (await server.client.get(podDisruptionBudgets, { namespace: "default", name: "web" })).status;
}

async function evict(name: string, deleteOptions?: object, apiVersion = "policy/v1"): Promise<Status> {
  const body = { apiVersion, kind: "Eviction", metadata: { name, namespace: "default" }, ...(deleteOptions ? { deleteOptions } : {}) };
  const response = await server.client.request({ method: "POST", path: `/api/v1/namespaces/default/pods/${name}/eviction`, query: "", headers: {}, body: body as never, wants: "object" });
  return (response.body as unknown as { object: Status }).object;
}

async function podNames(): Promise<string[]> {
  return (await played.pods()).map((pod) => pod.metadata.name);
}

test("the status tells how many Pods may go, and a settled budget is not written again", async () => {
  await budget({ minAvailable: 2 });
  expect(await statusOf()).toMatchObject({ observedGeneration: 1, disruptionsAllowed: 1, currentHealthy: 3, desiredHealthy: 2, expectedPods: 3 });
  expect((await statusOf()).conditions).toEqual([
    { type: "DisruptionAllowed", status: "True", observedGeneration: 1, lastTransitionTime: "2026-01-01T00:00:00Z", reason: "SufficientPods", message: "" },
  ]);
  const { revision } = server.store;
  await server.advance(1_800_000);
  expect(server.store.revision).toBe(revision);
});

test.each([
  [{ maxUnavailable: 1 }, { desiredHealthy: 2, disruptionsAllowed: 1 }],
  [{ maxUnavailable: "50%" }, { desiredHealthy: 1, disruptionsAllowed: 2 }],
  [{ minAvailable: "50%" }, { desiredHealthy: 2, disruptionsAllowed: 1 }],
  [{ minAvailable: "100%" }, { desiredHealthy: 3, disruptionsAllowed: 0 }],
])("%j gives %j", async (spec, status) => {
  await budget(spec);
  expect(await statusOf()).toMatchObject({ ...status, expectedPods: 3 });
});

test("an eviction charges the budget; the next one is refused in upstream's words until the Pod is replaced", async () => {
  await budget({ minAvailable: 2 });
  const [first = "", second = ""] = await podNames();
  expect(await evict(first)).toMatchObject({ status: "Success", code: 201 });
  expect(await evict(second)).toMatchObject({
    code: 429,
    reason: "TooManyRequests",
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    details: { causes: [{ reason: "DisruptionBudget", message: "The disruption budget web needs 2 healthy pods and has 3 currently" }] },
  });
  const gone = await server.client.get(pods, { namespace: "default", name: first });
  expect(gone.status.conditions?.at(-1)).toMatchObject({ type: "DisruptionTarget", status: "True", reason: "EvictionByEvictionAPI", message: "Eviction API: evicting" });
  expect((await evict(second)).message).toContain("Cannot evict");
  await played.rounds();
  expect(await statusOf()).toMatchObject({ disruptionsAllowed: 1, currentHealthy: 3 });
  expect(await evict(second)).toMatchObject({ code: 201 });
});

test("a dry run changes nothing", async () => {
  await budget({ minAvailable: 2 });
  const [first = ""] = await podNames();
  const { revision } = server.store;
  expect(await evict(first, { dryRun: ["All"] })).toMatchObject({ code: 201 });
  expect(server.store.revision).toBe(revision);
});

test("an eviction may be spoken in the version before, as the clients for Java do, and in no other", async () => {
  await budget({ minAvailable: 2 });
  const [first = ""] = await podNames();
  expect(await evict(first, { dryRun: ["All"] }, "policy/v1beta1")).toMatchObject({ code: 201 });
  expect(await evict(first, { dryRun: ["All"] }, "policy/v2")).toMatchObject({ code: 400 });
});

test("Pods that have ended go without asking the budget; those that are not ready by its policy", async () => {
  await budget({ minAvailable: 3 });
  const [first = "", second = ""] = await podNames();
  const list = await played.pods();
  await played.become(list[0] as never, { phase: "Failed" });
  expect(await evict(first)).toMatchObject({ code: 201 });
  await played.become(list[1] as never, { phase: "Running", ready: false });
  expect(await evict(second)).toMatchObject({ code: 429 });
  await server.client.patch(podDisruptionBudgets, { namespace: "default", name: "web" }, { type: "merge", body: { spec: { unhealthyPodEvictionPolicy: "AlwaysAllow" } } });
  expect(await evict(second)).toMatchObject({ code: 201 });
});

test("a Pod that stays in spite of its eviction counts again after two minutes", async () => {
  await budget({ minAvailable: 2 });
  const [first = ""] = await podNames();
  const key = "poddisruptionbudgets.policy/default/web";
  const stored = server.store.get(key);
  if (stored === undefined) throw new Error("no budget");
  const { status } = stored.object as PodDisruptionBudget;
  const charged = { ...stored.object, status: { ...status, disruptionsAllowed: 0, disruptedPods: { [first]: "2026-01-01T00:00:00Z" } } };
  server.store.put(key, stored.revision, (revision) => ({ ...charged, metadata: { ...stored.object.metadata, resourceVersion: String(revision) } }) as never);
  expect(await statusOf()).toMatchObject({ currentHealthy: 2, disruptionsAllowed: 0 });
  await server.advance(120_001);
  expect(await statusOf()).toMatchObject({ currentHealthy: 3, disruptionsAllowed: 1 });
});

test("the budget of Pods that nobody can scale fails safely", async () => {
  await server.client.create(podDisruptionBudgets, { metadata: { namespace: "default", name: "web" }, spec: { maxUnavailable: 1, selector: { matchLabels: { app: "daemon" } } } });
  const owner = { apiVersion: "apps/v1", kind: "DaemonSet", name: "d", uid: "00000000-0000-4000-8000-000000000001", controller: true };
  await server.client.create(pods, { metadata: { namespace: "default", name: "d-1", labels: { app: "daemon" }, ownerReferences: [owner] }, spec: { containers: [{ name: "c", image: "busybox" }] } });
  expect((await statusOf()).conditions).toMatchObject([{ status: "False", reason: "SyncFailed", message: "daemonsets.apps does not implement the scale subresource" }]);
});
