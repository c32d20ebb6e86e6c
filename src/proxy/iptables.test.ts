import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Service } from "../api/types/core-v1.ts";
import type { EndpointSlice } from "../api/types/discovery-v1.ts";
import { ChainNames } from "./chain-names.ts";
import { proxyCounters } from "./fixed-chains.ts";
import { IptablesText } from "./iptables.ts";
import { probability } from "./port-text.ts";
import { ServiceRules } from "./service-rules.ts";
import { serviceArbitrary, serviceNames, sliceArbitrary } from "./testing/arbitrary.ts";
import type { Tables } from "./testing/netfilter.ts";
import { jumpsOf, restore } from "./testing/netfilter.ts";
import { recordedCase, recordedCases, recordedNode, rulesOf } from "./testing/recorded.ts";

const textOf = (rules: ServiceRules) => new IptablesText({ rules, node: recordedNode });

/** Only the proxy's own chains: what restore is about. */
function ownChains(tables: Tables): { [table: string]: [string, readonly string[][]][] } {
  const isOwn = (chain: string) => chain.startsWith("KUBE-") && !chain.startsWith("KUBE-FIREWALL");
  return Object.fromEntries(Object.entries(tables).map(([name, chains]) => [name, [...chains].filter(([chain]) => isOwn(chain)).sort(([a], [b]) => (a < b ? -1 : 1))]));
}

test("names chains as upstream does", () => {
  const names = new ChainNames();
  const suffixOf = (name: string, protocol: "TCP" | "UDP") => names.ofPort({ name, protocol }).cluster.slice("KUBE-SVC-".length);
  expect(suffixOf("default/kubernetes:https", "TCP")).toBe("NPX46M4PTMTKRN6Y");
  expect(suffixOf("kube-system/kube-dns:dns", "UDP")).toBe("TCOU7JCQXEZGVUNU");
  expect(suffixOf("default/web", "TCP")).toBe("LOLE4ISW44XBNF3G");
  expect(suffixOf("qa/nginx-service", "TCP")).toBe("J3WZHGIYUWSFYWOU");
  expect(names.ofEndpoint({ name: "kube-system/kube-dns:dns", protocol: "UDP" }, "10.2.6.2:53")).toBe("KUBE-SEP-5TSJG2PSL7JQH5EN");
});

test("gives every endpoint the same share", () => {
  for (let count = 1; count <= 200; count++) {
    let left = 1;
    for (let rest = count; rest >= 1; rest--) {
      const taken = rest === 1 ? left : left * Number(probability(rest));
      expect(taken).toBeCloseTo(1 / count, 6);
      left -= taken;
    }
  }
});

describe("restore", () => {
  test("names no counter where the kernel has none", () => {
    const text = new IptablesText({ rules: rulesOf(recordedCase("nodeport").objects), node: recordedNode, hasCounters: false }).restore();
    for (const counter of proxyCounters) expect(text).not.toContain(counter);
    expect(text).toContain("-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP\n");
    expect(text.match(/^-A KUBE-NODEPORTS .*$/gm)).toEqual(['-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web:http" -m tcp --dport 30080 -j KUBE-EXT-CDGGSHYLG3RE2FKL']);
  });

  test("makes the chains that the real proxy made", () => {
    for (const { name, objects, rules } of recordedCases()) {
      if (name === "two-ports-tcp-udp" || name === "clusterip-no-slice") continue; // The real order of Services is chance: see iptables.golden.ts.
      expect(ownChains(restore(textOf(rulesOf(objects)).restore())), name).toEqual(ownChains(restore(rules)));
    }
  });

  test("declares every chain that is jumped to, and jumps to every chain of a Service", () => {
    fc.assert(
      fc.property(fc.array(serviceArbitrary, { maxLength: 3 }), fc.array(sliceArbitrary, { maxLength: 4 }), (services, slices) => {
        const rules = new ServiceRules();
        rules.update(services, slices);
        const tables = restore(textOf(rules).save());
        for (const chains of Object.values(tables)) for (const target of jumpsOf(chains)) expect([...chains.keys()]).toContain(target);
        const nat = tables["nat"] ?? new Map();
        const jumps = jumpsOf(nat);
        // As upstream, the chain of the other policy is kept even if nothing leads to it just now.
        const isOfService = (chain: string) => /^KUBE-(EXT|FW|SEP)-/.test(chain);
        for (const chain of nat.keys()) if (isOfService(chain)) expect([...jumps]).toContain(chain);
      }),
    );
  });
});

describe("changes", () => {
  type Step = { readonly service: Service } | { readonly slice: EndpointSlice } | { readonly goneService: string } | { readonly goneSlice: string };
  const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
    serviceArbitrary.map((service) => ({ service })),
    sliceArbitrary.map((slice) => ({ slice })),
    fc.constantFrom(...serviceNames).map((name) => ({ goneService: `default/${name}` })),
    fc.constantFrom("default/slice-1", "default/slice-2").map((goneSlice) => ({ goneSlice })),
  );

  function take(rules: ServiceRules, step: Step, standing: Map<string, Service | EndpointSlice>): void {
    if ("service" in step) {
      const key = `default/${step.service.metadata.name}`;
      rules.setService(key, step.service);
      standing.set(`service ${key}`, step.service);
    } else if ("slice" in step) {
      const key = `default/${step.slice.metadata.name}`;
      rules.setSlice(key, step.slice);
      standing.set(`slice ${key}`, step.slice);
    } else if ("goneService" in step) {
      rules.setService(step.goneService, undefined);
      standing.delete(`service ${step.goneService}`);
    } else {
      rules.setSlice(step.goneSlice, undefined);
      standing.delete(`slice ${step.goneSlice}`);
    }
  }

  test("step by step make what a full rebuild makes", () => {
    fc.assert(
      fc.property(fc.array(fc.array(stepArbitrary, { minLength: 1, maxLength: 3 }), { maxLength: 8 }), (batches) => {
        const rules = new ServiceRules();
        const text = textOf(rules);
        const standing = new Map<string, Service | EndpointSlice>();
        let kernel = restore(text.restore());
        for (const batch of batches) {
          for (const step of batch) take(rules, step, standing);
          kernel = restore(text.changes() ?? "", kernel);
          const fresh = textOf(rulesOf([...standing.values()]));
          expect(text.save()).toBe(fresh.save());
          expect(ownChains(kernel)).toEqual(ownChains(restore(fresh.restore())));
          expect(text.changes()).toBeUndefined();
        }
      }),
    );
  });

  test("say nothing about what means nothing to packets", () => {
    const { objects } = recordedCase("nodeport");
    const rules = rulesOf(objects);
    const text = textOf(rules);
    text.restore();
    for (const object of objects) {
      const touched = { ...object, metadata: { ...object.metadata, resourceVersion: "77", annotations: { note: "x" } } };
      if (object.kind === "Service") rules.setService(`default/${object.metadata.name}`, touched as Service);
      else rules.setSlice(`default/${object.metadata.name}`, touched as EndpointSlice);
    }
    expect(text.changes()).toBeUndefined();
  });

  test("touch only the chains of the Service whose endpoint changed", () => {
    const { objects } = recordedCase("two-services");
    const rules = rulesOf(objects);
    const text = textOf(rules);
    text.restore();
    const slice = objects.find((object) => object.metadata.name === "b-1") as EndpointSlice;
    rules.setSlice("default/b-1", { ...slice, endpoints: slice.endpoints?.slice(1) ?? [] });
    expect(text.changes()?.match(/^(:|-X ).*/gm)?.sort()).toEqual([
      "-X KUBE-SEP-2O6EPNCKTDIJVUY2",
      ":KUBE-SEP-2O6EPNCKTDIJVUY2 - [0:0]",
      ":KUBE-SVC-3G4NXN6J7AAOTTOD - [0:0]",
    ]);
  });

  test("write everything anew without comments once there are more than a thousand endpoints, and with them again below", () => {
    const rules = rulesOf(recordedCase("clusterip-three").objects);
    const text = textOf(rules);
    let kernel = restore(text.restore());
    const slice = (count: number) => {
      const endpoints = Array.from({ length: count }, (_, i) => ({ addresses: [`10.244.${4 + (i >> 8)}.${i & 255}`], conditions: { ready: true } }));
      const metadata = { name: "many", namespace: "default", labels: { "kubernetes.io/service-name": "web" } };
      return { metadata, addressType: "IPv4", endpoints, ports: [{ name: "http", protocol: "TCP", port: 8080 }] } as unknown as EndpointSlice;
    };
    for (const [count, commented] of [[998, false], [997, true], [998, false], [0, true]] as const) {
      rules.setSlice("default/many", slice(count));
      kernel = restore(text.changes() ?? "", kernel);
      expect(text.save().includes('"default/web:http -> 10.244.1.5:8080"'), String(count)).toBe(commented);
      expect(ownChains(kernel)).toEqual(ownChains(restore(textOf(rules).restore())));
    }
  });
});
