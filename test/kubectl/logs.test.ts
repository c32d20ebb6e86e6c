import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pods } from "../../src/api/kinds.ts";
import { kubectlCluster } from "./cluster.ts";
import type { KubectlCluster } from "./cluster.ts";

/** `kubectl logs` with each of its flags, beside a clock that stands where it is put. */
let there: KubectlCluster;
const place = { namespace: "default", name: "talker" };
const tolerations = [{ operator: "Exists" as const }];

beforeAll(async () => {
  there = await kubectlCluster({ name: "logs", nodes: 1 });
  const { client } = there.cluster;
  const counting = "i=0; while true; do i=$((i+1)); echo line $i; sleep 10; done";
  await client.create(pods, {
    metadata: { ...place, labels: { app: "talk" } },
    spec: { tolerations, containers: [{ name: "main", image: "busybox", command: ["sh", "-c", counting] }, { name: "side", image: "busybox", command: ["sh", "-c", "echo beside; sleep 1d"] }] },
  });
  await client.create(pods, { metadata: { namespace: "default", name: "crash", labels: { app: "talk" } }, spec: { tolerations, containers: [{ name: "c", image: "busybox", command: ["sh", "-c", "echo attempt; sleep 5; exit 3"] }] } });
  await there.cluster.advance("65s");
});
afterAll(async () => there[Symbol.asyncDispose]());

async function logs(...args: readonly string[]): Promise<string[]> {
  const { exit, stdout, stderr } = await there.kubectl(["logs", ...args]);
  expect({ args, exit, stderr: stderr.replace(/^Defaulted container .*\n/, "") }).toEqual({ args, exit: 0, stderr: "" });
  return stdout.trimEnd().split("\n");
}

describe("kubectl logs", () => {
  test("tells all, the last lines, and of the container that is named", async () => {
    const all = await logs("talker");
    expect(all).toEqual(Array.from({ length: all.length }, (_, i) => `line ${i + 1}`));
    expect(all.length).toBeGreaterThanOrEqual(6);
    expect(await logs("talker", "--tail=2")).toEqual(all.slice(-2));
    expect(await logs("talker", "-c", "side")).toEqual(["beside"]);
    // kubectl asks for containers in no particular order.
    expect((await logs("talker", "--all-containers", "--prefix", "--tail=1")).toSorted()).toEqual([`[pod/talker/main] ${all.at(-1)}`, "[pod/talker/side] beside"]);
  });

  test("tells since when, by the cluster's clock, and at what time", async () => {
    const all = await logs("talker");
    const recent = await logs("talker", "--since=25s");
    expect([2, 3]).toContain(recent.length);
    expect(recent).toEqual(all.slice(-recent.length));
    const stamped = await logs("talker", "--timestamps");
    for (const line of stamped) expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z line \d+$/);
    const instants = stamped.map((line) => Date.parse(line.split(" ")[0] ?? ""));
    expect(instants.slice(1).every((at, i) => Math.abs(at - (instants[i] as number) - 10_000) < 100)).toBe(true);
    const third = new Date(instants[2] as number).toISOString();
    expect(await logs("talker", `--since-time=${third}`)).toEqual(all.slice(2));
    expect(await logs("talker", "--limit-bytes=6")).toEqual(["line 1"]);
  });

  test("tells of all Pods with a label, and of the run before", async () => {
    expect((await logs("-l", "app=talk", "--tail=1", "--prefix")).toSorted()).toEqual(expect.arrayContaining([expect.stringMatching(/^\[pod\/talker\/main\] line \d+$/), "[pod/crash/c] attempt"]));
    expect(await logs("crash", "-p")).toEqual(["attempt"]);
    expect(await there.kubectl(["logs", "talker", "-c", "side", "-p"])).toMatchObject({ exit: 1, stderr: 'Error from server (BadRequest): previous terminated container "side" in pod "talker" not found\n' });
    expect(await there.kubectl(["logs", "talker", "-c", "none"])).toMatchObject({ exit: 1, stderr: "error: container none is not valid for pod talker out of: main, side\n" });
  });

  test("follows, and ends with the container", async () => {
    const script = "for i in 1 2 3; do echo part $i; sleep 60; done";
    await there.cluster.client.create(pods, { metadata: { namespace: "default", name: "short" }, spec: { tolerations, restartPolicy: "Never", containers: [{ name: "c", image: "busybox", command: ["sh", "-c", script] }] } });
    await there.cluster.advance("5s");
    const following = there.kubectl(["logs", "-f", "short"]);
    let over = false;
    void following.then(() => (over = true));
    while (!over) await there.cluster.advance("1s");
    expect(await following).toEqual({ exit: 0, stdout: "part 1\npart 2\npart 3\n", stderr: "" });
  });
});
