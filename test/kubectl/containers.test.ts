import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pods } from "../../src/api/kinds.ts";
import { kubectlCluster } from "./cluster.ts";
import type { KubectlCluster } from "./cluster.ts";

/** What kubectl does inside of containers: copies files both ways, takes a script from standard input, looks in with a debugger. */
let there: KubectlCluster;
let folder: string;
const tolerations = [{ operator: "Exists" as const }];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "coracle-copy-"));
  there = await kubectlCluster({ name: "inside", nodes: 1, clock: "system" });
  await there.cluster.client.create(pods, { metadata: { namespace: "default", name: "box" }, spec: { tolerations, terminationGracePeriodSeconds: 0, containers: [{ name: "c", image: "busybox", command: ["sleep", "1d"] }] } });
  await there.kubectl(["wait", "--for=condition=Ready", "pod/box"]);
}, 60_000);
afterAll(async () => {
  await there?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function succeed(args: readonly string[], stdin?: string): Promise<string> {
  const { exit, stdout, stderr } = await there.kubectl(args, stdin === undefined ? {} : { stdin });
  expect({ args, exit, stderr: exit === 0 ? "" : stderr }).toEqual({ args, exit: 0, stderr: "" });
  return stdout;
}

test("files go into a container and come back as they were", async () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 256);
  mkdirSync(join(folder, "tree/below"), { recursive: true });
  writeFileSync(join(folder, "tree/below/bytes"), bytes);
  writeFileSync(join(folder, "tree/name"), "named\n");
  await succeed(["cp", join(folder, "tree"), "box:/tmp/tree"]);
  expect(await succeed(["exec", "box", "--", "cat", "/tmp/tree/name"])).toBe("named\n");
  await succeed(["cp", "box:/tmp/tree", join(folder, "back")]);
  expect(new Uint8Array(readFileSync(join(folder, "back/below/bytes")))).toEqual(bytes);
});

test("a script from standard input runs line by line and tells its status", async () => {
  expect(await there.kubectl(["exec", "-i", "box", "--", "sh"], { stdin: "x=4\nread y\nfrom the script\necho $x $y\nexit 3\n" })).toEqual({ exit: 3, stdout: "4 from the script\n", stderr: "command terminated with exit code 3\n" });
  expect(await succeed(["exec", "box", "--", "sh", "-c", "yes | head -2; env A=4 sh -c 'echo $A'"])).toBe("y\ny\n4\n");
});

test("a debugger joins a Pod that runs, and sees the processes of its target", async () => {
  const out = await succeed(["debug", "box", "--image=busybox", "--target=c", "-c", "look", "-i", "--", "sh"], "ps | grep -c 'sleep 1d'\nexit 0\n");
  expect(out).toContain("1\n");
  expect(await succeed(["describe", "pod", "box"])).toMatch(/Ephemeral Containers:\n {2}look:\n[^]*State: +(Running|Terminated)/);
  expect(await there.kubectl(["debug", "box", "--image=busybox", "-c", "look", "--", "sh"])).toMatchObject({ exit: 1 });
});
