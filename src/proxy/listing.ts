import type { TableName } from "./fixed-chains.ts";

/**
 * Prints rules as `iptables -t TABLE -L [CHAIN] -n` does (1.8.9, the one of the nodes), from the text that `iptables-save` prints: for
 * people who follow a Service by hand from chain to chain.
 */

interface Listed {
  readonly name: string;
  /** Of a kernel's chain: "ACCEPT"; "-" of all others. */
  readonly policy: string;
  /** Words of each rule behind "-A CHAIN"; a quoted comment is one word. */
  readonly rules: readonly (readonly string[])[];
}

/** Undefined: the table has no such chain. `save` may hold other tables as well. */
export function listTable(save: string, { table, chain }: { table: TableName; chain?: string }): string | undefined {
  const chains = readTable(save, table);
  const jumps = chains.flatMap(({ rules }) => rules.map((rule) => valueOf(rule, "-j")));
  const listed = chain === undefined ? chains : chains.filter(({ name }) => name === chain);
  if (chain !== undefined && listed.length === 0) return undefined;
  return listed
    .map(({ name, policy, rules }) => {
      const about = policy === "-" ? `${jumps.filter((jump) => jump === name).length} references` : `policy ${policy}`;
      return [`Chain ${name} (${about})`, "target     prot opt source               destination         ", ...rules.map(listRule), ""].join("\n");
    })
    .join("\n");
}

function readTable(save: string, table: TableName): Listed[] {
  const start = save.indexOf(`*${table}\n`);
  const chains = new Map<string, { policy: string; rules: string[][] }>();
  for (const line of start < 0 ? [] : save.slice(start, save.indexOf("COMMIT", start)).split("\n")) {
    const [name = "", policy = ""] = line.slice(1).split(" ");
    if (line.startsWith(":")) chains.set(name, { policy, rules: [] });
    if (!line.startsWith("-A ")) continue;
    const [, chain = "", ...rule] = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? "");
    chains.get(chain)?.rules.push(rule);
  }
  return [...chains].map(([name, chain]) => ({ name, ...chain }));
}

const valueOf = (rule: readonly string[], option: string) => (rule.includes(option) ? (rule[rule.indexOf(option) + 1] ?? "") : "");
const isInverted = (rule: readonly string[], option: string) => rule[rule.indexOf(option) - 1] === "!";

/** With -n, this version prints the numbers of protocols. */
const protocols: { readonly [name: string]: string } = { tcp: "6", udp: "17", sctp: "132" };

function listRule(rule: readonly string[]): string {
  const address = (option: string) => `${isInverted(rule, option) ? "!" : " "}${(valueOf(rule, option) || "0.0.0.0/0").replace(/\/32$/, "").padEnd(19)}`;
  const protocol = protocols[valueOf(rule, "-p")] ?? "0";
  const columns = `${valueOf(rule, "-j").padEnd(9)}  ${protocol.padEnd(5)}-- ${address("-s")} ${address("-d")} `;
  return [columns, ...matchesOf(rule), ...(targets[valueOf(rule, "-j")]?.(rule) ?? [])].join(" ");
}

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
