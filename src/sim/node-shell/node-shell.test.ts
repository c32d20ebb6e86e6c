import { afterAll, beforeAll, expect, it } from "vitest";
import { pods } from "../../api/kinds.ts";
import { createCluster } from "../../node/create-cluster.ts";
import type { NodeCluster } from "../../node/create-cluster.ts";
import { printed } from "../../../test/printed.ts";

/** What somebody who looks after nodes types on one, and what its tools print of the machine's state. */
const node = "local-worker";
let cluster: NodeCluster;

const machine = (name: string) => `/apis/sim.coracle.dev/v1alpha1/machines/${name}/exec`;
const on = async (command: string, name = node) => (await printed(cluster, machine(name), command)).out;

beforeAll(async () => {
  cluster = await createCluster({ nodes: 2 });
  await cluster.apply(`{ apiVersion: v1, kind: Pod, metadata: { name: web }, spec: { nodeName: ${node}, containers: [{ name: nginx, image: "nginx:1.29" }] } }`);
  await cluster.advance("90s");
});

afterAll(() => cluster.close());

it("crictl lists containers, sandboxes and images, and shows logs", async () => {
  const [head = "", ...rows] = (await on("crictl ps")).trimEnd().split("\n");
  expect(head).toBe("CONTAINER           IMAGE               CREATED              STATE               NAME                ATTEMPT             POD ID              POD                        NAMESPACE");
  expect(rows.find((row) => row.includes(" web "))).toMatch(/^[0-9a-f]{13} {7}[0-9a-f]{13} {7}About a minute ago {3}Running {13}nginx {15}0 {19}[0-9a-f]{13} {7}web {24}default$/);
  expect((await on("crictl pods --name '^web$'")).split("\n")[1]).toMatch(/^[0-9a-f]{13} .* Ready {15}web /);
  expect(await on("crictl images | grep nginx")).toMatch(/^docker\.io\/library\/nginx +1\.29 +[0-9a-f]{13} +72\.3MB\n$/);
  expect(await on("crictl logs --tail 1 $(crictl ps -q --name nginx) 2>&1")).toMatch(/ \[notice\] 1#1: start worker process 32\n$/);
  expect(JSON.parse(await on("crictl inspect $(crictl ps -q --name nginx)"))).toMatchObject({ status: { metadata: { name: "nginx" }, state: "CONTAINER_RUNNING", image: { image: "docker.io/library/nginx:1.29" } } });
  expect(await printed(cluster, machine(node), "crictl logs none")).toMatchObject({ code: 1, out: expect.stringContaining("an error occurred when try to find container") as string });
});

it("systemctl and journalctl tell of the kubelet", async () => {
  expect(await on("systemctl status kubelet")).toMatch(/^● kubelet\.service - kubelet: The Kubernetes Node Agent\n {5}Loaded: loaded .*\n.*\n.*\n {5}Active: active \(running\) since Thu 2026-01-01 00:00:00 UTC; 1min 30s ago\n/);
  expect(await on("systemctl is-active kubelet")).toBe("active\n");
  expect(await on("journalctl -u kubelet -n 100 | grep default/web")).toMatch(/local-worker kubelet\[240\]: I0101 .*"SyncLoop \(PLEG\): event for pod" pod="default\/web"/);
  expect(await printed(cluster, machine(node), "systemctl status none")).toEqual({ code: 4, out: "Unit none.service could not be found.\n" });
});

it("ps, ip and ss show processes, addresses and listeners", async () => {
  expect(await on("ps aux | grep 'nginx -g' | grep -v grep")).toMatch(/^root +\d+ .* nginx -g daemon off;\n$/);
  const { status } = await cluster.client.get(pods, { namespace: "default", name: "web" });
  expect(await on("ip route")).toContain(`${status.podIP} dev veth`);
  expect(await on(`ip route get ${status.podIP}; ip route get 10.244.0.2; ip route get 8.8.8.8`)).toMatch(/^\S+ dev veth\w+ src 10\.244\.1\.1 uid 0 \n {4}cache \n10\.244\.0\.2 via 172\.18\.0\.2 dev eth0 src 172\.18\.0\.3 uid 0 \n {4}cache \n8\.8\.8\.8 via 172\.18\.0\.1 dev eth0 /);
  expect(await on("ip -br addr show dev eth0")).toBe("eth0@if8         UP             172.18.0.3/16 \n");
  expect(await on("ss -tlnp | grep kube-proxy")).toMatch(/^LISTEN .*\*:10256 .*users:\(\("kube-proxy",pid=\d+,fd=3\)\)\n$/);
  expect(await on("ss -tlnp | grep 6443", "local-control-plane")).toContain("*:6443");
});

it("ps itself began when it was called", async () => {
  expect(await on("ps aux | grep 'ps aux$'")).toMatch(/ Ss {3}00:01 {3}0:00 ps aux\n$/);
});

it("a process has one number, whichever tool tells it", async () => {
  for (const name of ["nginx", "kube-proxy"]) {
    const { info } = JSON.parse(await on(`crictl inspect $(crictl ps -q --name ${name})`)) as { info: { pid: number } };
    expect(await on(`ps aux | grep ${name} | grep -v grep`)).toMatch(new RegExp(`^root +${info.pid} `));
  }
  const sandbox = JSON.parse(await on("crictl inspectp $(crictl pods -q --name '^web$')")) as { info: { pid: number } };
  expect(await on("ps aux | grep /pause")).toMatch(new RegExp(`^65535 +${sandbox.info.pid} `, "m"));
});

it("files of the machine are there: logs of Pods, configuration", async () => {
  expect(await on("ls /var/log/pods")).toMatch(/^default_web_[0-9a-f-]{36}$/m);
  for (const root of ["sudo -i", "sudo su -", "sudo -s"]) expect(await on(`echo hostname | ${root}`)).toBe(`${node}\n`);
  expect(await on("sudo -i ls /var/lib/kubelet/config.yaml")).toBe("/var/lib/kubelet/config.yaml\n");
  expect(await on("sudo grep clusterDNS -A1 /var/lib/kubelet/config.yaml")).toBe("clusterDNS:\n- 10.96.0.10\n");
});

it("a Pod that has the machine's root enters it by chroot, as those of kubectl debug do", async () => {
  const volumes = `volumes: [{ name: host, hostPath: { path: / } }]`;
  const container = (more = ""): string => `containers: [{ name: c, image: busybox, command: [sleep, 1d], volumeMounts: [{ name: host, mountPath: /host }]${more} }]`;
  await cluster.apply(`{ apiVersion: v1, kind: Pod, metadata: { name: debugger }, spec: { nodeName: ${node}, hostNetwork: true, hostPID: true, ${volumes}, ${container()} } }`);
  await cluster.apply(`{ apiVersion: v1, kind: Pod, metadata: { name: nobody }, spec: { nodeName: ${node}, ${volumes}, ${container(", securityContext: { runAsUser: 7 }")} } }`);
  await cluster.advance("10s");
  const inPod = (command: string, pod = "debugger") => printed(cluster, `/api/v1/namespaces/default/pods/${pod}/exec`, command);
  expect(await inPod("chroot /host sh -c 'hostname; pwd; crictl ps -q --name nginx | wc -l; exit 3'")).toEqual({ code: 3, out: `${node}\n/\n1\n` });
  expect(await inPod("chroot /host crictl pods --name '^web$' | wc -l")).toEqual({ code: 0, out: "2\n" });
  expect(await inPod("echo 'systemctl is-active kubelet; exit' | chroot /host")).toMatchObject({ code: 0, out: expect.stringContaining("active\n") as string });
  await inPod("chroot /host sh -c 'echo left > /tmp/note'");
  expect(await on("cat /tmp/note")).toBe("left\n");
  expect(await inPod("chroot / echo here; chroot /host nosuch; chroot /tmp sh; chroot /none; chroot /etc/hosts")).toEqual({
    code: 1, out: "here\nchroot: can't execute 'nosuch': No such file or directory\nchroot: can't execute 'sh': No such file or directory\nchroot: can't change root directory to '/none': No such file or directory\nchroot: can't change root directory to '/etc/hosts': Not a directory\n",
  });
  expect(await inPod("chroot /host sh", "nobody")).toEqual({ code: 1, out: "chroot: can't change root directory to '/host': Operation not permitted\n" });
});

it("iptables refuses what is not there and what nobody may write", async () => {
  expect(await printed(cluster, machine(node), "iptables -t nat -L NONE -n")).toEqual({ code: 1, out: "iptables: No chain/target/match by that name.\n" });
  expect(await printed(cluster, machine(node), "iptables -t none -L")).toMatchObject({ code: 3 });
  expect(await printed(cluster, machine(node), "iptables -A INPUT -j DROP")).toMatchObject({ code: 1 });
  expect(await printed(cluster, machine(node), "iptables-save | iptables-restore")).toEqual({ code: 0, out: "" });
  expect(await printed(cluster, machine(node), "iptables-restore none")).toEqual({ code: 1, out: "Can't open none: No such file or directory\n" });
});

it("what was saved before the rules were flushed can be restored, in whole or by table, and nothing else can", async () => {
  const rules = () => on("iptables-save -t nat | grep '^-A'");
  const before = await rules();
  expect(before).toMatch(/^-A KUBE-SERVICES .*default\/kubernetes:https/m);
  for (const asked of ["", "-c", "-t nat"]) {
    await on(`iptables-save ${asked} > /tmp/rules; iptables -F; iptables -t nat -F; iptables -t nat -X`);
    expect(await on("iptables-save -t nat")).not.toContain("KUBE-SERVICES");
    expect(await printed(cluster, machine(node), "sed s/10.96.0.1/10.96.0.9/ /tmp/rules | iptables-restore")).toMatchObject({ code: 1 });
    expect(await printed(cluster, machine(node), "iptables-restore /tmp/rules")).toEqual({ code: 0, out: "" });
    expect(await rules()).toBe(before);
    expect(await on("curl -sk https://10.96.0.1/livez")).toBe("ok");
  }
});

it("kube-proxy's Pods have the tools for its rules; its clean-up takes the service chains away, there and on the machine", async () => {
  const { items } = await cluster.client.list(pods, { namespace: "kube-system", labelSelector: "k8s-app=kube-proxy", fieldSelector: `spec.nodeName=${node}` });
  const proxy = items[0]?.metadata.name ?? "";
  const inProxy = async (command: string) => (await printed(cluster, `/api/v1/namespaces/kube-system/pods/${proxy}/exec`, command)).out;
  const chains = /^:KUBE-SVC-/m;
  expect(await inProxy("kube-proxy --version")).toBe("Kubernetes v1.36.3\n");
  expect(await inProxy("iptables-save -t nat | grep -v '^#'")).toBe(await on("iptables-save -t nat | grep -v '^#'"));
  expect(await inProxy("iptables -t nat -L KUBE-SERVICES -n")).toContain("/* default/kubernetes:https cluster IP */ tcp dpt:443\n");
  for (const cleanUp of [() => inProxy("kube-proxy --cleanup"), () => on("kube-proxy --cleanup")]) {
    expect(await on("iptables-save")).toMatch(chains);
    expect(await cleanUp()).toBe("");
    expect(await on("iptables-save")).not.toMatch(chains);
    await cluster.client.delete(pods, { namespace: "kube-system", name: (await cluster.client.list(pods, { namespace: "kube-system", labelSelector: "k8s-app=kube-proxy", fieldSelector: `spec.nodeName=${node}` })).items[0]?.metadata.name ?? "" });
    await cluster.advance("30s");
  }
  expect(await on("iptables-save")).toMatch(chains);
  expect(await printed(cluster, machine(node), "kube-proxy")).toMatchObject({ code: 1 });
});

it("crictl pulls and removes images, measures, and stops what the kubelet starts again", async () => {
  expect(await on("crictl pull redis:8")).toMatch(/^Image is up to date for sha256:[0-9a-f]{64}\n$/);
  expect(await on("crictl images redis -q; crictl inspecti redis:8 | jq -r .status.repoTags[0]; crictl rmi redis:8; crictl images redis")).toMatch(/^sha256:[0-9a-f]{64}\ndocker\.io\/library\/redis:8\nDeleted: docker\.io\/library\/redis:8\nIMAGE +TAG +IMAGE ID +SIZE\n$/);
  expect(await printed(cluster, machine(node), "crictl pull nosuch")).toMatchObject({ code: 1, out: expect.stringMatching(/^E0101 .* log\.go:32\] "PullImage from image service failed" image="nosuch" err="rpc error: .*\nFATA\[0000\] pulling image: rpc error: .*\n$/) as string });
  expect(await on("crictl stats --id $(crictl ps -q --name nginx)")).toMatch(/^CONTAINER +NAME +CPU % +MEM +DISK +INODES +SWAP\n[0-9a-f]{13} +nginx +0\.\d\d +5\.243MB +\S+kB +8 +0B\n$/);
  expect(await on("crictl info | jq -c '[.status.conditions[].type]'; crictl ps --name nginx -o json | jq -r '.containers[0].metadata.name'; crictl exec $(crictl ps -q --name nginx) hostname")).toBe('["RuntimeReady","NetworkReady","ContainerdHasNoDeprecationWarnings"]\nnginx\nweb\n');
  for (const [command, restarts] of [["stop", 1], ["rm -f", 2]] as const) {
    await on(`crictl ${command} $(crictl ps -q --name nginx)`);
    await cluster.advance("30s");
    expect((await cluster.client.get(pods, { namespace: "default", name: "web" })).status.containerStatuses?.[0]).toMatchObject({ restartCount: restarts, state: { running: {} } });
  }
  expect((await printed(cluster, machine(node), "crictl rm $(crictl ps -q --name nginx)")).out).toMatch(/container is running, please stop it first\n$/);
});

it("routes to machines come and go with them", async () => {
  const name = await cluster.nodes.add();
  expect(await on("ip route")).toContain("10.244.2.0/24 via 172.18.0.4 dev eth0 \n");
  await cluster.nodes.remove(name);
  expect(await on("ip route")).not.toContain("10.244.2.0/24");
});

it("without power there is no shell", async () => {
  await cluster.nodes.stop(node);
  await expect(on("true")).rejects.toThrow("answered 503");
  await expect(on("true", "none")).rejects.toThrow("answered 404");
  await cluster.nodes.start(node);
  expect(await on("uptime")).toContain(" up 0 min");
});
