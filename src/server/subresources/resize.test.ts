import { beforeEach, describe, expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../test/in-process-server.ts";
import { limitRanges, pods, resourceQuotas } from "../../api/kinds.ts";
import type { Container, Pod, PodSpec } from "../../api/types/core-v1.ts";
import { StatusError } from "../../base/status-error.ts";
import type { Partially } from "../../base/json.ts";
import type { Patch } from "../../client/client.ts";

let cluster: InProcessServer;
beforeEach(async () => {
  cluster = await startInProcessServer();
});

const small = { requests: { cpu: "100m", memory: "64Mi" }, limits: { cpu: "200m", memory: "128Mi" } };
const at = { name: "p", namespace: "default" };
const patched = (patch: Patch): Promise<Pod> => cluster.client.patch(pods, at, patch, { subresource: "resize" });

async function create(spec: Partially<PodSpec> = {}): Promise<Pod> {
  return await cluster.client.create(pods, { metadata: { name: "p", namespace: "default" }, spec: { containers: [{ name: "c", image: "busybox", resources: small }], ...spec } });
}

async function resize(containers: readonly Partially<Container>[], more: object = {}): Promise<Pod> {
  return await patched({ type: "strategic", body: { spec: { containers }, ...more } });
}

/** What the refusal of a resize says of the field. */
async function refusal(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
  } catch (error) {
    if (error instanceof StatusError) return error.message.replace(/^Pod "p" is invalid: /, "");
    throw error;
  }
  return "accepted";
}

test("changes CPU and memory, raises the generation, and leaves all else", async () => {
  await create();
  const resized = await resize([{ name: "c", image: "other", resources: { requests: { cpu: "150m" }, limits: { memory: "1Gi" } } }], { metadata: { labels: { a: "b" } } });
  expect(resized.spec.containers[0]).toMatchObject({ image: "busybox", resources: { requests: { cpu: "150m", memory: "64Mi" }, limits: { cpu: "200m", memory: "1Gi" } } });
  expect(resized.metadata).toMatchObject({ generation: 2 });
  expect(resized.metadata.labels).toBeUndefined();
  expect(resized.metadata.managedFields?.map(({ manager, subresource }) => [manager, subresource])).toEqual([["test", undefined], ["test", "resize"]]);
});

describe("refuses", () => {
  test("another quality of service", async () => {
    await create();
    expect(await refusal(resize([{ name: "c", resources: { requests: small.limits } }]))).toBe('spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing');
  });

  test("to take away what was asked for", async () => {
    await create();
    const answer = resize([{ name: "c", resources: { requests: { cpu: null }, limits: { cpu: null } } } as never]);
    expect(await refusal(answer)).toBe("[spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed, spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed]");
  });

  test("other resources, and a request above the limit", async () => {
    await create();
    expect(await refusal(resize([{ name: "c", resources: { limits: { "ephemeral-storage": "1Gi" } } }]))).toBe("spec: Forbidden: only cpu and memory resources are mutable");
    expect(await refusal(resize([{ name: "c", resources: { requests: { cpu: "500m" } } }]))).toBe('spec.containers[0].resources.requests: Invalid value: "500m": must be less than or equal to cpu limit of 200m');
  });

  test("containers that come, go or move", async () => {
    await create({ containers: [{ name: "c", image: "busybox", resources: small }, { name: "d", image: "busybox" }] });
    expect(await refusal(resize([{ name: "e", image: "busybox" }]))).toBe("spec.containers: Forbidden: containers may not be added or removed on resize");
    const replaced = patched({ type: "json", body: [{ op: "replace", path: "/spec/containers/0/name", value: "x" }] });
    expect(await refusal(replaced)).toBe("spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize");
  });

  test("init containers, but for sidecars", async () => {
    await create({
      initContainers: [
        { name: "i", image: "busybox", resources: small },
        { name: "s", image: "busybox", resources: small, restartPolicy: "Always" },
      ],
    });
    const patch = (name: string): Promise<Pod> => patched({ type: "strategic", body: { spec: { initContainers: [{ name, resources: { requests: { cpu: "120m" } } }] } } });
    expect(await refusal(patch("i"))).toBe("spec: Forbidden: resources for non-sidecar init containers are immutable");
    expect((await patch("s")).spec.initContainers?.[1]?.resources).toMatchObject({ requests: { cpu: "120m" } });
  });
});

test("limits and quotas of the namespace hold for a resize, too", async () => {
  await create();
  await cluster.client.create(limitRanges, { metadata: { name: "l", namespace: "default" }, spec: { limits: [{ type: "Container", max: { cpu: "300m" } }] } });
  expect(await refusal(resize([{ name: "c", resources: { limits: { cpu: "400m" } } }]))).toBe('pods "p" is forbidden: maximum cpu usage per Container is 300m, but limit is 400m');
  await cluster.client.create(resourceQuotas, { metadata: { name: "q", namespace: "default" }, spec: { hard: { "requests.memory": "70Mi" } } });
  await cluster.settle();
  expect(await refusal(resize([{ name: "c", resources: { requests: { memory: "100Mi" } } }]))).toMatch(/^pods "p" is forbidden: exceeded quota: q, requested: requests.memory=36Mi/);
});
