import { parseIpv4, parseIpv4Range, rangeContains } from "../base/ipv4.ts";
import type { TableName } from "./fixed-chains.ts";
import { isInverted, ruleWords, valueOf } from "./rule-words.ts";
import type { Packet } from "./walk.ts";

/**
 * Which rules of the nat table counted which packets. A kernel shows that table the first packet of a connection alone, so that
 * who knows the connections knows its counters: each kind of connection is taken through the rules' text as it stands when somebody
 * asks, as if all of them had met these rules. (In a kernel a chain that the proxy writes anew begins at zero again.)
 */

/** First packets that all went one way. */
export interface Tally {
  /** Where they met the node: from outside of it, or from one of its own processes. */
  readonly entry: "PREROUTING" | "OUTPUT";
  readonly packet: Packet;
  /** The endpoint that a rule sent them to: "10.244.1.2:80". Absent: they kept their destination. */
  readonly endpoint?: string;
  /** They were for the node itself in the end. */
  readonly isForNode: boolean;
  /** Refused or swallowed before they got on. */
  readonly isRefused: boolean;
  packets: number;
  bytes: number;
}

interface Rule {
  readonly line: number;
  readonly words: readonly string[];
}

interface Chain {
  readonly line: number;
  readonly isBuiltIn: boolean;
  readonly rules: Rule[];
}

type End = "accepted" | "returned";

const table: TableName = "nat";

/** The text as it was given, its chains and rules of the nat table with their counters: `iptables-save -c`. */
export function counted(save: string, tallies: Iterable<Tally>, own: (ip: string) => boolean): string {
  const lines = save.split("\n");
  const counts = new Map<number, { packets: number; bytes: number }>();
  const chains = chainsOf(lines);
  for (const tally of tallies) new Walk(chains, tally, own, counts).run();
  const shown = (line: number): string => `[${counts.get(line)?.packets ?? 0}:${counts.get(line)?.bytes ?? 0}]`;
  return lines.map((line, i) => (line.startsWith("-A ") ? `${shown(i)} ${line}` : line.startsWith(":") ? line.replace(/\[0:0\]$/, shown(i)) : line)).join("\n");
}

function chainsOf(lines: readonly string[]): ReadonlyMap<string, Chain> {
  const chains = new Map<string, Chain>();
  for (let i = lines.indexOf(`*${table}`) + 1; i > 0 && i < lines.length && lines[i] !== "COMMIT"; i++) {
    const line = lines[i] as string;
    if (line.startsWith(":")) chains.set(line.slice(1).split(" ")[0] as string, { line: i, isBuiltIn: !line.includes(" - "), rules: [] });
    if (!line.startsWith("-A ")) continue;
    const { chain, words } = ruleWords(line);
    chains.get(chain)?.rules.push({ line: i, words });
  }
  return chains;
}

/** Whether a MARK rule sets the mark; the other one turns it. */
function setsMark(words: readonly string[]): boolean {
  const [value, mask] = valueOf(words, "--set-xmark").split("/");
  return value === mask;
}

/** One kind of packets on its way. */
class Walk {
  private readonly chains: ReadonlyMap<string, Chain>;
  private readonly tally: Tally;
  private readonly own: (ip: string) => boolean;
  private readonly counts: Map<number, { packets: number; bytes: number }>;
  private isMarked = false;

  constructor(chains: ReadonlyMap<string, Chain>, tally: Tally, own: (ip: string) => boolean, counts: Map<number, { packets: number; bytes: number }>) {
    this.chains = chains;
    this.tally = tally;
    this.own = own;
    this.counts = counts;
  }

  run(): void {
    const { entry, isForNode, isRefused } = this.tally;
    this.through(entry);
    if (isRefused) return;
    this.through(isForNode && entry === "PREROUTING" ? "INPUT" : "POSTROUTING");
  }

  private count(line: number): void {
    const count = this.counts.get(line) ?? { packets: 0, bytes: 0 };
    count.packets += this.tally.packets;
    count.bytes += this.tally.bytes;
    this.counts.set(line, count);
  }

  private through(name: string): End {
    const chain = this.chains.get(name);
    for (const { line, words } of chain?.rules ?? []) {
      if (!this.matches(words)) continue;
      this.count(line);
      const target = valueOf(words, "-j");
      if (target === "RETURN") break;
      if (target === "MARK") this.isMarked = setsMark(words) || !this.isMarked;
      else if (!this.chains.has(target) || this.through(target) === "accepted") return "accepted";
    }
    // Only a kernel's chain has a policy that takes what comes to its end.
    if (chain?.isBuiltIn) this.count(chain.line);
    return "returned";
  }

  private matches(words: readonly string[]): boolean {
    const { packet, endpoint } = this.tally;
    const target = valueOf(words, "-j");
    // Chance and memory have decided already: the way leads to the endpoint.
    if (target.startsWith("KUBE-SEP-")) return !words.includes("--rcheck") && this.leadsTo(target, endpoint);
    const agrees = (option: string, holds: (value: string) => boolean): boolean => !words.includes(option) || holds(valueOf(words, option)) !== isInverted(words, option);
    const within = (range: string, ip: string): boolean => {
      const [wanted, address] = [parseIpv4Range(range), parseIpv4(ip)];
      return wanted !== undefined && address !== undefined && rangeContains(wanted, address);
    };
    return (
      agrees("-p", (protocol) => protocol === packet.protocol.toLowerCase()) &&
      agrees("-d", (range) => within(range, packet.ip)) &&
      agrees("-s", (range) => within(range, packet.sourceIp)) &&
      agrees("--dport", (port) => Number(port) === packet.port) &&
      agrees("--dst-type", () => this.own(packet.ip)) &&
      agrees("--src-type", () => this.own(packet.sourceIp)) &&
      agrees("--mark", () => this.isMarked)
    );
  }

  private leadsTo(chain: string, endpoint: string | undefined): boolean {
    return this.chains.get(chain)?.rules.some(({ words }) => valueOf(words, "--to-destination") === endpoint) ?? false;
  }
}
