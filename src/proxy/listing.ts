import { portNames } from "../base/port-names.ts";
import type { TableName } from "./fixed-chains.ts";
import { isInverted, ruleWords, valueOf } from "./rule-words.ts";

/**
 * Prints rules as `iptables -t TABLE -L [CHAIN]` does (1.8.9, the one of the nodes), from the text that `iptables-save` prints, with
 * counters (`-c`) or without: for people who follow a Service by hand from chain to chain.
 */
export interface ListingOptions {
  readonly table: TableName;
  readonly chain?: string;
  /** `-n`, as which it is printed unless this is false. */
  readonly isNumeric?: boolean;
  /** `-v`: with counters and interfaces. */
  readonly isVerbose?: boolean;
  /** `-x`: counters in full. */
  readonly isExact?: boolean;
  /** `--line-numbers`. */
  readonly hasNumbers?: boolean;
}

interface Counters {
  readonly packets: number;
  readonly bytes: number;
}

interface Listed {
  readonly name: string;
  /** Of a kernel's chain: "ACCEPT"; "-" of all others. */
  readonly policy: string;
  readonly counters: Counters;
  readonly rules: { readonly words: readonly string[]; readonly counters: Counters }[];
}

/** Undefined: the table has no such chain. `save` may hold other tables as well. */
export function listTable(save: string, options: ListingOptions): string | undefined {
  const { table, chain } = options;
  const chains = readTable(save, table);
  const jumps = chains.flatMap(({ rules }) => rules.map(({ words }) => valueOf(words, "-j")));
  const listed = chain === undefined ? chains : chains.filter(({ name }) => name === chain);
  if (chain !== undefined && listed.length === 0) return undefined;
  const { isVerbose = false, isExact = false, hasNumbers = false } = options;
  const heading = `${hasNumbers ? "num  " : ""}${isVerbose ? (isExact ? "    pkts      bytes " : " pkts bytes ") : ""}target     prot opt ${isVerbose ? "in     out     " : ""}source               destination         `;
  return listed
    .map(({ name, policy, counters, rules }) => {
      const inFull = isVerbose ? ` ${amount(counters.packets, isExact)} packets, ${amount(counters.bytes, isExact)} bytes` : "";
      const about = policy === "-" ? `${jumps.filter((jump) => jump === name).length} references` : `policy ${policy}${inFull}`;
      const rows = rules.map(({ words, counters: own }, i) => `${hasNumbers ? String(i + 1).padEnd(5) : ""}${isVerbose ? verboseCounters(own, isExact) : ""}${listRule(words, options)}`);
      return [`Chain ${name} (${about})`, heading, ...rows, ""].join("\n");
    })
    .join("\n");
}

const none: Counters = { packets: 0, bytes: 0 };

function countersIn(text: string | undefined): Counters {
  const match = /\[(\d+):(\d+)\]/.exec(text ?? "");
  return match ? { packets: Number(match[1]), bytes: Number(match[2]) } : none;
}

function readTable(save: string, table: TableName): Listed[] {
  const start = save.indexOf(`*${table}\n`);
  const chains = new Map<string, Omit<Listed, "name">>();
  for (const line of start < 0 ? [] : save.slice(start, save.indexOf("COMMIT", start)).split("\n")) {
    if (line.startsWith(":")) {
      const [name = "", policy = "", counters] = line.slice(1).split(" ");
      chains.set(name, { policy, counters: countersIn(counters), rules: [] });
      continue;
    }
    const rule = /^(\[\d+:\d+\] )?(-A .*)$/.exec(line);
    if (!rule) continue;
    const { chain, words } = ruleWords(rule[2] as string);
    chains.get(chain)?.rules.push({ words, counters: countersIn(rule[1]) });
  }
  return [...chains].map(([name, chain]) => ({ name, ...chain }));
}

/** Counters of more than five digits are shown in thousands, and so on. */
function amount(value: number, isExact: boolean): string {
  let rest = value;
  for (const unit of ["", "K", "M", "G", "T"]) {
    if (isExact || rest <= 99_999 || unit === "T") return `${rest}${unit}`;
    rest = Math.floor((rest + 500) / 1000);
  }
  return String(value);
}

function verboseCounters({ packets, bytes }: Counters, isExact: boolean): string {
  const [first, second] = isExact ? [8, 10] : [5, 5];
  return `${amount(packets, isExact).padStart(first)} ${amount(bytes, isExact).padStart(second)} `;
}

/** With -n, this version prints the numbers of protocols. */
const protocols: { readonly [name: string]: string } = { tcp: "6", udp: "17", sctp: "132" };

function listRule(rule: readonly string[], { isNumeric = true, isVerbose = false }: ListingOptions): string {
  const addressText = (option: string): string => {
    const value = valueOf(rule, option);
    return value === "" ? (isNumeric ? "0.0.0.0/0" : "anywhere") : value.replace(/\/32$/, "");
  };
  const address = (option: string): string => `${isInverted(rule, option) ? "!" : " "}${addressText(option).padEnd(19)}`;
  const named = valueOf(rule, "-p");
  const protocol = isNumeric ? (protocols[named] ?? "0") : named || "all";
  const columns = `${valueOf(rule, "-j").padEnd(9)}  ${protocol.padEnd(5)}--${isVerbose ? "  *      *      " : " "}${address("-s")} ${address("-d")} `;
  const matched = matchesOf(rule);
  return [columns, ...(isNumeric ? matched : matched.map(namedPort)), ...(targets[valueOf(rule, "-j")]?.(rule) ?? [])].join(" ");
}

const namedPort = (text: string): string => text.replace(/\bdpt:(\d+)$/, (whole, port: string) => (portNames[port] === undefined ? whole : `dpt:${portNames[port]}`));

/** The parts of a rule that begin with "-m", each with its options up to the next part. */
function matchesOf(rule: readonly string[]): string[] {
  const texts: string[] = [];
  for (let start = rule.indexOf("-m"); start >= 0; ) {
    const end = rule.findIndex((word, i) => i > start && (word === "-m" || word === "-j"));
    const part = rule.slice(start + 1, end < 0 ? rule.length : end);
    texts.push(matches[part[0] ?? ""]?.(part) ?? part.join(" "));
    start = end >= 0 && rule[end] === "-m" ? end : -1;
  }
  return texts;
}

const not = (part: readonly string[], option: string) => (isInverted(part, option) ? "! " : "");
const port = (part: readonly string[]) => (part.includes("--dport") ? `${part[0]} dpt:${valueOf(part, "--dport")}` : (part[0] ?? ""));

/** How each match prints itself. */
const matches: { readonly [match: string]: (part: readonly string[]) => string } = {
  comment: (part) => `/* ${valueOf(part, "--comment")} */`,
  tcp: port,
  udp: port,
  sctp: port,
  conntrack: (part) => `${not(part, "--ctstate")}ctstate ${valueOf(part, "--ctstate")}`,
  mark: (part) => `mark match ${not(part, "--mark")}${valueOf(part, "--mark")}`,
  addrtype: (part) => `ADDRTYPE match ${part.includes("--dst-type") ? `dst-type ${valueOf(part, "--dst-type")}` : `src-type ${valueOf(part, "--src-type")}`}`,
  statistic: (part) => `statistic mode ${valueOf(part, "--mode")} probability ${valueOf(part, "--probability")}`,
  recent: (part) => {
    const action = part.includes("--set") ? "SET" : `CHECK seconds: ${valueOf(part, "--seconds")} reap`;
    return `recent: ${action} name: ${valueOf(part, "--name")} side: source mask: ${valueOf(part, "--mask")}`;
  },
  nfacct: (part) => `nfacct-name  ${valueOf(part, "--nfacct-name")}`,
};

/** What targets with options print behind the matches. */
const targets: { readonly [target: string]: (rule: readonly string[]) => string[] } = {
  MARK: (rule) => {
    const [value = "", mask = ""] = valueOf(rule, "--set-xmark").split("/");
    return [value === mask ? `MARK or ${value}` : `MARK xor ${value}`];
  },
  MASQUERADE: (rule) => (rule.includes("--random-fully") ? ["random-fully"] : []),
  REJECT: (rule) => [`reject-with ${valueOf(rule, "--reject-with")}`],
  DNAT: (rule) => [`to:${valueOf(rule, "--to-destination")}`],
};
