import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pods } from "../../src/api/kinds.ts";
import { kubectlCluster } from "./cluster.ts";
import type { KubectlCluster } from "./cluster.ts";

/** What the port itself must do for the real kubectl; what objects look like is the business of the scenarios. */
let there: KubectlCluster;
beforeAll(async () => {
  there = await kubectlCluster({ name: "port", nodes: 1 });
});
afterAll(async () => there[Symbol.asyncDispose]());

async function succeed(args: readonly string[], stdin?: string): Promise<string> {
  const { exit, stdout, stderr } = await there.kubectl(args, stdin === undefined ? {} : { stdin });
  expect({ args, exit, stderr }).toEqual({ args, exit: 0, stderr: "" });
  return stdout;
}

describe("real kubectl through the port", () => {
  test("finds the server, and the nodes are Ready", async () => {
    expect(await succeed(["version"])).toContain("Server Version: v1.36.");
    expect(await succeed(["get", "nodes"])).toMatch(/port-control-plane +Ready/);
  });

  test("creates from protobuf and from JSON, and deletes", async () => {
    expect(await succeed(["create", "namespace", "made"])).toBe("namespace/made created\n");
    expect(await succeed(["create", "configmap", "typed", "-n", "made", "--from-literal=a=b"])).toBe("configmap/typed created\n");
    const manifest = JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "applied", namespace: "made" }, data: { a: "1" } });
    expect(await succeed(["apply", "-f", "-"], manifest)).toBe("configmap/applied created\n");
    expect(await succeed(["get", "configmaps", "-n", "made", "typed", "applied", "-o", "name"])).toBe("configmap/typed\nconfigmap/applied\n");
    expect(await succeed(["delete", "configmap", "typed", "-n", "made"])).toContain('"typed" deleted');
  });

  test("watches", async () => {
    await succeed(["create", "configmap", "seen", "--from-literal=a=b"]);
    const watching = there.kubectl(["get", "configmaps", "--field-selector=metadata.name=seen", "--watch-only", "-o", "jsonpath={.data.a}{\"\\n\"}"], { timeoutMs: 3000 });
    let watched = "";
    void watching.then(({ stdout }) => (watched = stdout));
    for (let i = 0; watched === ""; i++) await succeed(["patch", "configmap", "seen", "-p", JSON.stringify({ data: { a: `v${i}` } })]);
    expect(watched).toMatch(/v\d+\n/);
  });

  test("follows logs and runs commands over WebSocket, with standard input and exit codes", async () => {
    const [name, image] = ["shell", "busybox"];
    const command = ["sh", "-c", "echo started; sleep 86400"];
    const tolerations = [{ operator: "Exists" as const }];
    await there.cluster.client.create(pods, { metadata: { name, namespace: "default" }, spec: { tolerations, containers: [{ name, image, command }] } });
    await there.cluster.runUntil(async () => (await there.cluster.client.get(pods, { namespace: "default", name })).status.phase === "Running");
    expect(await succeed(["logs", name])).toBe("started\n");
    expect(await succeed(["exec", name, "--", "echo", "hello"])).toBe("hello\n");
    expect(await succeed(["exec", "-i", name, "--", "cat"], "from standard input\n")).toBe("from standard input\n");
    const failed = await there.kubectl(["exec", name, "--", "sh", "-c", "echo oops >&2; exit 3"]);
    expect(failed).toEqual({ exit: 3, stdout: "", stderr: "oops\ncommand terminated with exit code 3\n" });
  });

  test("is told why there is nothing to run in: no such program, a container that does not run, one that has ended", async () => {
    const run = (args: readonly string[]) => there.kubectl(args, { timeoutMs: 8000 });
    expect(await run(["exec", "shell", "--", "nosuch"])).toMatchObject({
      exit: 1,
      stderr: expect.stringMatching(/^error: Internal error occurred: Internal error occurred: error executing command in container: failed to exec in container: failed to start exec "[0-9a-f]{64}": OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuch": executable file not found in \$PATH\n$/) as string,
    });
    const tolerations = [{ operator: "Exists" as const }];
    for (const [name, command, restartPolicy] of [["crash", ["sh", "-c", "exit 1"], "Always"], ["ended", ["echo", "hi"], "Never"]] as const) {
      await there.cluster.client.create(pods, { metadata: { name, namespace: "default" }, spec: { restartPolicy, tolerations, containers: [{ name, image: "busybox", command: [...command] }] } });
    }
    await there.cluster.advance("8s");
    expect(await run(["exec", "crash", "--", "ls"])).toEqual({ exit: 1, stdout: "", stderr: 'error: Internal error occurred: unable to upgrade connection: container not found ("crash")\n' });
    expect(await run(["attach", "crash"])).toMatchObject({ exit: 1, stderr: expect.stringContaining("error: Internal error occurred: unable to upgrade connection: container crash not found in pod crash_default\n") as string });
    expect(await run(["exec", "ended", "--", "ls"])).toMatchObject({ exit: 1, stderr: "error: cannot exec into a container in a completed pod; current phase is Succeeded\n" });
  });

  test("is told which request the server could not send to a node without power", async () => {
    const { status } = await there.cluster.client.get(pods, { namespace: "default", name: "shell" });
    const address = `${status.hostIP}:10250`;
    await there.cluster.nodes.stop("port-control-plane");
    const refused = `dial tcp ${address}: connect: connection refused\n`;
    expect(await there.kubectl(["logs", "shell", "--tail=3"])).toMatchObject({ exit: 1, stderr: `Error from server: Get "https://${address}/containerLogs/default/shell/shell?tailLines=3": ${refused}` });
    expect(await there.kubectl(["exec", "shell", "--", "ls", "/a b"])).toMatchObject({
      exit: 1,
      stderr: `error: Internal error occurred: error sending request: Post "https://${address}/exec/default/shell/shell?command=ls&command=%2Fa+b&error=1&output=1": ${refused}`,
    });
    await there.cluster.nodes.start("port-control-plane");
  });

  test("is told in upstream's words what is wrong", async () => {
    expect(await there.kubectl(["get", "pods", "nowhere"])).toMatchObject({ exit: 1, stderr: 'Error from server (NotFound): pods "nowhere" not found\n' });
    const broken = await there.kubectl(["apply", "-f", "-"], { stdin: "apiVersion: v1\nkind: Pod\nmetadata: {name: [" });
    expect(broken.exit).toBe(1);
  });
});
