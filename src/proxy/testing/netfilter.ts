import { parseIpv4, parseIpv4Range, rangeContains } from "../../base/ipv4.ts";

/**
 * A small netfilter for tests: reads what iptables-save prints (or iptables-restore takes) and sends packets through the chains rule
 * by rule. It shares nothing with the code under test, so that the walk and the text are judged against each other.
 */

export interface Tables {
  readonly [table: string]: Map<string, readonly string[][]>;
}

/** Words of a rule; a quoted comment is one word. */
const words = (line: string) => [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? "");

/** Applies input of `iptables-restore --noflush` to tables (none: a print's own). Throws on what the real tool would refuse. */
export function restore(text: string, before: Tables = {}): Tables {
  const tables: { [table: string]: Map<string, string[][]> } = {};
  for (const [name, chains] of Object.entries(before)) tables[name] = new Map([...chains].map(([chain, rules]) => [chain, [...rules]]));
  let table = new Map<string, string[][]>();
  for (const line of text.split("\n")) {
    const name = line.slice(1).split(" ")[0] ?? "";
    if (line.startsWith("*")) table = tables[name] ??= new Map();
    else if (line.startsWith(":")) table.set(name, []);
    else if (line.startsWith("-X ")) {
      const chain = line.slice(3);
      if (!table.has(chain)) throw new Error(`no chain to delete: ${chain}`);
      if (table.get(chain)?.length) throw new Error(`chain is not empty: ${chain}`);
      table.delete(chain);
    } else if (line.startsWith("-A ")) {
      const [, chain = "", ...rule] = words(line);
      const rules = table.get(chain);
      if (!rules) throw new Error(`no chain for: ${line}`);
      rules.push(rule);
    } else if (line === "COMMIT") {
      for (const chain of jumpsOf(table)) if (!table.has(chain)) throw new Error(`no chain to jump to: ${chain}`);
    } else if (line !== "") throw new Error(`not understood: ${line}`);
  }
  return tables;
}

/** Every chain that a rule of the table jumps to. */
export function jumpsOf(table: ReadonlyMap<string, readonly string[][]>): Set<string> {
  const targets = [...table.values()].flat().map((rule) => rule[rule.indexOf("-j") + 1] ?? "");
  return new Set(targets.filter((target) => target.startsWith("KUBE-")));
}

export interface Sent {
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly port: number;
}

export interface Kernel {
  readonly tables: Tables;
  readonly addresses: readonly string[];
  /** Whether the next rule of a balancing chain is taken. */
  readonly draw: () => boolean;
  readonly now: number;
  /** By list and source: when last seen. */
  readonly recent: Map<string, number>;
}

export interface Fate {
  readonly end: "ACCEPT" | "DROP" | "REJECT";
  /** Where it was translated to. */
  readonly to: string | undefined;
  readonly isMasqueraded: boolean;
}

/** The first packet of a connection through the node, from the hook that sees it first to the last. */
export function send(kernel: Kernel, packet: Sent): Fate {
  const state = { mark: 0, to: undefined as string | undefined, isSnat: false };
  const isOwn = (ip: string) => kernel.addresses.includes(ip) || ip.startsWith("127.");
  const isFromNode = isOwn(packet.source);
  const pass = (table: string, chain: string) => traverse(kernel, packet, state, { table, chain }) ?? "ACCEPT";
  const filters = isFromNode ? ["OUTPUT"] : [];
  pass("nat", isFromNode ? "OUTPUT" : "PREROUTING");
  const destination = state.to?.split(":")[0] ?? packet.destination;
  if (isOwn(destination)) filters.push("INPUT");
  else if (!isFromNode) filters.push("FORWARD");
  for (const hook of filters) {
    const end = pass("filter", hook);
    if (end === "DROP" || end === "REJECT") return { end, to: state.to, isMasqueraded: false };
  }
  pass("nat", "POSTROUTING");
  return { end: "ACCEPT", to: state.to, isMasqueraded: state.isSnat };
}

interface State {
  mark: number;
  to: string | undefined;
  isSnat: boolean;
}

function traverse(kernel: Kernel, packet: Sent, state: State, at: { table: string; chain: string }): string | undefined {
  for (const rule of kernel.tables[at.table]?.get(at.chain) ?? []) {
    if (!matches(kernel, packet, state, rule)) continue;
    const value = (option: string) => rule[rule.indexOf(option) + 1] ?? "";
    const target = rule.includes("-j") ? value("-j") : "";
    if (target.startsWith("KUBE-")) {
      const end = traverse(kernel, packet, state, { ...at, chain: target });
      if (end !== undefined) return end;
    } else if (target === "MARK") state.mark = value("--set-xmark").endsWith("0x0") ? 0 : 0x4000;
    else if (target === "DNAT") {
      state.to = value("--to-destination");
      return "ACCEPT";
    } else if (target === "MASQUERADE") {
      state.isSnat = true;
      return "ACCEPT";
    } else if (target === "RETURN") return undefined;
    else if (target !== "") return target;
  }
  return undefined;
}

function matches(kernel: Kernel, packet: Sent, state: State, rule: readonly string[]): boolean {
  // The filter table sees the packet with its destination translated.
  const [ip = packet.destination, port = String(packet.port)] = state.to?.split(":") ?? [];
  const isOwn = (address: string) => kernel.addresses.includes(address) || address.startsWith("127.");
  const within = (address: string, range: string) => {
    const parsed = parseIpv4Range(range);
    return parsed !== undefined && rangeContains(parsed, parseIpv4(address) ?? -1);
  };
  const list = `${rule[rule.indexOf("--name") + 1]} ${packet.source}`;
  const tests: { [option: string]: (value: string) => boolean } = {
    "-s": (value) => within(packet.source, value),
    "-d": (value) => within(ip, value),
    "-p": (value) => value === packet.protocol,
    "--dport": (value) => value === port,
    "--ctstate": (value) => value.split(",").some((wanted) => wanted === "NEW" || (wanted === "DNAT" && state.to !== undefined)),
    "--mark": () => state.mark === 0x4000,
    "--dst-type": () => isOwn(ip),
    "--src-type": () => isOwn(packet.source),
    "--probability": () => kernel.draw(),
    "--seconds": (value) => kernel.now - (kernel.recent.get(list) ?? -Infinity) <= Number(value) * 1000,
  };
  for (let i = 0; i < rule.length; i++) {
    const test = rule[i - 1] === "--comment" ? undefined : tests[rule[i] ?? ""];
    if (test && test(rule[i + 1] ?? "") === (rule[i - 1] === "!")) return false;
  }
  if (rule.includes("--set")) kernel.recent.set(list, kernel.now);
  return true;
}
