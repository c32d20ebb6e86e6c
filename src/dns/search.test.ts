import { describe, expect, test } from "vitest";
import type { Pod, PodSpec } from "../api/types/core-v1.ts";
import type { ClusterDns } from "./search.ts";
import { candidateNames, parseResolvConf, resolvConfText, resolverConfigOf } from "./search.ts";

const node = { nameservers: ["172.18.0.1"], searches: ["lan"], options: ["edns0"] };
const cluster: ClusterDns = { domain: "cluster.local", addresses: ["10.96.0.10"], node: { ...node, searches: [] } };

function textFor(spec: Partial<PodSpec>, dns = cluster): string {
  return resolvConfText(resolverConfigOf({ metadata: { name: "p", namespace: "qa" }, spec: { containers: [], ...spec } } as unknown as Pod, dns));
}

const searchLine = "search qa.svc.cluster.local svc.cluster.local cluster.local\n";
const onNode = "nameserver 172.18.0.1\noptions edns0\n";

describe("resolv.conf of a Pod", () => {
  test.each<[string, Partial<PodSpec>, string]>([
    ["no policy", {}, `${searchLine}nameserver 10.96.0.10\noptions ndots:5\n`],
    ["ClusterFirst", { dnsPolicy: "ClusterFirst" }, `${searchLine}nameserver 10.96.0.10\noptions ndots:5\n`],
    ["ClusterFirst on the host's network", { dnsPolicy: "ClusterFirst", hostNetwork: true }, onNode],
    ["ClusterFirstWithHostNet", { dnsPolicy: "ClusterFirstWithHostNet", hostNetwork: true }, `${searchLine}nameserver 10.96.0.10\noptions ndots:5\n`],
    ["Default", { dnsPolicy: "Default" }, onNode],
    ["None", { dnsPolicy: "None", dnsConfig: { nameservers: ["192.0.2.1"], searches: ["ns1.svc.cluster-domain.example", "my.dns.search.suffix"], options: [{ name: "ndots", value: "2" }, { name: "edns0" }] } }, "search ns1.svc.cluster-domain.example my.dns.search.suffix\nnameserver 192.0.2.1\noptions ndots:2 edns0\n"],
    ["None with servers only", { dnsPolicy: "None", dnsConfig: { nameservers: ["192.0.2.1"] } }, "nameserver 192.0.2.1\n"],
    ["added to ClusterFirst", { dnsConfig: { nameservers: ["10.96.0.10", "192.0.2.1"], searches: ["lan", "cluster.local"], options: [{ name: "ndots", value: "2" }, { name: "timeout", value: "1" }] } }, `${searchLine.trimEnd()} lan\nnameserver 10.96.0.10\nnameserver 192.0.2.1\noptions ndots:2 timeout:1\n`],
  ])("%s", (_, spec, expected) => {
    expect(textFor(spec)).toBe(expected);
  });

  test("has the node's search path after the cluster's, and the node's servers where the cluster has no DNS", () => {
    expect(textFor({}, { ...cluster, node })).toContain(`${searchLine.trimEnd()} lan\n`);
    expect(textFor({}, { ...cluster, addresses: [] })).toBe(onNode);
  });

  test("stays within what a resolver reads", () => {
    const searches = Array.from({ length: 40 }, (_, i) => `s${i}.example`);
    const config = parseResolvConf(textFor({ dnsConfig: { nameservers: ["192.0.2.1", "192.0.2.2", "192.0.2.3"], searches } }));
    expect(config.nameservers).toEqual(["10.96.0.10", "192.0.2.1", "192.0.2.2"]);
    expect(config.searches).toHaveLength(32);
    const long = parseResolvConf(textFor({ dnsConfig: { searches: Array.from({ length: 20 }, (_, i) => `${"x".repeat(200)}${i}`) } }));
    expect(long.searches.join(" ").length).toBeLessThanOrEqual(2048);
    expect(long.searches.length).toBeGreaterThan(10);
  });

  test("is read as it is written", () => {
    const config = { nameservers: ["10.96.0.10"], searches: ["a.b", "b"], options: ["ndots:5", "edns0"] };
    expect(parseResolvConf(resolvConfText(config))).toEqual(config);
    expect(parseResolvConf("# mine\nsearch old\n; no\nsearch new.\nnameserver 1.1.1.1 # one\nsortlist x\n")).toEqual({ nameservers: ["1.1.1.1"], searches: ["new"], options: [] });
  });
});

describe("names that a resolver tries", () => {
  const pod = { searches: ["qa.svc.cluster.local", "svc.cluster.local", "cluster.local"], options: ["ndots:5"] };
  test("with few dots, the search path first", () => {
    expect(candidateNames("web", pod)).toEqual(["web.qa.svc.cluster.local", "web.svc.cluster.local", "web.cluster.local", "web"]);
    expect(candidateNames("web.default.svc.cluster.local", pod)[0]).toBe("web.default.svc.cluster.local.qa.svc.cluster.local");
  });
  test("with enough dots, the name itself first", () => {
    expect(candidateNames("a.b.c.d.e.f", pod)[0]).toBe("a.b.c.d.e.f");
    expect(candidateNames("example.com", { ...pod, options: [] })[0]).toBe("example.com");
    expect(candidateNames("web", { ...pod, options: [] })[0]).toBe("web.qa.svc.cluster.local");
  });
  test("with a final dot, nothing else", () => {
    expect(candidateNames("web.default.svc.cluster.local.", pod)).toEqual(["web.default.svc.cluster.local"]);
  });
  test("the last ndots counts, and nonsense does not", () => {
    expect(candidateNames("a.b", { ...pod, options: ["ndots:5", "ndots:1"] })[0]).toBe("a.b");
    expect(candidateNames("a.b", { ...pod, options: ["ndots:x"] })[0]).toBe("a.b");
  });
});
