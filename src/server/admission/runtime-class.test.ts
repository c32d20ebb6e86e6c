import { beforeEach, expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../test/in-process-server.ts";
import { pods, runtimeClasses } from "../../api/kinds.ts";
import type { Pod, PodSpec } from "../../api/types/core-v1.ts";
import type { Partially } from "../../base/json.ts";

/** What the class that a Pod names does to it. */
let cluster: InProcessServer;
beforeEach(async () => {
  cluster = await startInProcessServer();
  await cluster.client.create(runtimeClasses, {
    metadata: { name: "sandboxed" },
    handler: "runsc",
    overhead: { podFixed: { cpu: "100m", memory: "64Mi" } },
    scheduling: { nodeSelector: { sandbox: "yes" }, tolerations: [{ key: "sandbox", operator: "Exists", effect: "NoSchedule" }] },
  });
});

const create = (spec: Partially<PodSpec>): Promise<Pod> => cluster.client.create(pods, { metadata: { name: "p", namespace: "default" }, spec: { containers: [{ name: "c", image: "busybox" }], ...spec } });

test("a class that is not there forbids the Pod", async () => {
  await expect(create({ runtimeClassName: "nope" })).rejects.toThrow('pods "p" is forbidden: pod rejected: RuntimeClass "nope" not found');
});

test("the Pod gets the class's overhead, node labels and tolerations beside its own", async () => {
  const { spec } = await create({ runtimeClassName: "sandboxed", nodeSelector: { disk: "ssd" }, tolerations: [{ key: "sandbox", operator: "Equal", value: "x", effect: "NoSchedule" }] });
  expect(spec.overhead).toEqual({ cpu: "100m", memory: "64Mi" });
  expect(spec.nodeSelector).toEqual({ disk: "ssd", sandbox: "yes" });
  expect(spec.tolerations?.filter(({ key }) => key === "sandbox")).toEqual([{ key: "sandbox", operator: "Exists", effect: "NoSchedule" }]);
  expect(spec.tolerations).toHaveLength(3);
});

test("what contradicts the class is refused", async () => {
  await expect(create({ runtimeClassName: "sandboxed", nodeSelector: { sandbox: "no" } })).rejects.toThrow("is forbidden: conflict: runtimeClass.scheduling.nodeSelector[sandbox] = yes; pod.spec.nodeSelector[sandbox] = no");
  await expect(create({ runtimeClassName: "sandboxed", overhead: { cpu: "1" } })).rejects.toThrow("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
  await expect(create({ overhead: { cpu: "1" } })).rejects.toThrow("pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
  await expect(create({ runtimeClassName: "sandboxed", overhead: { cpu: "0.1", memory: "64Mi" } })).resolves.toMatchObject({ spec: { overhead: { cpu: "100m" } } });
});

test("a grace period of less than nothing becomes one second, without a warning", async () => {
  expect((await create({ terminationGracePeriodSeconds: -5 })).spec.terminationGracePeriodSeconds).toBe(1);
});
