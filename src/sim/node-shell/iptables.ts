import type { TableName } from "../../proxy/fixed-chains.ts";
import { listTable } from "../../proxy/listing.ts";
import type { CommandCall, CommandTable } from "../command.ts";
import { formatDate } from "../commands/clock.ts";
import type { NodeProxy } from "../services/node-proxy.ts";

/** iptables of the nodes, 1.8.9: lists and saves the rules of the simulated kernel, and can flush them. Only kube-proxy writes any. */
const version = "v1.8.9 (nf_tables)";
const tables: readonly TableName[] = ["mangle", "filter", "nat"];

interface Asked {
  readonly table: string;
  readonly action: "list" | "print" | "flush" | "delete" | "version" | "other" | "none";
  readonly chain: string | undefined;
  readonly isNumeric: boolean;
  readonly isVerbose: boolean;
  readonly hasNumbers: boolean;
}

const longFlags: { readonly [flag: string]: string } = {
  "--table": "t", "--list": "L", "--list-rules": "S", "--flush": "F", "--delete-chain": "X", "--numeric": "n", "--verbose": "v", "--version": "V", "--wait": "w", "--exact": "x",
  "--append": "A", "--insert": "I", "--delete": "D", "--new-chain": "N", "--policy": "P", "--line-numbers": "#", "--replace": "R", "--check": "C", "--zero": "Z",
};

const actions: { readonly [letter: string]: Asked["action"] } = { L: "list", S: "print", F: "flush", X: "delete", V: "version", A: "other", I: "other", D: "other", N: "other", P: "other", R: "other", C: "other", Z: "other" };

function parse(args: readonly string[]): Asked {
  let table = "filter";
  let action: Asked["action"] = "none";
  let chain: string | undefined;
  const seen = new Set<string>();
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (!arg.startsWith("-")) {
      if (action !== "none" && chain === undefined) chain = arg;
      continue;
    }
    const long = longFlags[arg];
    for (const letter of long ?? arg.slice(1)) {
      seen.add(letter);
      if (letter === "t") table = args[++i] ?? "";
      else action = actions[letter] ?? action;
    }
  }
  return { table, action, chain, isNumeric: seen.has("n"), isVerbose: seen.has("v"), hasNumbers: seen.has("#") };
}

/** Names instead of numbers, as without `-n`. */
function named(listing: string): string {
  const names: { readonly [number: string]: string } = { "0 ": "all ", "6 ": "tcp ", "17 ": "udp ", "132 ": "sctp " };
  return listing.replace(/^(\S+ +)(0|6|17|132) ( *-- )/gm, (_line, target: string, number: string, rest: string) => `${target}${(names[`${number} `] as string).padEnd(number.length + 1 + rest.indexOf("-"))}${rest.slice(rest.indexOf("-"))}`).replaceAll(/0\.0\.0\.0\/0 {12}/g, "anywhere             ");
}

/** With counters and interfaces; nothing is counted, so all stand at zero. */
function verbose(listing: string): string {
  return listing
    .replace(/^(Chain \S+ \(policy \w+)\)$/gm, "$1 0 packets, 0 bytes)")
    .replace(/^target {5}prot opt source {15}destination {9}$/gm, " pkts bytes target     prot opt in     out     source               destination         ")
    .replace(/^(?!Chain | pkts bytes |$)(\S* +\S+ +-- )/gm, "    0     0 $1 *      *      ");
}

function numbered(listing: string): string {
  let number = 0;
  return listing
    .split("\n")
    .map((line) => {
      if (line.startsWith("Chain ") || line === "") {
        number = 0;
        return line;
      }
      return /^(target| pkts)/.test(line) ? `num  ${line}` : `${String(++number).padEnd(5)}${line}`;
    })
    .join("\n");
}

function printed(save: string, chain: string | undefined): string | undefined {
  const lines = save.split("\n");
  const builtin = lines.filter((line) => /^:\S+ ACCEPT/.test(line)).map((line) => `-P ${line.slice(1).split(" ").slice(0, 2).join(" ")}`);
  const own = lines.filter((line) => /^:\S+ - /.test(line)).map((line) => `-N ${line.slice(1).split(" ")[0]}`);
  const rules = lines.filter((line) => line.startsWith("-A "));
  if (chain === undefined) return [...builtin, ...own, ...rules].map((line) => `${line}\n`).join("");
  const head = [...builtin, ...own].filter((line) => line.split(" ")[1] === chain);
  return head.length === 0 ? undefined : [...head, ...rules.filter((line) => line.split(" ")[1] === chain)].map((line) => `${line}\n`).join("");
}

function iptables({ args, out, err, process }: CommandCall): number {
  const { proxy } = process.world.machine;
  const asked = parse(args);
  if (asked.action === "version") {
    out(`iptables ${version}\n`);
    return 0;
  }
  const table = tables.find((name) => name === asked.table);
  if (!table) {
    err(`iptables ${version}: can't initialize iptables table \`${asked.table}': Table does not exist (do you need to insmod?)\nPerhaps iptables or your kernel needs to be upgraded.\n`);
    return 3;
  }
  if (asked.action === "none") {
    err(`iptables ${version}: no command specified\nTry \`iptables -h' or 'iptables --help' for more information.\n`);
    return 2;
  }
  if (asked.action === "other") {
    err("iptables: the rules of this simulated node are written by kube-proxy alone; they can be listed and flushed\n");
    return 1;
  }
  if (asked.action === "flush" || asked.action === "delete") {
    if (asked.action === "flush" && table === "nat" && asked.chain === undefined) proxy.flush();
    return 0;
  }
  const save = proxy.save([table]);
  let listing = asked.action === "print" ? printed(save, asked.chain) : listTable(save, { table, ...(asked.chain === undefined ? {} : { chain: asked.chain }) });
  if (listing === undefined) {
    err("iptables: No chain/target/match by that name.\n");
    return 1;
  }
  if (asked.action === "list") {
    if (!asked.isNumeric) listing = named(listing);
    if (asked.isVerbose) listing = verbose(listing);
    if (asked.hasNumbers) listing = numbered(listing);
  }
  out(listing);
  return 0;
}

/** All or one table, with the comments that the real tool puts around each. */
function saved(proxy: NodeProxy, wanted: readonly TableName[], now: number): string {
  const stamp = formatDate(now, "%a %b %e %H:%M:%S %Y");
  return proxy.save(wanted).replace(/^\*/gm, `# Generated by iptables-save ${version} on ${stamp}\n*`).replace(/^COMMIT$/gm, `COMMIT\n# Completed on ${stamp}`);
}

const rulesOnly = (text: string): string => text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) => line.replace(/\[\d+:\d+\]/, "[0:0]")).join("\n");

/** On machines, and in the Pods of kube-proxy, which share the kernel of theirs. */
export const iptablesCommands: CommandTable = {
  async iptables(call) {
    return iptables(call);
  },
  async "iptables-save"({ args, out, err, process }) {
    const at = args.findIndex((arg) => arg === "-t" || arg === "--table");
    const wanted = at < 0 ? tables : tables.filter((name) => name === args[at + 1]);
    if (wanted.length === 0) {
      err(`iptables-save ${version}: Cannot initialize: table \`${args[at + 1] ?? ""}' does not exist\n`);
      return 1;
    }
    out(saved(process.world.machine.proxy, wanted, process.clock.now()));
    return 0;
  },
  async "iptables-restore"({ err, input, process }) {
    const { proxy } = process.world.machine;
    const given = rulesOnly(new TextDecoder().decode(await input()));
    // What stands already is accepted; anything else would not be kept up by anybody.
    if (given === "" || tables.some((name) => given === rulesOnly(proxy.save([name]))) || given === rulesOnly(proxy.save())) return 0;
    err("iptables-restore: the rules of this simulated node are written by kube-proxy alone; only what stands already is accepted\n");
    return 1;
  },
  async nft({ args, err }) {
    err(args[0] === "list" ? `Error: No such file or directory\n${args.slice(0, 5).join(" ")}\n` : "Error: syntax error, unexpected string\n");
    return 1;
  },
};
