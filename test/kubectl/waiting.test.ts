import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kubectlCluster } from "./cluster.ts";
import type { KubectlCluster } from "./cluster.ts";

/** `kubectl wait` and `kubectl drain` that really wait, as the machine's time passes: for what comes, what becomes true, what goes. */
let there: KubectlCluster;
beforeAll(async () => {
  there = await kubectlCluster({ name: "waiting", nodes: 2, clock: "system" });
}, 60_000);
afterAll(async () => there?.[Symbol.asyncDispose]());

async function succeed(...args: string[]): Promise<string> {
  const { exit, stdout, stderr } = await there.kubectl(args);
  expect({ args, exit, stderr }).toMatchObject({ args, exit: 0 });
  return stdout;
}

/** A Pod that ignores TERM: it ends when its time of grace does. */
const stubborn = (name: string, graceSeconds: number) =>
  `{ apiVersion: v1, kind: Pod, metadata: { name: ${name} }, spec: { terminationGracePeriodSeconds: ${graceSeconds}, containers: [{ name: c, image: busybox, command: [sleep, 1d] }] } }`;

describe.concurrent("kubectl wait", () => {
  test("for what is to be created", async () => {
    const [waited] = await Promise.all([succeed("wait", "--for=create", "configmap/later", "--timeout=60s"), succeed("create", "configmap", "later")]);
    expect(waited).toBe("configmap/later condition met\n");
  }, 90_000);

  test("for a condition, and for a value, that a Job comes to", async () => {
    await succeed("create", "job", "short", "--image=busybox", "--", "sleep", "1");
    const waits = await Promise.all([succeed("wait", "--for=condition=complete", "job/short", "--timeout=60s"), succeed("wait", "--for=jsonpath={.status.succeeded}=1", "job/short", "--timeout=60s")]);
    expect(waits).toEqual(["job.batch/short condition met\n", "job.batch/short condition met\n"]);
  }, 90_000);

  test("for the end of what is being deleted", async () => {
    await there.cluster.apply(stubborn("ending", 1));
    await succeed("wait", "--for=condition=Ready", "pod/ending", "--timeout=60s");
    await succeed("delete", "pod", "ending", "--wait=false");
    expect(await succeed("wait", "--for=delete", "pod/ending", "--timeout=60s")).toBe("pod/ending condition met\n");
    expect((await there.kubectl(["get", "pod", "ending"])).stderr).toBe('Error from server (NotFound): pods "ending" not found\n');
  }, 90_000);
});

test("kubectl drain shortens the time of grace when asked to, and asks in chunks", async () => {
  await there.cluster.apply(stubborn("holding", 600));
  await succeed("wait", "--for=condition=Ready", "pod/holding", "--timeout=60s");
  expect(await succeed("drain", "waiting-worker", "--ignore-daemonsets", "--force", "--delete-emptydir-data", "--grace-period=1", "--chunk-size=1", "--timeout=60s")).toMatch(/pod\/holding evicted\n[^]*node\/waiting-worker drained\n$/);
}, 120_000);
