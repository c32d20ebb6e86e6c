import type { TableName } from "../../proxy/fixed-chains.ts";
import { listTable } from "../../proxy/listing.ts";
import type { CommandCall, CommandTable } from "../command.ts";
import { absolute, formatDate } from "../commands/clock.ts";
import type { NodeProxy } from "../services/node-proxy.ts";

/** iptables of the nodes, 1.8.9: lists and saves the rules of the simulated kernel, can flush them and restore what was flushed. Only kube-proxy writes any. */
const version = "v1.8.9 (nf_tables)";
const tables: readonly TableName[] = ["mangle", "filter", "nat"];

interface Asked {
  readonly table: string;
  readonly action: "list" | "print" | "flush" | "delete" | "version" | "zero" | "other" | "none";
  readonly chain: string | undefined;
  readonly isNumeric: boolean;
  readonly isVerbose: boolean;
  readonly isExact: boolean;
  readonly hasNumbers: boolean;
}

const longFlags: { readonly [flag: string]: string } = {
  "--table": "t", "--list": "L", "--list-rules": "S", "--flush": "F", "--delete-chain": "X", "--numeric": "n", "--verbose": "v", "--version": "V", "--wait": "w", "--exact": "x",
  "--append": "A", "--insert": "I", "--delete": "D", "--new-chain": "N", "--policy": "P", "--line-numbers": "#", "--replace": "R", "--check": "C", "--zero": "Z",
};

const actions: { readonly [letter: string]: Asked["action"] } = { L: "list", S: "print", F: "flush", X: "delete", V: "version", A: "other", I: "other", D: "other", N: "other", P: "other", R: "other", C: "other", Z: "zero" };

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
  return { table, action, chain, isNumeric: seen.has("n"), isVerbose: seen.has("v"), isExact: seen.has("x"), hasNumbers: seen.has("#") };
}

/** `-S`: as `iptables-save`, without heads; with counters as options where asked. */
function printed(save: string, chain: string | undefined): string | undefined {
  const lines = save.split("\n");
  const counters = (text: string | undefined): string => {
    const match = /\[(\d+):(\d+)\]/.exec(text ?? "");
    return match && save.includes("] -A ") ? ` -c ${match[1]} ${match[2]}` : "";
  };
  const heads = lines.filter((line) => line.startsWith(":")).map((line) => line.slice(1).split(" ") as [string, string, string?]);
  const builtin = heads.filter(([, policy]) => policy !== "-").map(([name, policy, count]) => ({ name, text: `-P ${name} ${policy}${counters(count)}` }));
  const own = heads.filter(([, policy]) => policy === "-").map(([name]) => ({ name, text: `-N ${name}` }));
  const rules = lines.flatMap((line) => {
    const [, count, name, rest] = /^(\[\S+\] )?-A (\S+)(.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, text: `-A ${name}${(rest ?? "").replace(/ -j (?=\S+( --.*)?$)/, `${counters(count)} -j `)}` }];
  });
  const shown = [...builtin, ...own, ...rules].filter(({ name }) => chain === undefined || name === chain);
  return chain !== undefined && shown.length === 0 ? undefined : shown.map(({ text }) => `${text}\n`).join("");
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
  if (asked.action === "zero") {
    proxy.connections.uncount();
    return 0;
  }
  if (asked.action === "other") {
    err("iptables: the rules of this simulated node are written by kube-proxy alone; they can be listed and flushed\n");
    return 1;
  }
  if (asked.action === "flush" || asked.action === "delete") {
    if (asked.action === "flush" && table === "nat" && asked.chain === undefined) proxy.flush();
    return 0;
  }
  const { chain, isNumeric, isVerbose, isExact, hasNumbers } = asked;
  const save = isVerbose ? proxy.countedSave([table]) : proxy.save([table]);
  const listing = asked.action === "print" ? printed(save, chain) : listTable(save, { table, ...(chain === undefined ? {} : { chain }), isNumeric, isVerbose, isExact, hasNumbers });
  if (listing === undefined) {
    err("iptables: No chain/target/match by that name.\n");
    return 1;
  }
  out(listing);
  return 0;
}

/** All or one table, with the comments that the real tool puts around each. */
function saved(proxy: NodeProxy, { wanted, isCounted, now }: { wanted: readonly TableName[]; isCounted: boolean; now: number }): string {
  const stamp = formatDate(now, "%a %b %e %H:%M:%S %Y");
  const text = isCounted ? proxy.countedSave(wanted) : proxy.countedSave(wanted).replace(/^\[\d+:\d+\] /gm, "");
  return text.replace(/^\*/gm, `# Generated by iptables-save ${version} on ${stamp}\n*`).replace(/^COMMIT$/gm, `COMMIT\n# Completed on ${stamp}`);
}

const rulesOnly = (text: string): string => text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) => line.replace(/^\[\d+:\d+\] /, "").replace(/\[\d+:\d+\]/, "[0:0]")).join("\n");

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
    out(saved(process.world.machine.proxy, { wanted, isCounted: args.includes("-c") || args.includes("--counters"), now: process.clock.now() }));
    return 0;
  },
  async "iptables-restore"({ args, cwd, err, files, input, process }) {
    const { proxy } = process.world.machine;
    const name = args.find((arg) => !arg.startsWith("-"));
    const path = name === undefined ? undefined : absolute(name, cwd);
    if (path !== undefined && !files.exists(path)) {
      err(`Can't open ${name}: No such file or directory\n`);
      return 1;
    }
    const given = rulesOnly(new TextDecoder().decode(path === undefined ? await input() : files.readFile(path)));
    const isOneOf = (save: (wanted?: readonly TableName[]) => string | undefined): boolean => [...tables.map((name) => [name]), undefined].some((wanted) => given === rulesOnly(save(wanted) ?? ""));
    // What stands already is accepted, and what stood before a flush; anything else would not be kept up by anybody.
    if (given === "" || isOneOf((wanted) => proxy.save(wanted))) return 0;
    if (isOneOf((wanted) => proxy.flushedSave(wanted))) {
      proxy.restore();
      return 0;
    }
    err("iptables-restore: the rules of this simulated node are written by kube-proxy alone; only what stands already is accepted, or what stood before a flush\n");
    return 1;
  },
  async nft({ args, err }) {
    err(args[0] === "list" ? `Error: No such file or directory\n${args.slice(0, 5).join(" ")}\n` : "Error: syntax error, unexpected string\n");
    return 1;
  },
};
