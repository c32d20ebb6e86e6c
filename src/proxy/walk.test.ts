import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AffinityMemory } from "./affinity.ts";
import { IptablesText } from "./iptables.ts";
import type { ProxyNode } from "./plan.ts";
import { ServiceRules } from "./service-rules.ts";
import { serviceArbitrary, sliceArbitrary } from "./testing/arbitrary.ts";
import { restore, send } from "./testing/netfilter.ts";
import { recordedCase, recordedNode, rulesOf } from "./testing/recorded.ts";
import type { Packet, Verdict } from "./walk.ts";
import { route, routeAcross } from "./walk.ts";

const first = { now: 0, chance: { below: () => 0 } };
const toWeb = (sourceIp: string, ip = "10.96.10.1", port = 80): Packet => ({ sourceIp, ip, port, protocol: "TCP" });
const other: ProxyNode = { ...recordedNode, name: "learning-worker2", zone: "zone-b", addresses: ["172.18.0.4"] };

function wordsOf(verdict: Verdict): string {
  if (verdict.kind === "endpoint") return `${verdict.endpoint.address} from ${verdict.sourceIp}`;
  return verdict.kind === "unmatched" ? verdict.kind : `${verdict.kind}: ${verdict.because}`;
}

describe("who answers", () => {
  const ask = (name: string, packet: Packet, node = recordedNode) => wordsOf(route(rulesOf(recordedCase(name).objects), node, packet, first));

  test("a Pod sees the Pod behind a cluster IP, and is seen as itself", () => {
    expect(ask("clusterip-three", toWeb("10.244.2.9"))).toBe("10.244.1.5:8080 from 10.244.2.9");
  });
  test("a Pod that reaches itself is seen as its node", () => {
    expect(ask("clusterip-three", toWeb("10.244.1.5"))).toBe("10.244.1.5:8080 from 172.18.0.3");
  });
  test("a node is seen as the node", () => {
    expect(ask("clusterip-three", toWeb("172.18.0.3"))).toBe("10.244.1.5:8080 from 172.18.0.3");
  });
  test("a Service without endpoints refuses at once", () => {
    expect(ask("clusterip-none-ready", toWeb("10.244.2.9"))).toBe("rejected: has no endpoints");
    expect(ask("nodeport-no-endpoints", toWeb("192.0.2.1", "172.18.0.3", 30080))).toBe("rejected: has no endpoints");
  });
  test("a node port with the policy Local answers only where an endpoint runs, but Pods and the node anywhere", () => {
    expect(ask("nodeport-local-none-here", toWeb("192.0.2.1", "172.18.0.3", 30080))).toBe("dropped: has no local endpoints");
    expect(ask("nodeport-local-none-here", toWeb("192.0.2.1", "172.18.0.4", 30080), other)).toBe("10.244.2.6:8080 from 192.0.2.1");
    expect(ask("nodeport-local-none-here", toWeb("10.244.1.9", "172.18.0.3", 30080))).toBe("10.244.2.6:8080 from 10.244.1.9");
    expect(ask("nodeport-local-none-here", toWeb("127.0.0.1", "127.0.0.1", 30080))).toBe("10.244.2.6:8080 from 172.18.0.3");
  });
  test("a cluster IP with the policy Local drops where no endpoint runs", () => {
    expect(ask("internal-local-none-here", toWeb("10.244.1.9"))).toBe("dropped: has no local endpoints");
    expect(ask("internal-local-none-here", toWeb("10.244.1.9"), other)).toBe("10.244.2.6:8080 from 10.244.1.9");
  });
  test("a load balancer lets only its source ranges in", () => {
    expect(ask("loadbalancer-source-ranges", toWeb("192.0.2.5", "203.0.113.7"))).toBe("10.244.2.6:8080 from 172.18.0.3");
    expect(ask("loadbalancer-source-ranges", toWeb("198.51.100.5", "203.0.113.7"))).toBe("dropped: source is not allowed");
  });
  test("hints keep traffic in the zone", () => {
    expect(ask("topology-hints", toWeb("10.244.1.9"))).toBe("10.244.1.5:8080 from 10.244.1.9");
    expect(ask("topology-hints", toWeb("10.244.1.9"), other)).toBe("10.244.2.6:8080 from 10.244.1.9");
  });
  test("everything else passes", () => {
    expect(ask("clusterip-three", toWeb("10.244.1.9", "10.96.10.1", 81))).toBe("unmatched");
    expect(ask("clusterip-three", toWeb("10.244.1.9", "10.244.2.6", 8080))).toBe("unmatched");
  });
});

test("a node port of another node is answered by that node's rules, as old as they may be", () => {
  const rules = rulesOf(recordedCase("nodeport").objects);
  const old = rules.copy();
  const nodes = [{ node: recordedNode, rules }, { node: other, rules: old }];
  const ask = (from: number, ip: string) => {
    const nodeAt = (address: string) => nodes.find(({ node }) => node.addresses.includes(address));
    return wordsOf(routeAcross(nodes[from] as (typeof nodes)[number], toWeb("10.244.1.9", ip, 30080), { nodeAt, ...first }));
  };
  rules.update([], []);
  expect(ask(0, "172.18.0.3")).toBe("unmatched");
  expect(ask(0, "172.18.0.4")).toBe("10.244.1.5:8080 from 172.18.0.4");
  expect(ask(0, "172.18.0.77")).toBe("unmatched");
  expect(wordsOf(routeAcross({ node: recordedNode, rules: undefined }, toWeb("10.244.1.9"), { nodeAt: () => undefined, ...first }))).toBe("unmatched");
});

describe("session affinity", () => {
  const rules = rulesOf(recordedCase("session-affinity").objects);
  const ask = (affinity: AffinityMemory, pick: number, now: number, from = "10.244.9.9") => {
    const verdict = route(rules, recordedNode, toWeb(from), { now, affinity, chance: { below: () => pick } });
    return verdict.kind === "endpoint" ? verdict.endpoint.ip : verdict.kind;
  };

  test("sticks for the time-out after the last connection, and one client's choice is not another's", () => {
    const affinity = new AffinityMemory();
    expect(ask(affinity, 1, 0)).toBe("10.244.2.6");
    expect(ask(affinity, 0, 100_000)).toBe("10.244.2.6");
    expect(ask(affinity, 0, 200_000)).toBe("10.244.2.6");
    expect(ask(affinity, 0, 200_000, "10.244.9.8")).toBe("10.244.1.5");
    expect(ask(affinity, 0, 300_001)).toBe("10.244.1.5");
  });

  test("moves on when the endpoint is gone", () => {
    const { objects } = recordedCase("session-affinity");
    const affinity = new AffinityMemory();
    expect(ask(affinity, 1, 0)).toBe("10.244.2.6");
    const without = objects.map((object) => (object.kind === "EndpointSlice" && "endpoints" in object ? { ...object, endpoints: object.endpoints?.slice(0, 1) ?? [] } : object));
    const verdict = route(rulesOf(without as typeof objects), recordedNode, toWeb("10.244.9.9"), { ...first, affinity });
    expect(wordsOf(verdict)).toBe("10.244.1.5:8080 from 10.244.9.9");
  });

  test("holds a hundred clients per endpoint and forgets the one that was longest away", () => {
    const affinity = new AffinityMemory();
    for (let i = 0; i <= 100; i++) ask(affinity, 1, i, `10.244.7.${i}`);
    expect(ask(affinity, 0, 200, "10.244.7.1")).toBe("10.244.2.6");
    expect(ask(affinity, 0, 200, "10.244.7.0")).toBe("10.244.1.5");
  });
});

test("chooses every endpoint for exactly one of the numbers that chance may give", () => {
  const rules = rulesOf(recordedCase("seven-endpoints").objects);
  const chosen: string[] = [];
  for (let pick = 0; pick < 7; pick++) {
    const chance = { below: (limit: number) => (expect(limit).toBe(7), pick) };
    const verdict = route(rules, recordedNode, toWeb("10.244.1.9"), { now: 0, chance });
    if (verdict.kind === "endpoint") chosen.push(verdict.endpoint.ip);
  }
  expect(chosen).toEqual([20, 21, 22, 23, 24, 25, 26].map((last) => `10.244.2.${last}`));
});

test("goes where the written rules go, whatever the Services are", () => {
  const sources = ["10.244.1.5", "10.244.2.6", "172.18.0.3", "127.0.0.1", "192.0.2.44", "198.18.0.1", "203.0.113.7"];
  const targets = ["10.96.10.1", "10.96.10.2", "198.51.100.9", "203.0.113.7", "203.0.113.8", "172.18.0.3", "172.18.0.4"];
  const packets = sources.flatMap((source) => targets.flatMap((ip) => [80, 53, 30080, 30081].flatMap((port) => (["TCP", "UDP"] as const).map((protocol) => ({ sourceIp: source, ip, port, protocol })))));
  fc.assert(
    fc.property(fc.array(serviceArbitrary, { maxLength: 3 }), fc.array(sliceArbitrary, { maxLength: 3 }), fc.nat({ max: 8 }), (services, slices, missed) => {
      const rules = new ServiceRules();
      rules.update(services, slices);
      const tables = restore(new IptablesText({ rules, node: recordedNode }).save());
      for (const packet of packets) {
        let left = missed;
        const kernel = { tables, addresses: recordedNode.addresses, now: 0, recent: new Map<string, number>(), draw: () => left-- <= 0 };
        const fate = send(kernel, { source: packet.sourceIp, destination: packet.ip, protocol: packet.protocol.toLowerCase(), port: packet.port });
        const verdict = route(rules, recordedNode, packet, { now: 0, chance: { below: (limit) => Math.min(missed, limit - 1) } });
        const walked = verdict.kind === "endpoint" ? `ACCEPT ${verdict.endpoint.address} ${verdict.isMasqueraded}` : verdict.kind === "unmatched" ? "ACCEPT undefined false" : `${verdict.kind === "dropped" ? "DROP" : "REJECT"} undefined false`;
        expect(walked, JSON.stringify(packet)).toBe(`${fate.end} ${fate.to} ${fate.isMasqueraded}`);
      }
    }),
    { numRuns: 60 },
  );
});
