import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pods } from "../../src/api/kinds.ts";
import { kubectlCluster } from "./cluster.ts";
import type { KubectlCluster } from "./cluster.ts";

/** `kubectl top` over metrics that are a function of what the simulated processes do. */
let there: KubectlCluster;
let without: KubectlCluster;
beforeAll(async () => {
  [there, without] = await Promise.all([kubectlCluster({ name: "top", nodes: 2 }), kubectlCluster({ name: "bare", nodes: 1, metrics: false })]);
  await there.cluster.apply(
    [
      pod("idle", ["sleep", "1d"]),
      pod("loop", ["sh", "-c", "while true; do echo tick; sleep 1; done"]),
      pod("busy", ["sh", "-c", "while true; do :; done"]),
      pod("writer", ["sh", "-c", "seq 1 400000 > /tmp/file; sleep 1d"]),
      pod("web", undefined, "nginx"),
    ].join("---\n"),
  );
  await there.cluster.runUntil(async () => (await there.cluster.client.list(pods, { namespace: "default" })).items.every((each) => each.status.phase === "Running"));
  await there.cluster.advance("60s");
}, 60_000);
afterAll(async () => {
  await there?.[Symbol.asyncDispose]();
  await without?.[Symbol.asyncDispose]();
});

function pod(name: string, command: readonly string[] | undefined, image = "busybox"): string {
  return JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name, labels: { app: "top" } }, spec: { containers: [{ name: "main", image, ...(command ? { command } : {}) }] } }) + "\n";
}

async function rows(...args: string[]): Promise<string[][]> {
  const { exit, stdout, stderr } = await there.kubectl(args);
  expect({ args, exit, stderr }).toEqual({ args, exit: 0, stderr: "" });
  return stdout.trimEnd().split("\n").map((line) => line.split(/ {2,}/).map((cell) => cell.trim()).filter((cell) => cell !== ""));
}

describe("kubectl top", () => {
  test("shows what Pods use, by what they do", async () => {
    expect(await rows("top", "pods")).toEqual([
      ["NAME", "CPU(cores)", "MEMORY(bytes)"],
      ["busy", expect.stringMatching(/^(9\d\d|100\d)m$/), "1Mi"],
      ["idle", "1m", "1Mi"],
      ["loop", "2m", "2Mi"],
      ["web", "1m", "5Mi"],
      ["writer", "1m", "4Mi"],
    ]);
    expect(await rows("top", "pod", "loop", "--containers")).toEqual([["POD", "NAME", "CPU(cores)", "MEMORY(bytes)"], ["loop", "main", "2m", "2Mi"]]);
    expect((await rows("top", "pods", "-l", "app=top", "--sort-by=cpu"))[1]?.[0]).toBe("busy");
    expect((await rows("top", "pods", "-A")).some(([namespace, name]) => namespace === "kube-system" && name?.startsWith("kube-proxy-"))).toBe(true);
  });

  test("shows what nodes use, and the part of what they have", async () => {
    const [head, ...nodes] = await rows("top", "nodes");
    expect(head).toEqual(["NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)"]);
    expect(nodes.map(([name]) => name)).toEqual(["top-control-plane", "top-worker"]);
    const [, worker] = nodes;
    expect(worker).toEqual(["top-worker", expect.stringMatching(/^1\d\d\dm$/), expect.stringMatching(/^2\d%$/), expect.stringMatching(/^2\d\dMi$/), "2%"].map((cell) => (cell === "2%" ? expect.stringMatching(/^[23]%$/) : cell)));
  });

  test("knows nothing of a Pod that does not run", async () => {
    expect(await there.kubectl(["top", "pod", "nobody"])).toMatchObject({ exit: 1, stderr: 'Error from server (NotFound): pods.metrics.k8s.io "nobody" not found\n' });
    await there.cluster.apply(pod("pending", ["true"], "example.invalid/never:1"));
    const { exit, stderr } = await there.kubectl(["get", "--raw", "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/pending"]);
    expect([exit, stderr]).toEqual([1, 'Error from server (NotFound): pods.metrics.k8s.io "pending" not found\n']);
  });

  test("is served as an API of the cluster that only reads", async () => {
    expect(await rows("api-resources", "--api-group=metrics.k8s.io")).toEqual([
      ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"],
      ["nodes", "metrics.k8s.io/v1beta1", "false", "NodeMetrics"],
      ["pods", "metrics.k8s.io/v1beta1", "true", "PodMetrics"],
    ]);
    expect((await rows("get", "apiservice", "v1beta1.metrics.k8s.io", "--no-headers"))[0]?.slice(0, 3)).toEqual(["v1beta1.metrics.k8s.io", "Local", "True"]);
    expect((await there.kubectl(["delete", "pods.metrics.k8s.io", "loop"])).stderr).toContain("the server does not allow this method on the requested resource");
  });

  test("says that a node is unknown whose agent does not answer", async () => {
    await there.cluster.nodes.stop("top-worker");
    expect(await rows("top", "nodes")).toEqual([expect.any(Array), ["top-control-plane", expect.any(String), expect.any(String), expect.any(String), expect.any(String)], ["top-worker", "<unknown>", "<unknown>", "<unknown>", "<unknown>"]]);
    expect((await there.kubectl(["top", "pod", "web"])).exit).toBe(1);
  });

  test("is refused where nothing measures", async () => {
    expect(await without.kubectl(["top", "pods"])).toEqual({ exit: 1, stdout: "", stderr: "error: Metrics API not available\n" });
    expect(await without.kubectl(["top", "nodes"])).toEqual({ exit: 1, stdout: "", stderr: "error: Metrics API not available\n" });
  });
});
