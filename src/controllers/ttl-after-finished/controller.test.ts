import { describe, expect, it } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { Partially } from "../../base/json.ts";
import { formatTime } from "../../base/time.ts";
import { jobs } from "../../api/kinds.ts";
import type { Job } from "../../api/types/batch-v1.ts";
import { startTtlAfterFinishedController } from "./controller.ts";

async function startWorld(ttl: number) {
  const server = await startInProcessServer();
  startTtlAfterFinishedController(server.context);
  const template = { metadata: {}, spec: { containers: [{ name: "c", image: "busybox" }], restartPolicy: "Never" } };
  const job = await server.client.create<Job>(jobs, { metadata: { name: "j", namespace: "default" }, spec: { ttlSecondsAfterFinished: ttl, template } } as Partially<Job>);
  return {
    ...server,
    async finish() {
      const now = formatTime(server.clock.now());
      const condition = (type: string) => ({ type, status: "True", lastProbeTime: now, lastTransitionTime: now, reason: "BackoffLimitExceeded", message: "m" });
      const status = { startTime: now, failed: 1, uncountedTerminatedPods: {}, conditions: [condition("FailureTarget"), condition("Failed")] };
      await server.client.update<Job>(jobs, { ...job, status } as Job, { subresource: "status" });
      await server.settle();
    },
    async deleted() {
      const found = (await server.client.list(jobs)).items[0];
      return found === undefined || found.metadata.deletionTimestamp !== undefined;
    },
  };
}

describe("TTL after finished", () => {
  it("deletes a finished Job in the foreground when its time is over", async () => {
    const world = await startWorld(30);
    await world.advance(3_600_000);
    expect(await world.deleted()).toBe(false);
    await world.finish();
    await world.advance(29_999);
    expect(await world.deleted()).toBe(false);
    await world.advance(1);
    expect(await world.deleted()).toBe(true);
    expect((await world.client.list(jobs)).items[0]?.metadata.finalizers).toEqual(["foregroundDeletion"]);
  });

  it("deletes at once with 0, and follows a change of the time", async () => {
    const zero = await startWorld(0);
    await zero.finish();
    expect(await zero.deleted()).toBe(true);
    const longer = await startWorld(30);
    await longer.finish();
    await longer.client.patch(jobs, { namespace: "default", name: "j" }, { type: "merge", body: { spec: { ttlSecondsAfterFinished: 60 } } });
    await longer.advance(59_999);
    expect(await longer.deleted()).toBe(false);
    await longer.advance(1);
    expect(await longer.deleted()).toBe(true);
  });
});
