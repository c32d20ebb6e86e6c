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

  test("with names, counters and numbers", () => {
    const save = new IptablesText({ rules: rulesOf(recordedCase("nodeport").objects), node: recordedNode }).save();
    expect(listTable(save, { table: "nat", chain: "POSTROUTING", isNumeric: false })).toBe(
      "Chain POSTROUTING (policy ACCEPT)\ntarget     prot opt source               destination         \nKUBE-POSTROUTING  all  --  anywhere             anywhere             /* kubernetes postrouting rules */\n",
    );
    const countedSave = save.replace("-A POSTROUTING", "[123456:7407360] -A POSTROUTING").replaceAll(":POSTROUTING ACCEPT [0:0]", ":POSTROUTING ACCEPT [7:420]");
    expect(listTable(countedSave, { table: "nat", chain: "POSTROUTING", isVerbose: true, hasNumbers: true })).toBe(
      "Chain POSTROUTING (policy ACCEPT 7 packets, 420 bytes)\nnum   pkts bytes target     prot opt in     out     source               destination         \n1     123K 7407K KUBE-POSTROUTING  0    --  *      *       0.0.0.0/0            0.0.0.0/0            /* kubernetes postrouting rules */\n",
    );
  });

  test("one chain alone, or none", () => {
    const save = new IptablesText({ rules: rulesOf(recordedCase("nodeport").objects), node: recordedNode }).save();
    expect(listTable(save, { table: "nat", chain: "KUBE-MARK-MASQ" })).toBe(
      "Chain KUBE-MARK-MASQ (4 references)\ntarget     prot opt source               destination         \nMARK       0    --  0.0.0.0/0            0.0.0.0/0            MARK or 0x4000\n",
    );
    expect(listTable(save, { table: "nat", chain: "KUBE-FORWARD" })).toBeUndefined();
  });
});
