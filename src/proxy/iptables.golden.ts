import { describe, expect, test } from "vitest";
import { nodeAgentFirewall, serviceChains } from "./fixed-chains.ts";
import { IptablesText } from "./iptables.ts";
import { recordedCases, recordedNode, rulesOf } from "./testing/recorded.ts";

/** The real proxy goes through Services in no order: their lines in the chains that they share are compared sorted. */
function withSortedServices(text: string): string {
  const shared = new Set<string>(serviceChains.map(({ chain }) => chain));
  const lines = text.split("\n");
  const chainOf = (line: string) => /^-A (\S+) -[dp] /.exec(line)?.[1] ?? "";
  for (let start = 0; start < lines.length; ) {
    const chain = chainOf(lines[start] ?? "");
    let end = start + 1;
    if (shared.has(chain)) {
      while (chainOf(lines[end] ?? "") === chain) end++;
      lines.splice(start, end - start, ...lines.slice(start, end).sort());
    }
    start = end;
  }
  return lines.join("\n");
}

describe("writes what the real kube-proxy wrote", () => {
  for (const { name, objects, rules } of recordedCases()) {
    test(name, () => {
      const text = new IptablesText({ rules: rulesOf(objects), node: recordedNode }).save({ foreign: nodeAgentFirewall });
      expect(withSortedServices(text)).toBe(withSortedServices(rules));
    });
  }
});
