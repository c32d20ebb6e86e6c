import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { nodeAgentChains } from "./fixed-chains.ts";
import { IptablesText } from "./iptables.ts";
import { listTable } from "./listing.ts";
import { recordedCase, recordedNode, rulesOf } from "./testing/recorded.ts";

const tables = ["mangle", "filter", "nat"] as const;
const recorded = gunzipSync(readFileSync(join(import.meta.dirname, "golden/listings.jsonl.gz")))
  .toString()
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as { readonly case: string } & { readonly [table in (typeof tables)[number]]: string });

describe("lists rules as the real iptables did", () => {
  for (const expected of recorded) {
    test(expected.case, () => {
      const text = new IptablesText({ rules: rulesOf(recordedCase(expected.case).objects), node: recordedNode, hasCounters: false });
      const save = text.save({ foreign: nodeAgentChains });
      for (const table of tables) expect(listTable(save, { table })).toBe(expected[table]);
    });
  }

  test("one chain alone, or none", () => {
    const save = new IptablesText({ rules: rulesOf(recordedCase("nodeport").objects), node: recordedNode }).save();
    expect(listTable(save, { table: "nat", chain: "KUBE-MARK-MASQ" })).toBe(
      "Chain KUBE-MARK-MASQ (4 references)\ntarget     prot opt source               destination         \nMARK       0    --  0.0.0.0/0            0.0.0.0/0            MARK or 0x4000\n",
    );
    expect(listTable(save, { table: "nat", chain: "KUBE-FORWARD" })).toBeUndefined();
  });
});
