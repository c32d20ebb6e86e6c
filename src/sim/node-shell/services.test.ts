import { afterAll, beforeAll, expect, it } from "vitest";
import { nodes, pods } from "../../api/kinds.ts";
import { createCluster } from "../../node/create-cluster.ts";
import type { NodeCluster } from "../../node/create-cluster.ts";
import { printed } from "../../../test/printed.ts";

/** A node's services, stopped and started from its shell: what runs there goes on without its kubelet, and the next one goes on with it. */
const node = "local-worker";
let cluster: NodeCluster;

const run = (command: string) => printed(cluster, `/apis/sim.coracle.dev/v1alpha1/machines/${node}/exec`, command);
const on = async (command: string) => (await run(command)).out;
const pod = (name: string) => cluster.client.get(pods, { namespace: "default", name });
const isReady = async () => (await cluster.client.get(nodes, { name: node })).status.conditions?.find(({ type }) => type === "Ready")?.status;

const running = (name: string, rest = "") => `{ apiVersion: v1, kind: Pod, metadata: { name: ${name} }, spec: { nodeName: ${node}, terminationGracePeriodSeconds: 1, containers: [{ name: c, image: nginx${rest} }] } }`;

beforeAll(async () => {
  cluster = await createCluster({ nodes: 2 });
  await cluster.apply(running("web", ", readinessProbe: { httpGet: { port: 80 } }, livenessProbe: { httpGet: { port: 80 } }"));
  await cluster.apply(running("leaving"));
  await cluster.advance("60s");
});

afterAll(() => cluster.close());

it("without a kubelet the node becomes NotReady, and what runs there goes on", async () => {
  const before = await pod("web");
  expect(await run("systemctl stop kubelet")).toEqual({ code: 0, out: "" });
  expect(await run("systemctl is-active kubelet")).toEqual({ code: 3, out: "inactive\n" });
  expect(await on("systemctl status kubelet")).toMatch(/^○ kubelet\.service - kubelet: The Kubernetes Node Agent\n(.*\n){3} {5}Active: inactive \(dead\) since Thu 2026-01-01 00:01:00 UTC; 0ms ago\n {3}Duration: 1min\n(.*\n)+.* systemd\[1\]: Stopped kubelet\.service - kubelet: The Kubernetes Node Agent\.\n$/);
  expect(await on("crictl ps -q --name '^c$' | wc -l; pgrep -x kubelet; ss -tln | grep -c 10250; curl -s $(hostname -i):80 >/dev/null; echo $?")).toBe("2\n0\n7\n");
  await cluster.client.delete(pods, { namespace: "default", name: "leaving" }, { gracePeriodSeconds: 0 });
  await cluster.advance("60s");
  expect(await isReady()).toBe("Unknown");
  expect(await on(`curl -s ${before.status.podIP} | head -n 4 | tail -n 1`)).toBe("<title>Welcome to nginx!</title>\n");
});

it("the next kubelet goes on with it, and ends what was deleted meanwhile", async () => {
  const before = await pod("web");
  await on("systemctl start kubelet");
  await cluster.advance("15s");
  expect(await isReady()).toBe("True");
  const { status } = await pod("web");
  expect(status.containerStatuses?.[0]).toEqual(before.status.containerStatuses?.[0]);
  expect(status.podIP).toBe(before.status.podIP);
  expect(status.conditions?.find(({ type }) => type === "Ready")?.status).toBe("True");
  expect(await on("crictl ps --name '^c$' -q | wc -l; crictl pods --namespace default -q | wc -l")).toBe("1\n1\n");
  expect(await on("journalctl -u kubelet -o cat | grep -c 'Started kubelet'")).toBe("2\n");
});

it("systemd starts a kubelet that was killed, and a container that was killed is started by the kubelet", async () => {
  const [first] = (await on("pgrep -x kubelet")).split("\n");
  expect(await run(`kill -9 ${first}; sleep 1; systemctl is-active kubelet; sleep 10; systemctl is-active kubelet; pidof kubelet`)).toEqual({ code: 0, out: expect.stringMatching(/^activating\nactive\n\d+\n$/) as string });
  expect(await on("journalctl -u kubelet | grep 'code=killed'")).toContain("kubelet.service: Main process exited, code=killed, status=9/KILL");
  expect((await run("pkill nginx")).code).toBe(0);
  await cluster.advance("5s");
  expect((await pod("web")).status.containerStatuses?.[0]).toMatchObject({ restartCount: 1, state: { running: {} } });
  expect(await run("systemctl restart kubelet containerd && systemctl list-units --no-legend; systemctl restart none")).toEqual({
    code: 5,
    out: expect.stringMatching(/^ {2}containerd\.service +loaded active running containerd container runtime\n {2}kubelet\.service +loaded active running .*\n {2}systemd-journald\.service loaded active running Journal Service\nFailed to restart none\.service: Unit none\.service not found\.\n$/) as string,
  });
});

it("a kubelet that goes while it starts or ends Pods leaves nothing half done, and nothing twice", async () => {
  for (let ms = 5; ms <= 95; ms += 30) {
    await cluster.apply([1, 2, 3].map((i) => running(`quick-${i}`)).join("\n---\n"));
    await cluster.advance(`${ms}ms`);
    await on("systemctl restart kubelet");
    await cluster.advance("20s");
    expect(await on("crictl ps --name '^c$' -o json | jq -r '.containers[].labels[\"io.kubernetes.pod.name\"]' | sort; crictl pods --namespace default -q | wc -l"), `${ms} ms`).toBe("quick-1\nquick-2\nquick-3\nweb\n4\n");
    for (const i of [1, 2, 3]) {
      expect((await pod(`quick-${i}`)).status, `${ms} ms`).toMatchObject({ phase: "Running", containerStatuses: [{ ready: true, restartCount: 0 }] });
      await cluster.client.delete(pods, { namespace: "default", name: `quick-${i}` });
    }
    await cluster.advance(`${ms * 15}ms`);
    await on("systemctl restart kubelet");
    await cluster.advance("20s");
    expect(await on("crictl pods --namespace default -q | wc -l"), `${ms} ms`).toBe("1\n");
  }
});
