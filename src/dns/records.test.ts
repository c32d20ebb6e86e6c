import { describe, expect, test } from "vitest";
import type { Service } from "../api/types/core-v1.ts";
import type { EndpointSlice } from "../api/types/discovery-v1.ts";
import type { DnsAnswer, Question } from "./answer.ts";
import { recordText, serverFailure } from "./answer.ts";
import { Directory } from "./directory.ts";
import { lookUp } from "./lookup.ts";
import { answerQuestion } from "./records.ts";

const service = (name: string, spec: Partial<Service["spec"]>) => ({ kind: "Service", metadata: { name, namespace: "qa" }, spec }) as unknown as Service;

function slice(name: string, addresses: readonly string[], rest: object = {}): EndpointSlice {
  const endpoints = addresses.map((ip) => ({ addresses: [ip], conditions: { ready: true }, ...rest }));
  return { metadata: { name: `${name}-1`, namespace: "qa", labels: { "kubernetes.io/service-name": name } }, addressType: "IPv4", endpoints, ports: [{ name: "http", protocol: "TCP", port: 8080 }] } as unknown as EndpointSlice;
}

function cluster(forward?: (question: Question) => DnsAnswer) {
  const directory = new Directory();
  directory.setNamespace("qa", true);
  const zone = { directory, domain: "cluster.local", ttl: 30, serverAddresses: ["10.244.0.2"], ...(forward && { forward }) };
  const ask = (question: Question) => answerQuestion(zone, question, 0);
  const texts = (name: string, type: string) => {
    const { status, answer } = ask({ name, type });
    return answer.length > 0 ? answer.map(recordText) : status;
  };
  return { directory, ask, texts };
}

describe("names follow the objects", () => {
  test("a Service comes, moves and goes", () => {
    const { directory, texts } = cluster();
    expect(texts("web.qa.svc.cluster.local", "A")).toBe("NXDOMAIN");
    directory.setService("qa/web", service("web", { clusterIP: "10.96.1.1", ports: [{ port: 80 }] }));
    expect(texts("Web.QA.svc.cluster.local.", "A")).toEqual(["Web.QA.svc.cluster.local. 30 IN A 10.96.1.1"]);
    directory.setService("qa/web", service("web", { clusterIP: "10.96.1.2", ports: [{ port: 80 }] }));
    expect(texts("1.1.96.10.in-addr.arpa", "PTR")).toBe("SERVFAIL");
    expect(texts("2.1.96.10.in-addr.arpa", "PTR")).toEqual(["2.1.96.10.in-addr.arpa. 30 IN PTR web.qa.svc.cluster.local."]);
    directory.setService("qa/web", undefined);
    expect(texts("web.qa.svc.cluster.local", "A")).toBe("NXDOMAIN");
    expect(texts("2.1.96.10.in-addr.arpa", "PTR")).toBe("SERVFAIL");
  });

  test("endpoints of a headless Service come, change their Service and go", () => {
    const { directory, texts } = cluster();
    for (const name of ["head", "heart"]) directory.setService(`qa/${name}`, service(name, { clusterIP: "None", ports: [{ name: "http", port: 80 }] }));
    directory.setSlice("qa/head-1", slice("head", ["10.244.1.5", "10.244.1.6"]));
    expect(texts("head.qa.svc.cluster.local", "A")).toHaveLength(2);
    directory.setSlice("qa/head-1", slice("heart", ["10.244.1.6"], { hostname: "pod-0" }));
    expect(texts("head.qa.svc.cluster.local", "A")).toBe("NXDOMAIN");
    expect(texts("pod-0.heart.qa.svc.cluster.local", "A")).toEqual(["pod-0.heart.qa.svc.cluster.local. 30 IN A 10.244.1.6"]);
    expect(texts("5.1.244.10.in-addr.arpa", "PTR")).toBe("SERVFAIL");
    directory.setSlice("qa/head-1", undefined);
    expect(texts("6.1.244.10.in-addr.arpa", "PTR")).toBe("SERVFAIL");
  });

  test("a namespace goes", () => {
    const { directory, texts } = cluster();
    expect(texts("10-1-2-3.qa.pod.cluster.local", "A")).toEqual(["10-1-2-3.qa.pod.cluster.local. 30 IN A 10.1.2.3"]);
    directory.setNamespace("qa", false);
    expect(texts("10-1-2-3.qa.pod.cluster.local", "A")).toBe("NXDOMAIN");
  });
});

describe("names without a recording", () => {
  test("both families, and a headless Service without ports", () => {
    const { directory, texts } = cluster();
    directory.setService("qa/dual", service("dual", { clusterIP: "10.96.1.1", clusterIPs: ["10.96.1.1", "fd00::1"], ports: [{ port: 80 }] }));
    expect(texts("dual.qa.svc.cluster.local", "AAAA")).toEqual(["dual.qa.svc.cluster.local. 30 IN AAAA fd00::1"]);
    directory.setService("qa/bare", service("bare", { clusterIP: "None" }));
    directory.setSlice("qa/bare-1", { ...slice("bare", ["10.244.1.9"]), ports: [] });
    expect(texts("bare.qa.svc.cluster.local", "A")).toEqual(["bare.qa.svc.cluster.local. 30 IN A 10.244.1.9"]);
    expect(texts("bare.qa.svc.cluster.local", "SRV")).toBe("NOERROR");
    expect(texts("fd00--1.qa.pod.cluster.local", "AAAA")).toEqual(["fd00--1.qa.pod.cluster.local. 30 IN AAAA fd00::1"]);
  });

  test("the zone itself", () => {
    const { directory, texts, ask } = cluster();
    expect(texts("cluster.local", "SOA")).toEqual(["cluster.local. 30 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. 0 7200 1800 86400 30"]);
    expect(texts("ns.dns.cluster.local", "A")).toEqual(["ns.dns.cluster.local. 30 IN A 10.244.0.2"]);
    expect(texts("dns-version.cluster.local", "TXT")).toEqual(['dns-version.cluster.local. 28800 IN TXT "1.1.0"']);
    directory.setService("qa/kube-dns", service("kube-dns", { clusterIP: "10.96.0.10", ports: [{ name: "dns", protocol: "UDP", port: 53 }] }));
    directory.setSlice("qa/kube-dns-1", slice("kube-dns", ["10.244.0.2"]));
    const { answer, additional } = ask({ name: "cluster.local", type: "NS" });
    expect([...answer, ...additional].map(recordText)).toEqual(["cluster.local. 30 IN NS kube-dns.qa.svc.cluster.local.", "kube-dns.qa.svc.cluster.local. 30 IN A 10.96.0.10"]);
  });

  test("aliases: outside names are asked of others, missing ones are no answer, circles end", () => {
    const outside = (question: Question): DnsAnswer => (question.name === "example.com" ? { ...serverFailure, status: "NOERROR", answer: [{ name: "example.com.", ttl: 60, type: "A", data: "192.0.2.80" }] } : serverFailure);
    const { directory, texts } = cluster(outside);
    const alias = (name: string, externalName: string) => directory.setService(`qa/${name}`, service(name, { type: "ExternalName", externalName }));
    alias("out", "example.com");
    alias("missing", "nope.qa.svc.cluster.local");
    alias("here", "there.qa.svc.cluster.local");
    alias("there", "here.qa.svc.cluster.local");
    expect(texts("out.qa.svc.cluster.local", "A")).toEqual(["out.qa.svc.cluster.local. 30 IN CNAME example.com.", "example.com. 60 IN A 192.0.2.80"]);
    expect(texts("example.com", "A")).toEqual(["example.com. 60 IN A 192.0.2.80"]);
    expect(texts("missing.qa.svc.cluster.local", "A")).toBe("NOERROR");
    expect((texts("here.qa.svc.cluster.local", "A") as string[]).length).toBeLessThanOrEqual(8);
    expect(texts("out.qa.svc.cluster.local", "CNAME")).toEqual(["out.qa.svc.cluster.local. 30 IN CNAME example.com."]);
  });
});

describe("a host's look-up", () => {
  const config = { nameservers: ["10.96.0.10"], searches: ["qa.svc.cluster.local", "svc.cluster.local", "cluster.local"], options: ["ndots:5"] };
  const { directory, ask } = cluster();
  directory.setService("qa/web", service("web", { clusterIP: "10.96.1.1", ports: [{ port: 80 }] }));
  directory.setService("qa/alias", service("alias", { type: "ExternalName", externalName: "web.qa.svc.cluster.local" }));

  test.each([
    ["web", "OK", "web.qa.svc.cluster.local", ["web.qa.svc.cluster.local"]],
    ["web.qa", "OK", "web.qa.svc.cluster.local", ["web.qa.qa.svc.cluster.local", "web.qa.svc.cluster.local"]],
    ["alias", "OK", "web.qa.svc.cluster.local", ["alias.qa.svc.cluster.local"]],
    ["nope.qa.svc.cluster.local.", "NXDOMAIN", "nope.qa.svc.cluster.local.", ["nope.qa.svc.cluster.local"]],
    ["qa.svc.cluster.local.", "NODATA", "qa.svc.cluster.local.", ["qa.svc.cluster.local"]],
    ["nope", "SERVFAIL", "nope", ["nope.qa.svc.cluster.local", "nope.svc.cluster.local", "nope.cluster.local", "nope"]],
  ])("%s", (name, status, canonicalName, asked) => {
    expect(lookUp(name, { ask, config })).toEqual({ status, canonicalName, asked, addresses: status === "OK" ? ["10.96.1.1"] : [] });
  });

  test("without a server nobody can say", () => {
    expect(lookUp("web", { ask, config: { ...config, nameservers: [] } }).status).toBe("SERVFAIL");
  });
});
