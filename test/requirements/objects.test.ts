import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pods } from "../../src/api/kinds.ts";
import { kubectlCluster } from "../kubectl/cluster.ts";
import type { KubectlCluster } from "../kubectl/cluster.ts";

/** What the tutorials ask for and no scenario has a step for. */
let there: KubectlCluster;
const manifest = (name: string): string => join(import.meta.dirname, "..", "scenarios", "manifests", name);

beforeAll(async () => {
  there = await kubectlCluster({ name: "learning", nodes: 3 });
});
afterAll(async () => there[Symbol.asyncDispose]());

async function ok(args: string, stdin?: string): Promise<string> {
  const { exit, stdout, stderr } = await there.kubectl(args.split(" "), stdin === undefined ? {} : { stdin });
  expect({ args, exit, stderr }).toEqual({ args, exit: 0, stderr: "" });
  return stdout;
}

const json = async (args: string): Promise<unknown> => JSON.parse(await ok(`${args} -o json`));

test("apply keeps what it was given last, and says what it changed", async () => {
  expect(await ok(`apply -f ${manifest("01-basic-daemonset.yaml")}`)).toBe("daemonset.apps/node-agent created\n");
  expect(await ok(`apply -f ${manifest("01-basic-daemonset.yaml")}`)).toBe("daemonset.apps/node-agent unchanged\n");
  expect(await ok(`apply -f ${manifest("06-daemonset-updated.yaml")}`)).toBe("daemonset.apps/node-agent configured\n");
  const { metadata } = (await json("get ds node-agent")) as { metadata: { annotations: { [name: string]: string } } };
  expect(JSON.parse(metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"] ?? "")).toMatchObject({ spec: { template: { spec: { containers: [{ image: "busybox:1.37" }] } } } });
});

test("the numbers of a DaemonSet are those of its status", async () => {
  await there.cluster.advance("30s");
  const { status } = (await json("get ds node-agent")) as { status: { [field: string]: number } };
  const numbers = ["desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled", "numberAvailable"].map((field) => String(status[field]));
  expect(numbers).toEqual(["3", "3", "3", "3", "3"]);
  expect((await ok("get ds node-agent --no-headers")).split(/ {2,}/).slice(1, 6)).toEqual(numbers);
});

test("the taint of the control plane has a key and an effect", async () => {
  expect(await ok("get node learning-control-plane -o jsonpath={.spec.taints}")).toBe('[{"effect":"NoSchedule","key":"node-role.kubernetes.io/control-plane"}]');
});

test("a plain Pod goes to a worker", async () => {
  await ok("run plain --image=busybox --command -- sleep 1d");
  await there.cluster.runUntil(async () => (await there.cluster.client.get(pods, { namespace: "default", name: "plain" })).status.phase === "Running");
  expect(await ok("get pod plain -o jsonpath={.spec.nodeName}")).toMatch(/^learning-worker2?$/);
});

test("what names no namespace is in default", async () => {
  expect(await ok("get pod plain -o jsonpath={.metadata.namespace}")).toBe("default");
});

test("the labels of a Job, and those of its Pods", async () => {
  await ok(`apply -f ${manifest("job.yaml")}`);
  await there.cluster.advance("10s");
  expect(await ok("get jobs -A -l jobgroup=jobexample -o name")).toBe("job.batch/kubernetes-job-example\n");
  const job = (await json("get job kubernetes-job-example -n kube-system")) as { metadata: { uid: string }; spec: { selector: object } };
  expect(job.spec.selector).toEqual({ matchLabels: { "batch.kubernetes.io/controller-uid": job.metadata.uid } });
  const found = (await json("get pods -n kube-system -l jobgroup=jobexample")) as { items: { metadata: { labels: object } }[] };
  expect(found.items.map(({ metadata }) => metadata.labels)).toEqual([
    {
      jobgroup: "jobexample",
      "job-name": "kubernetes-job-example",
      "controller-uid": job.metadata.uid,
      "batch.kubernetes.io/job-name": "kubernetes-job-example",
      "batch.kubernetes.io/controller-uid": job.metadata.uid,
    },
  ]);
});

test("wide rows of Jobs", async () => {
  const [head, row] = (await ok("get jobs -n kube-system -o wide")).trimEnd().split("\n").map((line) => line.trim().split(/ {2,}/));
  expect(head).toEqual(["NAME", "STATUS", "COMPLETIONS", "DURATION", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"]);
  expect(row?.slice(5)).toEqual([expect.any(String), "devopscube/kubernetes-job-demo:latest", expect.stringMatching(/^batch\.kubernetes\.io\/controller-uid=/)]);
});

test("the kubelet puts in the variables that it knows", async () => {
  const command = ["echo", "$(NODE_NAME) $$(NODE_NAME) $(hostname)"];
  const env = [{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }];
  const spec = { restartPolicy: "Never", containers: [{ name: "main", image: "busybox", command, env }] };
  await ok("create -f -", JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name: "variables" }, spec }));
  await there.cluster.runUntil(async () => (await there.cluster.client.get(pods, { namespace: "default", name: "variables" })).status.phase === "Succeeded");
  expect(await ok("logs variables")).toBe(`${await ok("get pod variables -o jsonpath={.spec.nodeName}")} $(NODE_NAME) $(hostname)\n`);
});

test("a field that Pods are not selected by is refused", async () => {
  const { exit, stderr } = await there.kubectl(["get", "pods", "--field-selector", "spec.image=busybox"]);
  expect([exit, stderr]).toEqual([1, expect.stringContaining("field label not supported: spec.image")]);
});
