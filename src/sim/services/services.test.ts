import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { daemonSets, deployments, endpointSlices, pods, services } from "../../api/kinds.ts";
import { machines } from "../../api/sim/facts.ts";
import { createCluster } from "../../node/create-cluster.ts";
import type { NodeCluster } from "../../node/create-cluster.ts";
import { printed } from "../../../test/printed.ts";

/** Services and names as Pods and nodes of a whole cluster meet them, while the proxies and name servers come and go. */
const client = (name: string, node: string, image = "busybox"): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name} }
spec: { nodeName: ${node}, containers: [{ name: main, image: ${image}, command: [sleep, "1d"] }] }
`;

const server = (name: string, replicas: number, spec = ""): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template: { metadata: { labels: { app: ${name} } }, spec: { containers: [{ name: main, image: nginx, ports: [{ containerPort: 80 }] }] } }
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: ${name} }, ports: [{ port: 80 }]${spec} }
`;

const page = "Welcome to nginx!";
const worker = "local-worker";
let cluster: NodeCluster;

const inPod = (pod: string, command: string) => printed(cluster, `/api/v1/namespaces/default/pods/${pod}/exec`, command);
const onNode = (node: string, command: string) => printed(cluster, `/apis/sim.coracle.dev/v1alpha1/machines/${node}/exec`, command);

async function serviceOf(name: string): Promise<{ ip: string; nodePort: number }> {
  const { spec } = await cluster.client.get(services, { namespace: "default", name });
  return { ip: spec.clusterIP ?? "", nodePort: spec.ports?.[0]?.nodePort ?? 0 };
}

async function endpointsOf(name: string): Promise<string[]> {
  const { items } = await cluster.client.list(endpointSlices, { namespace: "default", labelSelector: `kubernetes.io/service-name=${name}` });
  return items.flatMap(({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => addresses));
}

/** Keeps the service proxy off every node, or lets it back. */
async function hold(isHeld: boolean): Promise<void> {
  const nodeSelector = { "kubernetes.io/os": "linux", held: isHeld ? "yes" : null };
  await cluster.client.patch(daemonSets, { namespace: "kube-system", name: "kube-proxy" }, { type: "merge", body: { spec: { template: { spec: { nodeSelector } } } } });
  await cluster.advance("60s");
}

beforeAll(async () => {
  cluster = await createCluster({ nodes: 3 });
  await cluster.apply(`${client("looker", worker)}---${client("curious", worker, "nicolaka/netshoot")}---${client("other", "local-worker2", "alpine")}---${client("digger", "local-worker2", "nicolaka/netshoot")}---${server("web", 2, ", type: NodePort")}`);
  await cluster.advance("60s");
});

afterAll(() => cluster.close());

describe("a Service", () => {
  it("answers by name and by address, from Pods and from nodes", async () => {
    const { ip } = await serviceOf("web");
    for (const host of ["web", "web.default", "web.default.svc.cluster.local", ip]) expect(await inPod("looker", `wget -qO- http://${host}`)).toMatchObject({ code: 0, out: expect.stringContaining(page) as string });
    expect((await onNode("local-control-plane", `curl -s http://${ip}`)).out).toContain(page);
  });

  it("answers at its node port of every node", async () => {
    const { nodePort } = await serviceOf("web");
    for (const node of ["172.18.0.2", "172.18.0.3", "172.18.0.4"]) expect((await inPod("curious", `curl -s http://${node}:${nodePort}`)).out).toContain(page);
    expect((await onNode(worker, `curl -s localhost:${nodePort}`)).out).toContain(page);
  });

  it("spreads connections over its endpoints", async () => {
    const { ip } = await serviceOf("web");
    await inPod("looker", `for i in $(seq 1 300); do wget -qO /dev/null http://${ip}; done`);
    const items = (await cluster.client.list(pods, { namespace: "default", labelSelector: "app=web" })).items;
    const counts = await Promise.all(items.map(async ({ metadata }) => (await cluster.logs(metadata.name)).split("\n").filter((line) => line.includes("Wget")).length));
    expect(counts).toHaveLength(2);
    for (const count of counts) expect(count).toBeGreaterThan(100);
  });

  it("chooses an endpoint for each new connection, and keeps every request of one connection with it", async () => {
    const { items } = await cluster.client.list(pods, { namespace: "default", labelSelector: "app=web" });
    const seenBy = (path: string): Promise<number[]> => Promise.all(items.map(async ({ metadata }) => (await cluster.logs(metadata.name)).split(`"GET /${path} HTTP/1.1" 404`).length - 1));
    const ask = (path: string): string => `printf 'GET /${path} HTTP/1.1\\r\\nHost: web\\r\\n\\r\\n'`;
    await inPod("looker", `for i in $(seq 1 20); do ${ask("kept")}; sleep 1; done | nc web 80`);
    expect((await seenBy("kept")).sort((a, b) => a - b)).toEqual([0, 20]);
    await inPod("looker", `for i in $(seq 1 20); do ${ask("fresh")} | nc web 80; sleep 1; done`);
    const fresh = await seenBy("fresh");
    expect(fresh.reduce((sum, count) => sum + count)).toBe(20);
    for (const count of fresh) expect(count).toBeGreaterThan(3);
  });

  it("keeps a client with one endpoint where it is told to", async () => {
    await cluster.apply(server("sticky", 3, ", sessionAffinity: ClientIP"));
    await cluster.advance("30s");
    await inPod("looker", "for i in $(seq 1 20); do wget -qO /dev/null http://sticky; done");
    const items = (await cluster.client.list(pods, { namespace: "default", labelSelector: "app=sticky" })).items;
    const counts = await Promise.all(items.map(async ({ metadata }) => (await cluster.logs(metadata.name)).split("\n").filter((line) => line.includes("Wget")).length));
    expect(counts.sort((a, b) => a - b)).toEqual([0, 0, 20]);
  });

  it("does not answer ping, nor other ports; a Pod does", async () => {
    const { ip } = await serviceOf("web");
    expect((await inPod("looker", `ping -c 2 ${ip}`)).out).toContain("2 packets transmitted, 0 packets received, 100% packet loss");
    expect(await inPod("curious", `curl -sS -m 5 http://${ip}:81`)).toMatchObject({ code: 28 });
    const { out } = await inPod("looker", `ping -c 3 ${(await endpointsOf("web"))[0]}`);
    expect(out).toContain(" 0% packet loss");
    const times = [...out.matchAll(/ time=([\d.]+) ms/g)].map((match) => Number(match[1]));
    const [, least, mean, most] = /min\/avg\/max = ([\d.]+)\/([\d.]+)\/([\d.]+) ms/.exec(out) ?? [];
    expect([Number(least), Number(most)]).toEqual([Math.min(...times), Math.max(...times)]);
    expect(Number(mean)).toBeCloseTo(times.reduce((sum, time) => sum + time, 0) / 3, 3);
  });

  it("is not on the way of a ping: answers have lived through each node between", async () => {
    const { items } = await cluster.client.list(pods, { namespace: "default" });
    const podOn = (node: string): string => items.find(({ spec, status }) => spec.nodeName === node && status.podIP !== undefined)?.status.podIP ?? "";
    const ttl = async (pod: string, ip: string): Promise<number> => Number(/ ttl=(\d+) /.exec((await inPod(pod, `ping -c 1 ${ip}`)).out)?.[1]);
    const own = items.find(({ metadata }) => metadata.name === "looker")?.status.podIP ?? "";
    const beside = items.find(({ metadata, spec }) => metadata.name !== "looker" && spec.nodeName === worker)?.status.podIP ?? "";
    expect(await Promise.all([own, "127.0.0.1", "172.18.0.3", own.replace(/\d+$/, "1"), beside, "172.18.0.4", podOn("local-worker2")].map((ip) => ttl("looker", ip)))).toEqual([64, 64, 64, 64, 63, 63, 62]);
  });

  it("is seen by its Pods to come from their node's end of the cable, where the node itself asks", async () => {
    const lastFrom = async (pod: string): Promise<string> => (await cluster.logs(pod)).trimEnd().split("\n").findLast((line) => line.includes('"GET / '))?.split(" ")[0] ?? "";
    const { items } = await cluster.client.list(pods, { namespace: "default", labelSelector: "app=web" });
    for (const { metadata, spec, status } of items) {
      await onNode(worker, `curl -s http://${status.podIP}`);
      expect(await lastFrom(metadata.name)).toBe(spec.nodeName === worker ? `${status.podIP?.replace(/\d+$/, "1")}` : "172.18.0.3");
    }
    expect(items.some(({ spec }) => spec.nodeName === worker)).toBe(true);
  });

  it("is pinged in iputils' words where that is what an image or a machine has", async () => {
    const [endpoint = ""] = await endpointsOf("web");
    expect((await inPod("digger", "ping -c 2 web")).out).toMatch(/^PING web\.default\.svc\.cluster\.local \(10\.96\.\d+\.\d+\) 56\(84\) bytes of data\.\n\n--- web\.default\.svc\.cluster\.local ping statistics ---\n2 packets transmitted, 0 received, 100% packet loss, time 1\d\d\dms\n\n$/);
    expect(await inPod("digger", "ping -c 2 nosuchname")).toEqual({ code: 2, out: "ping: nosuchname: Name does not resolve\n" });
    for (const { out } of [await inPod("digger", `ping -c 2 ${endpoint}`), await onNode(worker, `ping -c 2 ${endpoint}`)]) {
      expect(out).toMatch(/^PING ([\d.]+) \(\1\) 56\(84\) bytes of data\.\n64 bytes from \1: icmp_seq=1 ttl=6[2-4] time=0\.\d{3} ms\n64 bytes from \1: icmp_seq=2 .*\n\n--- \1 ping statistics ---\n2 packets transmitted, 2 received, 0% packet loss, time 1\d\d\dms\nrtt min\/avg\/max\/mdev = (0\.\d{3}\/){3}0\.\d{3} ms\n$/);
    }
    expect((await inPod("digger", "ping -c 1 kubernetes.default -q; ping -c1 digger")).out).toMatch(/^PING kubernetes\.default\.svc\.cluster\.local [^]*PING digger \(10\.244\.2\.\d+\) /);
  });

  it("leads to the programs of agnhost, by its port and theirs, and to a Pod by its full name", async () => {
    await cluster.apply(`
apiVersion: v1
kind: Pod
metadata: { name: hello, labels: { app: hello } }
spec: { hostname: one, subdomain: hello, containers: [{ name: main, image: "registry.k8s.io/e2e-test-images/agnhost:2.53", command: [/agnhost, netexec, --http-port=8080] }] }
---
apiVersion: v1
kind: Service
metadata: { name: hello }
spec: { clusterIP: None, selector: { app: hello }, ports: [{ name: web, port: 80, targetPort: 8080 }] }
`);
    await cluster.advance("30s");
    const full = "one.hello.default.svc.cluster.local";
    expect(await inPod("hello", "hostname; hostname -f; dig +short SRV _web._tcp.hello.default.svc.cluster.local")).toEqual({ code: 0, out: `one\n${full}\n0 100 8080 ${full}.\n` });
    expect((await inPod("looker", `wget -qO- http://${full}:8080/hostname; echo; wget -qO- 'http://hello:8080/echo?msg=well+met'`)).out).toBe("one\nwell met");
    expect((await inPod("looker", "wget -qO- http://hello:8080/")).out).toMatch(/^NOW: 2026-01-01 00:\d\d:\d\d\.\d{3} \+0000 UTC$/);
    expect(await cluster.logs("hello")).toMatch(/^I0101 00:\d\d:\d\d\.\d{6} {7}1 log\.go:245\] Started HTTP server on port 8080\n[^]*GET \/echo\?msg=well met&code=\n/);
  });

  it("refuses at once when nobody stands behind it", async () => {
    await cluster.apply(server("empty", 0));
    await cluster.advance("5s");
    const { ip } = await serviceOf("empty");
    const before = cluster.now();
    expect(await inPod("looker", "wget -qO- http://empty")).toEqual({ code: 1, out: `wget: can't connect to remote host (${ip}): Connection refused\n` });
    expect(cluster.now()).toBe(before);
  });

  it("reaches itself: a Pod behind a Service may be its own endpoint", async () => {
    await cluster.apply(server("alone", 1));
    await cluster.advance("30s");
    const [pod] = (await cluster.client.list(pods, { namespace: "default", labelSelector: "app=alone" })).items;
    expect((await inPod(pod?.metadata.name ?? "", "curl -s http://alone")).out).toContain(page);
    expect(await cluster.logs(pod?.metadata.name ?? "")).toContain(`${pod?.status.podIP?.replace(/\d+$/, "1")} - - `);
  });

  it("stays with the node where its policy says so", async () => {
    await cluster.apply(`${server("near", 1, ", type: NodePort, externalTrafficPolicy: Local")}`);
    await cluster.advance("30s");
    const [pod] = (await cluster.client.list(pods, { namespace: "default", labelSelector: "app=near" })).items;
    const { nodePort } = await serviceOf("near");
    const elsewhere = pod?.status.hostIP === "172.18.0.3" ? "172.18.0.4" : "172.18.0.3";
    const from = (host: string) => onNode("local-control-plane", `curl -s -m 3 http://${host}:${nodePort}`);
    expect((await from(pod?.status.hostIP ?? "")).out).toContain(page);
    expect(await from(elsewhere)).toMatchObject({ code: 28 });
  });
});

describe("names", () => {
  it("follow the Pod's own resolv.conf", async () => {
    expect((await inPod("looker", "cat /etc/resolv.conf")).out).toBe("search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n");
    expect((await onNode(worker, "cat /etc/resolv.conf")).out).toContain("nameserver 172.18.0.1\n");
  });

  it("are told by nslookup as busybox prints it", async () => {
    const { ip } = await serviceOf("web");
    const head = "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n";
    expect(await inPod("looker", "nslookup web.default.svc.cluster.local")).toEqual({ code: 0, out: `${head}Name:\tweb.default.svc.cluster.local\nAddress: ${ip}\n\n\n` });
    expect(await inPod("other", "nslookup none.default.svc.cluster.local")).toMatchObject({ code: 1, out: expect.stringContaining("** server can't find none.default.svc.cluster.local: NXDOMAIN\n") as string });
  });

  it("are told by nslookup, dig and host as BIND prints them, in images of its tools", async () => {
    const { ip } = await serviceOf("web");
    const [pod = ""] = await endpointsOf("web");
    const full = "web.default.svc.cluster.local";
    const head = "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\n";
    expect(await inPod("digger", "nslookup web")).toEqual({ code: 0, out: `${head}Name:\t${full}\nAddress: ${ip}\n\n` });
    expect((await inPod("digger", "nslookup web.default")).out).toContain(`Name:\t${full}\nAddress: ${ip}\n`);
    expect(await inPod("digger", "nslookup nobody")).toEqual({ code: 1, out: `${head}** server can't find nobody: NXDOMAIN\n\n` });
    expect((await inPod("digger", `nslookup ${ip}`)).out).toBe(`${ip.split(".").reverse().join(".")}.in-addr.arpa\tname = ${full}.\n\n`);
    expect((await inPod("digger", `dig +short ${full}; dig +short web; dig +short +search web; dig +short -x ${ip}`)).out).toBe(`${ip}\n${ip}\n${full}.\n`);
    expect((await inPod("digger", "dig +short SRV _dns._udp.kube-dns.kube-system.svc.cluster.local")).out).toBe("0 100 53 kube-dns.kube-system.svc.cluster.local.\n");
    expect((await inPod("digger", `dig +short ${pod.replaceAll(".", "-")}.default.pod.cluster.local`)).out).toBe(`${pod}\n`);
    expect((await inPod("digger", `dig @10.96.0.10 ${full}`)).out).toMatch(
      new RegExp(`;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: \\d+\\n;; flags: qr aa rd; QUERY: 1, ANSWER: 1, [^]*;${full}\\.\\t+IN\\tA\\n\\n;; ANSWER SECTION:\\n${full}\\. \\d+\\tIN\\tA\\t${ip}\\n\\n[^]*;; SERVER: 10\\.96\\.0\\.10#53`),
    );
    expect((await inPod("digger", "dig nobody.default.svc.cluster.local")).out).toMatch(/status: NXDOMAIN.*[^]*AUTHORITY SECTION:\n.*SOA/);
    expect((await inPod("digger", `host web; host ${ip}; host -t SRV _dns._udp.kube-dns.kube-system`)).out).toBe(
      `${full} has address ${ip}\n${ip.split(".").reverse().join(".")}.in-addr.arpa domain name pointer ${full}.\n_dns._udp.kube-dns.kube-system.svc.cluster.local has SRV record 0 100 53 kube-dns.kube-system.svc.cluster.local.\n`,
    );
    expect(await inPod("digger", "host nobody")).toEqual({ code: 1, out: "Host nobody not found: 3(NXDOMAIN)\n" });
    expect(await inPod("digger", "dig @192.0.2.7 web")).toMatchObject({ code: 9, out: expect.stringContaining(";; no servers could be reached\n") as string });
  });

  it("that nobody has are bad addresses", async () => {
    expect(await inPod("looker", "wget -qO- http://nobody.qa")).toEqual({ code: 1, out: "wget: bad address 'nobody.qa'\n" });
    expect(await inPod("curious", "curl -sS http://nobody.qa")).toEqual({ code: 6, out: "curl: (6) Could not resolve host: nobody.qa\n" });
  });

  it("are gone while no name server runs, after a wait", async () => {
    await cluster.client.patch(deployments, { namespace: "kube-system", name: "coredns" }, { type: "merge", body: { spec: { replicas: 0 } } });
    await cluster.advance("60s");
    const before = cluster.now();
    expect(await inPod("looker", "wget -qO- http://web")).toEqual({ code: 1, out: "wget: bad address 'web'\n" });
    expect(cluster.now() - before).toBe(5000);
    await cluster.client.patch(deployments, { namespace: "kube-system", name: "coredns" }, { type: "merge", body: { spec: { replicas: 2 } } });
    await cluster.advance("60s");
    expect((await inPod("looker", "wget -qO- http://web")).out).toContain(page);
  });
});

describe("what a node has seen", () => {
  it("is counted at the rules that it took, and remembered for a while", async () => {
    const { ip } = await serviceOf("web");
    await onNode(worker, "conntrack -F; iptables -t nat -Z");
    await inPod("looker", `for i in $(seq 1 10); do wget -qO- http://${ip} > /dev/null; done`);
    const counts = (chain: string) => onNode(worker, `iptables -t nat -L ${chain} -n -v --line-numbers | awk '$4 ~ /KUBE-|MARK|DNAT|RETURN|MASQ/ {print $2, $3, $4}'`).then(({ out }) => out.trimEnd().split("\n"));
    const service = (await counts("KUBE-SERVICES")).find((line) => line.startsWith("10 600 KUBE-SVC-")) ?? "";
    const [mark = "", ...endpoints] = await counts(service.split(" ")[2] ?? "");
    expect(mark).toBe("0 0 KUBE-MARK-MASQ");
    expect(endpoints.map((line) => Number(line.split(" ")[0])).reduce((a, b) => a + b, 0)).toBe(10);
    for (const line of endpoints) expect(await counts(line.split(" ")[2] ?? "")).toEqual(["0 0 KUBE-MARK-MASQ", line.replace(/KUBE-\S+/, "DNAT")]);
    expect((await onNode(worker, "iptables-save -c -t nat | grep -e '-A PREROUTING' -e '-A KUBE-POSTROUTING.*MASQ'")).out).toBe(
      '[10:600] -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES\n[0:0] -A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully\n',
    );
    const tracked = (await onNode(worker, `conntrack -L -p tcp -d ${ip}`)).out.trimEnd().split("\n");
    expect(tracked).toHaveLength(11);
    expect(tracked[0]).toMatch(new RegExp(`^tcp {6}6 120 TIME_WAIT src=10\\.244\\.1\\.\\d+ dst=${ip} sport=\\d+ dport=80 src=10\\.244\\.\\d\\.\\d+ dst=10\\.244\\.1\\.\\d+ sport=80 dport=\\d+ \\[ASSURED\\] mark=0 use=1$`));
    expect(tracked.at(-1)).toBe("conntrack v1.4.7 (conntrack-tools): 10 flow entries have been shown.");
    await cluster.advance("121s");
    expect((await onNode(worker, `conntrack -L -d ${ip}`)).out).toBe("conntrack v1.4.7 (conntrack-tools): 0 flow entries have been shown.\n");
  });

  it("comes under its node's address from a Pod of another node", async () => {
    const near = `{ apiVersion: v1, kind: Pod, metadata: { name: closest, labels: { app: closest } }, spec: { nodeName: local-worker2, containers: [{ name: main, image: "registry.k8s.io/e2e-test-images/agnhost:2.53", args: [netexec] }] } }`;
    await cluster.apply(`${near}\n---\n{ apiVersion: v1, kind: Service, metadata: { name: closest }, spec: { type: NodePort, externalTrafficPolicy: Local, selector: { app: closest }, ports: [{ port: 8080, nodePort: 30080 }] } }`);
    await cluster.advance("10s");
    const seen = async (pod: string, node: string) => (await inPod(pod, `curl -s -m 2 http://${node}:30080/clientip || echo $?`)).out;
    const own = (await inPod("curious", "hostname -i")).out.trim();
    expect([await seen("curious", "172.18.0.4"), await seen("curious", "172.18.0.3")]).toEqual(["172.18.0.3", own]);
    // Nothing of the Service runs there, and a stranger asks.
    expect(await seen("digger", "172.18.0.3")).toBe("28\n");
  });
});

describe("the service proxy", () => {
  it("leaves its rules behind, and they age", async () => {
    await hold(true);
    await cluster.apply(server("late", 1));
    await cluster.client.patch(deployments, { namespace: "default", name: "web" }, { type: "merge", body: { spec: { replicas: 1 } } });
    await cluster.advance("60s");
    const [old, late] = [await serviceOf("web"), await serviceOf("late")];
    // About half of the connections: the other half go to the Pod that is no more.
    const answers = (await inPod("looker", `for i in $(seq 1 20); do wget -qO- http://${old.ip}; done`)).out;
    expect(answers).toContain(page);
    expect(answers).toContain(`wget: can't connect to remote host (${old.ip}): Host is unreachable\n`);
    expect(await inPod("curious", `curl -sS -m 5 http://${late.ip}`)).toMatchObject({ code: 28 });
    const rules = (await onNode(worker, "iptables-save")).out;
    expect(rules).not.toContain("default/late");
    expect(rules.match(/-A KUBE-SEP-\S+ .*default\/web" .*DNAT/g)).toHaveLength(2);
    await hold(false);
    expect((await inPod("looker", `wget -qO- http://${late.ip}`)).out).toContain(page);
    expect((await onNode(worker, "iptables-save")).out.match(/-A KUBE-SEP-\S+ .*default\/web" .*DNAT/g)).toHaveLength(1);
  });

  it("puts flushed rules back when it starts anew", async () => {
    const { ip } = await serviceOf("web");
    const [endpoint] = await endpointsOf("web");
    await hold(true);
    await onNode(worker, "sudo iptables -t nat -F");
    expect(await inPod("curious", `curl -sS -m 5 http://${ip}`)).toMatchObject({ code: 28 });
    expect((await inPod("looker", `ping -c 1 ${endpoint}`)).out).toContain(" 0% packet loss");
    expect((await inPod("other", `wget -qO- http://${ip}`)).out).toContain(page);
    await hold(false);
    expect((await inPod("looker", `wget -qO- http://${ip}`)).out).toContain(page);
  });

  it("hears nothing while its node is cut off", async () => {
    await cluster.client.patch(machines, { name: worker }, { type: "merge", body: { spec: { network: "Partitioned" } } });
    await cluster.settle();
    await cluster.apply(server("unheard", 1));
    await cluster.advance("10s");
    expect((await onNode(worker, "iptables-save")).out).not.toContain("default/unheard");
    await cluster.client.patch(machines, { name: worker }, { type: "merge", body: { spec: { network: "Connected" } } });
    await cluster.advance("10s");
    expect((await onNode(worker, "iptables-save")).out).toContain("default/unheard");
  });
});

describe("the API server", () => {
  const account = "/var/run/secrets/kubernetes.io/serviceaccount";

  it("is reached by the Service kubernetes, with the Pod's token", async () => {
    const ask = (path: string) => inPod("curious", `curl -s --cacert ${account}/ca.crt -H "Authorization: Bearer $(cat ${account}/token)" https://kubernetes.default.svc${path}`);
    expect(JSON.parse((await ask("/version")).out)).toMatchObject({ gitVersion: "v1.36.3" });
    expect(JSON.parse((await ask("/api/v1/namespaces/default/pods")).out)).toMatchObject({
      code: 403, message: 'pods is forbidden: User "system:serviceaccount:default:default" cannot list resource "pods" in API group "" in the namespace "default"',
    });
  });

  it("is not trusted blindly, nor spoken to in the clear", async () => {
    expect(await inPod("curious", "curl -s -S https://kubernetes.default/version")).toMatchObject({ code: 60, out: expect.stringContaining("curl: (60) SSL certificate problem: unable to get local issuer certificate\n") as string });
    expect(JSON.parse((await inPod("curious", "curl -sk https://kubernetes.default/version")).out)).toMatchObject({ major: "1", minor: "36" });
    expect((await inPod("curious", "curl -s http://kubernetes.default:443/")).out).toBe("Client sent an HTTP request to an HTTPS server.\n");
    expect(await inPod("curious", "curl -sS https://web:80/")).toEqual({ code: 35, out: "curl: (35) TLS connect error: error:0A00010B:SSL routines::wrong version number\n" });
  });
});
