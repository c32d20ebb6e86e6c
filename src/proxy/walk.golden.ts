import { describe, expect, test } from "vitest";
import { AffinityMemory } from "./affinity.ts";
import type { Protocol } from "./service-port.ts";
import type { Sent, Tables } from "./testing/netfilter.ts";
import { restore, send } from "./testing/netfilter.ts";
import type { RecordedCase } from "./testing/recorded.ts";
import { recordedCase, recordedCases, recordedNode, rulesOf } from "./testing/recorded.ts";
import type { Packet, Verdict } from "./walk.ts";
import { route } from "./walk.ts";

/**
 * The recorded rules themselves, packet by packet, say what the walk must say: for every case, every source and every destination that
 * could matter, the outcomes that the recorded chains allow are those that the walk can choose.
 */
const sources = ["10.244.1.5", "10.244.2.6", "10.244.1.77", "172.18.0.3", "127.0.0.1", "172.18.0.9", "192.0.2.44", "10.9.9.9", "203.0.113.7"];
const addresses = ["10.96.10.1", "10.96.10.2", "10.96.10.3", "10.96.10.4", "10.96.10.8", "10.96.10.9", "10.96.0.1", "198.51.100.9", "203.0.113.7", "172.18.0.3", "172.18.0.9", "127.0.0.1"];
const ports = [80, 53, 443, 30080, 81];
const packets: Packet[] = sources
  .flatMap((sourceIp) => addresses.flatMap((ip) => ports.flatMap((port) => (["TCP", "UDP"] as const).map((protocol: Protocol) => ({ sourceIp, ip, port, protocol })))))
  // From elsewhere such a packet never gets past the node agent's guard.
  .filter(({ sourceIp, ip }) => !ip.startsWith("127.") || sourceIp.startsWith("127."));
/** No Service port of the case can have more. */
const endpointsMax = ({ rules }: RecordedCase) => rules.split("--probability").length;

const sent = ({ sourceIp, ip, port, protocol }: Packet): Sent => ({ source: sourceIp, destination: ip, port, protocol: protocol.toLowerCase() });

function wordsOf(verdict: Verdict): string {
  if (verdict.kind === "endpoint") return `to ${verdict.endpoint.address}${verdict.isMasqueraded ? " masqueraded" : ""}`;
  return verdict.kind;
}

function outcomesOfText(tables: Tables, packet: Packet, most: number): Set<string> {
  const outcomes = new Set<string>();
  for (let missed = 0; missed < most; missed++) {
    let left = missed;
    const kernel = { tables, addresses: recordedNode.addresses, now: 0, recent: new Map<string, number>(), draw: () => left-- <= 0 };
    const { end, to, isMasqueraded } = send(kernel, sent(packet));
    if (end !== "ACCEPT") outcomes.add(end === "DROP" ? "dropped" : "rejected");
    else outcomes.add(to === undefined ? "unmatched" : `to ${to}${isMasqueraded ? " masqueraded" : ""}`);
  }
  return outcomes;
}

describe("sends packets where the recorded rules send them", () => {
  for (const recorded of recordedCases()) {
    test(recorded.name, () => {
      const [rules, tables, most] = [rulesOf(recorded.objects), restore(recorded.rules), endpointsMax(recorded)];
      for (const packet of packets) {
        const walked = new Set<string>();
        for (let pick = 0; pick < most; pick++) {
          walked.add(wordsOf(route(rules, recordedNode, packet, { now: 0, chance: { below: (limit) => Math.min(pick, limit - 1) } })));
        }
        expect([...walked].sort(), JSON.stringify(packet)).toEqual([...outcomesOfText(tables, packet, most)].sort());
      }
    });
  }
});

for (const name of ["session-affinity", "nodeport-affinity"]) {
  test(`${name}: remembers clients as the recorded rules do`, () => {
    const recorded = recordedCase(name);
    const seconds = Number(/--seconds (\d+)/.exec(recorded.rules)?.[1]);
    const [rules, tables, affinity, recent] = [rulesOf(recorded.objects), restore(recorded.rules), new AffinityMemory(), new Map<string, number>()];
    let now = 0;
    for (const [after, sourceIp, pick] of [[0, "10.244.1.77", 1], [1, "10.244.1.77", 0], [1, "10.244.2.6", 0], [seconds, "10.244.1.77", 0], [seconds + 1, "10.244.1.77", 0], [5, "10.244.2.6", 1], [0, "10.244.2.6", 0]] as const) {
      now += after * 1000;
      const packet: Packet = { sourceIp, ip: "10.96.10.1", port: 80, protocol: "TCP" };
      let left: number = pick;
      const fate = send({ tables, addresses: recordedNode.addresses, now, recent, draw: () => left-- <= 0 }, sent(packet));
      const verdict = route(rules, recordedNode, packet, { now, affinity, chance: { below: () => pick } });
      expect(wordsOf(verdict), `at ${now}`).toBe(`to ${fate.to}${fate.isMasqueraded ? " masqueraded" : ""}`);
    }
  });
}
