import type { CommandCall, CommandTable } from "../command.ts";
import { residentBytes } from "../memory-held.ts";
import type { Process, Signal } from "../process.ts";
import { signalByName } from "./signals.ts";

/** The processes that a container sees, as busybox shows and ends them. */
export const ownerOf = ({ world }: Process): string => (world.user === 0 ? "root" : String(world.user));
const nameOf = ({ argv }: Process): string => ((argv[0] ?? "").split("/").pop() ?? "").slice(0, 15);
const parentOf = (process: Process): number => (process.world.processes.has(process.parent) ? process.parent : process.pid === 1 ? 0 : process.parent);
const virtualKib = (process: Process): number => Math.round((residentBytes(process.argv[0] ?? "") + process.heldBytes) / 1024) * 4;

function elapsed(process: Process): string {
  const seconds = Math.floor((process.clock.now() - process.startedAt) / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  return seconds < 3600 ? `${Math.floor(seconds / 60)}:${two(seconds % 60)}` : `${Math.floor(seconds / 3600)}h${two(Math.floor(seconds / 60) % 60)}`;
}

/** Columns of `ps -o`: heading, width (negative: to the left), text. */
const columns: { readonly [name: string]: readonly [heading: string, width: number, text: (process: Process) => string] } = {
  pid: ["PID", 5, ({ pid }) => String(pid)], ppid: ["PPID", 5, (process) => String(parentOf(process))], user: ["USER", -8, ownerOf], group: ["GROUP", -8, ownerOf], comm: ["COMMAND", -16, nameOf],
  args: ["COMMAND", -256, ({ argv }) => argv.join(" ")], time: ["TIME", 5, () => "0:00"], etime: ["ELAPSED", 7, elapsed], tty: ["TT", -6, ({ tty }) => (tty ? "136,0" : "?")], vsz: ["VSZ", 4, (process) => `${Math.round(virtualKib(process) / 1024)}m`],
  rss: ["RSS", 4, (process) => String(Math.round(virtualKib(process) / 4))], stat: ["STAT", -4, () => "S"], nice: ["NI", 5, () => "0"], pgid: ["PGID", 5, ({ pid }) => String(pid)], sid: ["SID", 5, ({ pid }) => String(pid)],
};

function ps({ args, process, out, err }: CommandCall): number {
  const asked = args.flatMap((arg, i) => (arg === "-o" ? (args[i + 1] ?? "").split(",") : /^-o\S/.test(arg) ? arg.slice(2).split(",") : []));
  const chosen: (readonly [heading: string, width: number, text: (process: Process) => string])[] = [];
  for (const word of asked.length > 0 ? asked : ["pid", "user", "time", "args"]) {
    const [name = "", heading] = word.split("=") as [string, string?];
    const column = columns[name];
    if (!column) {
      err(`ps: bad -o argument '${name}', supported arguments: ${Object.keys(columns).sort().join(",")}\n`);
      return 1;
    }
    chosen.push([heading ?? column[0], column[1], column[2]]);
  }
  const row = (cells: readonly string[], isHeading: boolean): string =>
    `${cells.map((cell, i) => (i === cells.length - 1 && (isHeading || (chosen[i]?.[1] ?? 0) < 0) ? cell : (chosen[i]?.[1] ?? 0) < 0 || isHeading ? cell.padEnd(Math.abs(chosen[i]?.[1] ?? 0)) : cell.padStart(chosen[i]?.[1] ?? 0))).join(" ")}\n`;
  if (chosen.some(([heading]) => heading !== "")) out(row(chosen.map(([heading]) => heading), true));
  for (const each of process.world.processes.values()) out(row(chosen.map(([, , text]) => text(each)), false));
  return 0;
}

/** One screen of busybox's top. */
function screen({ process }: CommandCall): string {
  const { machine, processes } = process.world;
  const kib = (share: number): number => Math.floor((machine.memoryBytes * share) / 1024);
  const all = [...processes.values()];
  const rows = all.map((each) => {
    const size = virtualKib(each);
    return `${String(each.pid).padStart(5)} ${String(parentOf(each)).padStart(5)} ${ownerOf(each).padEnd(8)} ${each === process ? "R   " : "S   "} ${String(size).padStart(5)} ${`${Math.round((size * 102_400) / machine.memoryBytes)}%`.padStart(4)} ${String(each.pid % Math.max(1, Math.floor(machine.cpus))).padStart(3)} ${"0%".padStart(4)} ${each.argv.join(" ")}`;
  });
  return [
    `Mem: ${kib(0.32)}K used, ${kib(0.68)}K free, 4096K shrd, ${kib(0.04)}K buff, ${kib(0.16)}K cached`,
    "CPU:   2% usr   1% sys   0% nic  97% idle   0% io   0% irq   0% sirq",
    `Load average: 0.10 0.08 0.05 1/${all.length} ${process.pid}`,
    "  PID  PPID USER     STAT   VSZ %VSZ CPU %CPU COMMAND",
    ...rows,
  ].map((line) => `${line}\n`).join("");
}

async function top(call: CommandCall): Promise<number> {
  const { args, out, process } = call;
  const words = args.join(" ");
  const times = Number(/-\w*n\s*(\d+)/.exec(words)?.[1] ?? Infinity);
  const delayMs = Number(/-d\s*([\d.]+)/.exec(words)?.[1] ?? 5) * 1000;
  const isBatch = /(^|\s)-\w*b/.test(words);
  if (process.tty && !isBatch) process.input?.keys?.(process, (key) => (key === "q" ? process.exit(0) : undefined));
  for (let i = 1; ; i++) {
    out(`${process.tty && !isBatch ? "\x1b[H\x1b[J" : ""}${screen(call)}`);
    if (i >= times) return 0;
    await process.sleep(delayMs);
  }
}

interface Wanted {
  readonly found: readonly Process[];
  readonly flags: string;
  readonly signal: Signal | undefined;
}

/** Whom the patterns of pgrep and pkill mean. */
function matching({ args, process }: CommandCall): Wanted | undefined {
  let [flags, signal, pattern]: [string, Signal | undefined, string | undefined] = ["", "TERM", undefined];
  for (const arg of args) {
    const named = arg.startsWith("-") ? signalByName(arg) : undefined;
    if (named) signal = named;
    else if (arg.startsWith("-")) flags += arg.slice(1);
    else pattern = arg;
  }
  if (pattern === undefined) return undefined;
  const wanted = new RegExp(flags.includes("x") ? `^(?:${pattern})$` : pattern);
  const found = [...process.world.processes.values()].filter((each) => each !== process && wanted.test(flags.includes("f") ? each.argv.join(" ") : nameOf(each)) !== flags.includes("v"));
  return { found: flags.includes("o") ? found.slice(0, 1) : flags.includes("n") ? found.slice(-1) : found, flags, signal };
}

/** The kernel keeps PID 1 from signals of its own container that it has no handler for, KILL included. */
function send(target: Process, signal: Signal): void {
  if (!(target.pid === 1 && signal === "KILL")) target.signal(signal);
}

const usage = (name: string, text: string): string => `BusyBox v1.36.1 multi-call binary.\n\nUsage: ${name} ${text}\n`;

export const processCommands: CommandTable = {
  async ps(call) {
    return ps(call);
  },
  top,
  async pgrep(call) {
    const wanted = matching(call);
    if (!wanted) {
      call.err(usage("pgrep", "[-flanovx] [-s SID|-P PPID|PATTERN]"));
      return 1;
    }
    for (const { pid, argv } of wanted.found) call.out(`${pid}${wanted.flags.includes("a") ? ` ${argv.join(" ")}` : wanted.flags.includes("l") ? ` ${nameOf({ argv } as Process)}` : ""}\n`);
    return wanted.found.length > 0 ? 0 : 1;
  },
  async pkill(call) {
    const wanted = matching(call);
    if (!wanted) {
      call.err(usage("pkill", "[-l|-SIGNAL] [-xfvno] [-s SID|-P PPID|PATTERN]"));
      return 1;
    }
    for (const target of wanted.found) if (wanted.signal) send(target, wanted.signal);
    return wanted.found.length > 0 ? 0 : 1;
  },
  async killall({ args, process, err }) {
    const signal = args.map((arg) => (arg.startsWith("-") ? signalByName(arg) : undefined)).find((each) => each !== undefined) ?? "TERM";
    let status = 0;
    for (const name of args.filter((arg) => !arg.startsWith("-"))) {
      const found = [...process.world.processes.values()].filter((each) => each !== process && nameOf(each) === name);
      for (const target of found) send(target, signal);
      if (found.length > 0) continue;
      if (!args.includes("-q")) err(`killall: ${name}: no process killed\n`);
      status = 1;
    }
    return status;
  },
  async pidof({ args, process, out }) {
    const found = [...process.world.processes.values()].filter((each) => each !== process && args.includes(nameOf(each)));
    if (found.length > 0) out(`${found.map(({ pid }) => pid).reverse().join(" ")}\n`);
    return found.length > 0 ? 0 : 1;
  },
};
