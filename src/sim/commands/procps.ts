import type { CommandCall, CommandTable } from "../command.ts";
import { residentBytes } from "../memory-held.ts";
import type { MachineFacts, Process, Signal } from "../process.ts";
import { formatDate } from "./clock.ts";
import { signalByName } from "./signals.ts";

/** ps, top, pgrep and their like as procps has them, on machines and in Debian's images; what there is to show comes from outside. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly since: number;
  readonly command: string;
  readonly user: string;
  readonly residentKib: number;
  /** It belongs to who asks: shown without any option. */
  readonly isShown: boolean;
  /** Sends it a signal; absent: nothing comes of one. */
  readonly signal?: (signal: Signal) => void;
}

/** A process of a simulated container or shell. */
export function rowOfProcess(process: Process, { pid = process.pid, parent = process.parent, isShown = true }: { pid?: number; parent?: number; isShown?: boolean } = {}): ProcessRow {
  const { user } = process.world;
  return { pid, parent, since: process.startedAt, command: process.argv.join(" "), user: user === 0 ? "root" : String(user), residentKib: Math.round((residentBytes(process.argv[0] ?? "") + process.heldBytes) / 1024), isShown, signal: (signal) => process.signal(signal) };
}

const nameOf = ({ command }: ProcessRow): string => ((command.split(" ")[0] as string).split("/").pop() ?? "").slice(0, 15);

interface Columns {
  readonly row: ProcessRow;
  readonly now: number;
  readonly tty: string;
  readonly memoryBytes: number;
}

const clock = (instant: number): string => formatDate(instant, "%H:%M");
const memoryShare = ({ row, memoryBytes }: Columns): string => ((row.residentKib * 1024 * 100) / memoryBytes).toFixed(1);
const virtualKib = ({ row }: Columns): number => row.residentKib * 3;

function elapsed({ row, now }: Columns): string {
  const seconds = Math.floor((now - row.since) / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const [days, hours] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24];
  return `${days > 0 ? `${days}-` : ""}${days > 0 || hours > 0 ? `${two(hours)}:` : ""}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** Columns of `ps -o`: heading, width (negative: to the left), and what stands there. The last column is as wide as it needs. */
const columns: { readonly [name: string]: readonly [heading: string, width: number, text: (of: Columns) => string] } = {
  pid: ["PID", 7, ({ row }) => String(row.pid)], ppid: ["PPID", 7, ({ row }) => String(row.parent)], user: ["USER", -8, ({ row }) => row.user], uid: ["UID", 5, ({ row }) => (row.user === "root" ? "0" : row.user)],
  comm: ["COMMAND", -15, ({ row }) => nameOf(row)], args: ["COMMAND", -27, ({ row }) => row.command], cmd: ["CMD", -27, ({ row }) => row.command], command: ["COMMAND", -27, ({ row }) => row.command],
  "%cpu": ["%CPU", 4, () => "0.0"], pcpu: ["%CPU", 4, () => "0.0"], "%mem": ["%MEM", 4, memoryShare], pmem: ["%MEM", 4, memoryShare], rss: ["RSS", 5, ({ row }) => String(row.residentKib)], vsz: ["VSZ", 6, (of) => String(virtualKib(of))],
  tty: ["TT", -8, ({ tty }) => tty], stat: ["STAT", -4, () => "Ss"], s: ["S", -1, () => "S"], time: ["TIME", 8, () => "00:00:00"], etime: ["ELAPSED", 11, elapsed], start: ["STARTED", 8, ({ row }) => formatDate(row.since, "%H:%M:%S")], lstart: ["STARTED", 24, ({ row }) => formatDate(row.since, "%a %b %e %H:%M:%S %Y")],
};

function custom(rows: readonly Columns[], format: readonly string[], hasHeadings: boolean): string | undefined {
  const chosen = format.map((word) => {
    const [name = "", heading] = word.split("=") as [string, string?];
    const column = columns[name];
    return column && ([heading ?? column[0], column[1], column[2]] as const);
  });
  const known = chosen.filter((column) => column !== undefined);
  if (known.length < chosen.length) return undefined;
  const line = (cells: readonly string[]): string => cells.map((cell, i) => ((known[i]?.[1] ?? 0) < 0 ? (i === known.length - 1 ? cell : cell.padEnd(-(known[i]?.[1] ?? 0))) : cell.padStart(known[i]?.[1] ?? 0))).join(" ");
  const headings = hasHeadings && !known.every(([heading]) => heading === "") ? [line(known.map(([heading]) => heading))] : [];
  return [...headings, ...rows.map((row) => line(known.map(([, , text]) => text(row))))].map((text) => `${text}\n`).join("");
}

interface PsAsked {
  readonly flags: string;
  readonly format: readonly string[];
  readonly sort: string | undefined;
  readonly pids: readonly number[] | undefined;
  readonly command: string | undefined;
  readonly hasHeadings: boolean;
}

function psAsked(args: readonly string[]): PsAsked {
  const format: string[] = [];
  let [flags, sort, pids, command, hasHeadings]: [string, string | undefined, number[] | undefined, string | undefined, boolean] = ["", undefined, undefined, undefined, true];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg.startsWith("--sort")) sort = arg.includes("=") ? arg.slice(7) : args[++i];
    else if (arg === "--no-headers") hasHeadings = false;
    else if (/^-?\w*o$/.test(arg)) {
      flags += arg.replace(/^-/, "").slice(0, -1);
      format.push(...(args[++i] ?? "").split(","));
    } else if (arg === "-p" || arg === "--pid" || arg === "-q") pids = (args[++i] ?? "").split(",").map(Number);
    else if (/^\d+$/.test(arg)) (pids ??= []).push(Number(arg));
    else if (arg === "-C") command = args[++i];
    else flags += arg.startsWith("-") ? arg.replace(/^-+/, "-") : arg;
  }
  return { flags, format, sort, pids, command, hasHeadings };
}

function ps(all: readonly ProcessRow[], { args, out, err, process }: CommandCall): number {
  const asked = psAsked(args);
  const flags = asked.flags.replaceAll("-", "");
  const isFull = /-\w*f/.test(asked.flags) || (flags.includes("f") && !flags.includes("a"));
  const isAll = /[eAa]/.test(flags);
  const tty = process.tty ? "pts/0" : "?";
  let rows = all.map((row) => ({ row, now: process.clock.now(), tty: row.isShown ? tty : "?", memoryBytes: process.world.machine.memoryBytes }));
  if (asked.pids) rows = rows.filter(({ row }) => asked.pids?.includes(row.pid));
  else if (asked.command !== undefined) rows = rows.filter(({ row }) => nameOf(row) === asked.command);
  else if (!isAll) rows = rows.filter(({ row }) => row.isShown);
  if (asked.sort !== undefined) {
    const key = asked.sort.replace(/^[-+]/, "");
    const value = ({ row }: Columns): number => (/mem|rss|vsz/.test(key) ? row.residentKib : /start|etime/.test(key) ? row.since : /cpu|time/.test(key) ? 0 : row.pid);
    rows.sort((a, b) => (asked.sort?.startsWith("-") ? value(b) - value(a) : value(a) - value(b)));
  }
  if (asked.format.length > 0) {
    const text = custom(rows, asked.format, asked.hasHeadings);
    if (text === undefined) err("error: unknown user-defined format specifier\n\nUsage:\n ps [options]\n\n Try 'ps --help <simple|list|output|threads|misc|all>'\n  or 'ps --help <s|l|o|t|m|a>'\n for additional help text.\n\nFor more details see ps(1).\n");
    else out(text);
    return text === undefined ? 1 : rows.length > 0 ? 0 : 1;
  }
  const head = (text: string): void => (asked.hasHeadings ? out(text) : undefined);
  if (isFull) {
    head("UID          PID    PPID  C STIME TTY          TIME CMD\n");
    for (const { row, tty: at } of rows) out(`${row.user.padEnd(8)}${String(row.pid).padStart(8)}${String(row.parent).padStart(8)}  0 ${clock(row.since)} ${at.padEnd(8)} 00:00:00 ${row.command}\n`);
  } else if (flags.includes("u")) {
    head("USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n");
    for (const of of rows) out(`${of.row.user.padEnd(8)}${String(of.row.pid).padStart(8)}  0.0 ${memoryShare(of).padStart(4)} ${String(virtualKib(of)).padStart(6)} ${String(of.row.residentKib).padStart(5)} ${of.tty.padEnd(8)} Ss   ${clock(of.row.since)}   0:00 ${of.row.command}\n`);
  } else {
    head("    PID TTY          TIME CMD\n");
    for (const { row, tty: at } of rows) out(`${String(row.pid).padStart(7)} ${at.padEnd(8)} 00:00:00 ${nameOf(row)}\n`);
  }
  return rows.length > 0 ? 0 : 1;
}

/** `top -b`: the head that tells of the whole machine, and its processes. */
function topOf({ memoryBytes, bootedAt }: MachineFacts, rows: readonly ProcessRow[], now: number, users: number): string {
  const mib = (bytes: number): string => (bytes / 1024 ** 2).toFixed(1).padStart(8);
  const used = memoryBytes * 0.12;
  const cache = memoryBytes * 0.2;
  const lines = [
    `top - ${formatDate(now, "%H:%M:%S")} up ${upFor(now - bootedAt)},  ${users} user,  load average: 0.10, 0.08, 0.05`,
    `Tasks: ${String(rows.length).padStart(3)} total,   1 running, ${String(rows.length - 1).padStart(3)} sleeping,   0 stopped,   0 zombie`,
    "%Cpu(s):  2.0 us,  1.0 sy,  0.0 ni, 97.0 id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st ",
    `MiB Mem : ${mib(memoryBytes)} total, ${mib(memoryBytes - used - cache)} free, ${mib(used)} used, ${mib(cache)} buff/cache     `,
    `MiB Swap: ${mib(0)} total, ${mib(0)} free, ${mib(0)} used. ${mib(memoryBytes - used)} avail Mem `,
    "",
    "    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND",
    ...rows.map((row) => `${String(row.pid).padStart(7)} ${row.user.padEnd(8)}  20   0 ${String(row.residentKib * 3).padStart(7)} ${String(row.residentKib).padStart(6)} ${String(Math.floor(row.residentKib / 2)).padStart(6)} S   0.0 ${((row.residentKib * 1024 * 100) / memoryBytes).toFixed(1).padStart(5)}   0:00.00 ${nameOf(row)}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** "2 days, 3:04", "5 min". */
function upFor(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const days = Math.floor(minutes / 1440);
  const rest = minutes % 1440;
  const clockPart = rest >= 60 ? `${String(Math.floor(rest / 60)).padStart(2)}:${String(rest % 60).padStart(2, "0")}` : `${rest} min`;
  return `${days > 0 ? `${days} day${days === 1 ? "" : "s"}, ` : ""}${clockPart}`;
}

interface Matched {
  readonly rows: readonly ProcessRow[];
  readonly flags: string;
  readonly signal: Signal | undefined;
}

/** What the patterns of pgrep and pkill mean: part of the name, of the whole line with -f, all of it with -x. */
function matching(all: readonly ProcessRow[], { args, process }: CommandCall): Matched | undefined {
  let [flags, signal, pattern]: [string, Signal | undefined, string | undefined] = ["", "TERM", undefined];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const named = arg.startsWith("-") ? signalByName(arg) : undefined;
    if (named) signal = named;
    else if (arg === "--signal" || arg === "-s") signal = signalByName(args[++i] ?? "");
    else if (arg === "-u" || arg === "-P") i++;
    else if (arg.startsWith("-")) flags += arg.replace(/^-+/, "");
    else pattern = arg;
  }
  if (pattern === undefined) return undefined;
  const wanted = new RegExp(flags.includes("x") ? `^(?:${pattern})$` : pattern);
  const rows = all.filter((row) => row.pid !== process.pid && wanted.test(flags.includes("f") ? row.command : nameOf(row)));
  return { rows, flags, signal };
}

/** The processes that a command sees. */
type RowsFor = (call: CommandCall) => readonly ProcessRow[];

/** Those that choose processes, and send them a signal. */
function signalCommands(rowsFor: RowsFor): CommandTable {
  return {
    async pgrep(call) {
      const found = matching(rowsFor(call), call);
      if (!found) {
        call.err("pgrep: no matching criteria specified\nTry `pgrep --help' for more information.\n");
        return 2;
      }
      const { rows, flags } = found;
      for (const row of rows) call.out(`${row.pid}${flags.includes("a") ? ` ${row.command}` : flags.includes("l") ? ` ${nameOf(row)}` : ""}\n`);
      return rows.length > 0 ? 0 : 1;
    },
    async pkill(call) {
      const found = matching(rowsFor(call), call);
      if (!found) {
        call.err("pkill: no matching criteria specified\nTry `pkill --help' for more information.\n");
        return 2;
      }
      for (const row of found.rows) if (found.signal) row.signal?.(found.signal);
      return found.rows.length > 0 ? 0 : 1;
    },
    async killall(call) {
      const names = call.args.filter((arg) => !arg.startsWith("-"));
      const signal = call.args.map((arg) => (arg.startsWith("-") ? signalByName(arg) : undefined)).find((each) => each !== undefined) ?? "TERM";
      let code = 0;
      for (const name of names) {
        const rows = rowsFor(call).filter((row) => nameOf(row) === name && row.pid !== call.process.pid);
        for (const row of rows) row.signal?.(signal);
        if (rows.length > 0) continue;
        call.err(`${name}: no process found\n`);
        code = 1;
      }
      return code;
    },
    async kill(call) {
      let [signal, code]: [Signal | undefined, number] = ["TERM", 0];
      for (let i = 0; i < call.args.length; i++) {
        const arg = call.args[i] as string;
        if (arg === "-s") signal = signalByName(call.args[++i] ?? "");
        else if (arg === "-0") signal = undefined;
        else if (arg.startsWith("-")) signal = signalByName(arg);
        else {
          const row = rowsFor(call).find(({ pid }) => pid === Number(arg));
          if (signal) row?.signal?.(signal);
          if (row) continue;
          call.err(`bash: kill: (${arg}) - No such process\n`);
          code = 1;
        }
      }
      return code;
    },
  };
}

/** The table of procps over the processes that `rowsFor` finds: those of a container, or of a whole machine. */
export function procpsCommands(rowsFor: RowsFor): CommandTable {
  return {
    ...signalCommands(rowsFor),
    async ps(call) {
      return ps(rowsFor(call), call);
    },
    async top(call) {
      const { args, out, process } = call;
      const times = Number(/-\w*n\s*(\d+)/.exec(args.join(" "))?.[1] ?? Infinity);
      const delayMs = Number(/-d\s*([\d.]+)/.exec(args.join(" "))?.[1] ?? 3) * 1000;
      if (process.tty) process.input?.keys?.(process, (key) => (key === "q" ? process.exit(0) : undefined));
      for (let i = 1; ; i++) {
        out(`${process.tty ? "\x1b[H\x1b[J" : ""}${topOf(process.world.machine, rowsFor(call), process.clock.now(), process.tty ? 1 : 0)}`);
        if (i >= times) return 0;
        await process.sleep(delayMs);
        if (!process.tty) out("\n");
      }
    },
    async pidof(call) {
      const found = rowsFor(call).filter((row) => call.args.includes(nameOf(row)) && row.pid !== call.process.pid);
      if (found.length > 0) call.out(`${found.map(({ pid }) => pid).reverse().join(" ")}\n`);
      return found.length > 0 ? 0 : 1;
    },
  };
}

/** In a container: its own processes. The kernel keeps the first from being killed by the others. */
export const containerProcps: CommandTable = procpsCommands(({ process }) =>
  [...process.world.processes.values()].map((each) => ({ ...rowOfProcess(each), signal: (signal: Signal) => (each.pid === 1 && signal === "KILL" ? undefined : each.signal(signal)) })),
);
