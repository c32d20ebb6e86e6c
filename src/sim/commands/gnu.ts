import type { CommandTable } from "../command.ts";
import { formatDate } from "./clock.ts";
import { mountsOf } from "./system.ts";

/** What differs where the tools are those of GNU and procps, as on Debian: the forms of some tables, and how failures are worded. */
/** Failures as busybox words them, and as GNU's tools do. */
const wordings: readonly (readonly [busybox: RegExp, gnu: string])[] = [
  [/^(cat|tee): can't open '(.+)': /gm, "$1: $2: "],
  [/^(tail|dd): can't open '(.+)': /gm, "$1: cannot open '$2' for reading: "],
  [/^head: (.+?): (?=[A-Z])/gm, "head: cannot open '$1' for reading: "],
  [/^ls: (.+?): (?=[A-Z])/gm, "ls: cannot access '$1': "],
  [/^rm: can't remove /gm, "rm: cannot remove "],
  [/^rmdir: '/gm, "rmdir: failed to remove '"],
  [/^mkdir: can't create directory '(.*)': /gm, "mkdir: cannot create directory \u2018$1\u2019: "],
  [/^(cp|stat): can't stat /gm, "$1: cannot stat "],
  [/^mv: can't rename /gm, "mv: cannot stat "],
  [/^touch: (.+?): (?=[A-Z])/gm, "touch: cannot touch '$1': "],
  [/^chmod: (.+?): (?=[A-Z])/gm, "chmod: cannot access '$1': "],
  [/^find: ([^:']+): (?=[A-Z])/gm, "find: \u2018$1\u2019: "],
  [/^BusyBox v[\d.]+ multi-call binary\.\n\nUsage: (\w+) [^]*$/g, "$1: missing operand\nTry '$1 --help' for more information.\n"],
];

export const inGnuWords = (text: string): string => wordings.reduce((words, [busybox, gnu]) => words.replace(busybox, gnu), text);

/** KiB with a unit and at most one digit behind the point, rounded up, as GNU's -h does. */
function human(kib: number): string {
  let [value, unit] = [kib, 0];
  while (value >= 1024) [value, unit] = [value / 1024, unit + 1];
  if (kib === 0) return "0";
  return `${value < 10 ? (Math.ceil(value * 10) / 10).toFixed(1) : Math.ceil(value)}${"KMGT"[unit]}`;
}

/** KiB as procps' `free -h` has them. */
function humanBinary(kib: number): string {
  let [value, unit] = [kib, 0];
  while (value >= 1024) [value, unit] = [value / 1024, unit + 1];
  return kib === 0 ? "0B" : `${value < 10 ? value.toFixed(1) : Math.floor(value)}${["Ki", "Mi", "Gi", "Ti"][unit]}`;
}

/** Every disk of a simulated machine has 100 GiB, of which a fifth is used. */
const disk = { total: 104_857_600, used: 20_971_520 } as const;

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] as readonly string[]).map((_cell, column, row) => Math.max(column === 0 ? 14 : column === row.length - 2 ? 4 : 5, ...rows.map((row) => (row[column] as string).length)));
  const last = widths.length - 1;
  return rows.map((row) => `${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] as number) : column === last ? cell : cell.padStart(widths[column] as number))).join(" ")}\n`).join("");
}

export const gnuCommands: CommandTable = {
  async df({ args, files, out, process }) {
    const isHuman = args.some((arg) => /^-\w*[hH]/.test(arg));
    const hasTypes = args.some((arg) => /^-\w*T/.test(arg));
    const wanted = args.filter((arg) => !arg.startsWith("-"));
    const seen = new Set<string>();
    const mounted = mountsOf(files).filter(([device = "", , type = ""]) => {
      // One line for each disk, as df leaves out what it has shown; what is no disk stands by itself.
      if (!["overlay", "ext4", "tmpfs"].includes(type) || (type !== "tmpfs" && seen.has(device))) return false;
      seen.add(device);
      return true;
    });
    const holds = (path: string) => mounted.filter(([, at = ""]) => at === "/" || path === at || path.startsWith(`${at}/`)).sort((a, b) => (b[1]?.length ?? 0) - (a[1]?.length ?? 0))[0];
    const chosen = wanted.length > 0 ? wanted.map(holds).filter((line) => line !== undefined) : mounted;
    const size = (kib: number): string => (isHuman ? human(kib) : String(kib));
    const head = ["Filesystem", ...(hasTypes ? ["Type"] : []), isHuman ? "Size" : "1K-blocks", "Used", isHuman ? "Avail" : "Available", "Use%", "Mounted on"];
    const rows = chosen.map((line) => {
      const [device = "", path = "", type = "", options = ""] = line;
      const limit = Number(/size=(\d+)k/.exec(options)?.[1] ?? Math.floor(process.world.machine.memoryBytes / 1024));
      const [total, used] = type === "tmpfs" ? [limit, path.includes("secrets") ? 12 : 0] : [disk.total, disk.used];
      return [device, ...(hasTypes ? [type] : []), size(total), size(used), size(total - used), `${Math.ceil((used * 100) / total)}%`, path];
    });
    out(aligned([head, ...rows]));
    return 0;
  },

  async free({ args, out, process }) {
    const total = Math.floor(process.world.machine.memoryBytes / 1024);
    const used = Math.floor(total * 0.12);
    const cache = Math.floor(total * 0.2);
    const flags = args.filter((arg) => arg.startsWith("-")).join("");
    const text = (kib: number): string => (flags.includes("h") ? humanBinary(kib) : String(flags.includes("b") ? kib * 1024 : flags.includes("m") ? Math.floor(kib / 1024) : flags.includes("g") ? Math.floor(kib / 1024 ** 2) : kib));
    const row = (name: string, values: readonly number[]): string => `${name.padEnd(8)}${values.map((value) => text(value).padStart(12)).join("")}\n`;
    out(`               total        used        free      shared  buff/cache   available\n${row("Mem:", [total, used, total - used - cache, 4096, cache, total - used])}${row("Swap:", [0, 0, 0])}`);
    return 0;
  },

  async uptime({ args, out, process }) {
    const now = process.clock.now();
    const minutes = Math.floor((now - process.world.machine.bootedAt) / 60_000);
    const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
    if (args.includes("-p")) {
      const parts = [[days, "day"], [hours, "hour"], [rest, "minute"]] as const;
      out(`up ${parts.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}${count === 1 ? "" : "s"}`).join(", ") || "0 minutes"}\n`);
    } else if (args.includes("-s")) out(`${formatDate(process.world.machine.bootedAt, "%Y-%m-%d %H:%M:%S")}\n`);
    else out(` ${formatDate(now, "%H:%M:%S")} up ${days > 0 ? `${days} day${days === 1 ? "" : "s"}, ` : ""}${hours > 0 ? `${String(hours).padStart(2)}:${String(rest).padStart(2, "0")}` : `${rest} min`},  ${process.tty ? 1 : 0} user,  load average: 0.10, 0.08, 0.05\n`);
    return 0;
  },
};
