import type { CommandTable } from "../command.ts";
import type { FileView } from "../files/file-view.ts";
import type { Process, Signal } from "../process.ts";
import { nameOf } from "../files/accounts.ts";
import { signalByName } from "./signals.ts";

/** Commands that look at the machine and its processes. */
const kernel = { release: "6.12.48+deb13-amd64", version: "#1 SMP PREEMPT_DYNAMIC Debian 6.12.48-1 (2025-09-20)", machine: "x86_64" } as const;

function kib(bytes: number): number {
  return Math.floor(bytes / 1024);
}

/** KiB as `free` shows them in a unit; `h` takes the one that fits. */
function inUnit(value: number, unit: string): string {
  if (unit === "b") return String(value * 1024);
  if (unit === "m" || unit === "g") return String(Math.floor(value / 1024 ** (unit === "m" ? 1 : 2)));
  if (unit === "k") return String(value);
  const power = value >= 1024 ** 2 ? 2 : value >= 1024 ? 1 : 0;
  return value === 0 ? "0" : `${(value / 1024 ** power).toFixed(1)}${"KMG"[power] ?? ""}`;
}

/** Device, path, type and options of what is mounted. */
export function mountsOf(files: FileView): string[][] {
  const text = files.exists("/proc/mounts") ? new TextDecoder().decode(files.readFile("/proc/mounts")) : "";
  return text.trim().split("\n").map((line) => line.split(" "));
}

/** The first name of the line of /etc/hosts that has the host's own. */
function fullHostname({ world: { hostname, files } }: Process): string {
  const hosts = files.exists("/etc/hosts") ? new TextDecoder().decode(files.readFile("/etc/hosts")) : "";
  const names = hosts.split("\n").map((line) => line.trim().split(/\s+/).slice(1));
  return names.find((line) => line.includes(hostname))?.[0] ?? hostname;
}

export const systemCommands: CommandTable = {
  async hostname({ process, out, args }) {
    if (args.includes("-i") || args.includes("-I")) out(`${process.world.network.ip}\n`);
    else if (args.includes("-s")) out(`${process.world.hostname.split(".")[0]}\n`);
    else if (args.includes("-f") || args.includes("--fqdn")) out(`${fullHostname(process)}\n`);
    else out(`${process.world.hostname}\n`);
    return 0;
  },

  async uname({ args, process, out }) {
    const wants = (letter: string): boolean => args.some((arg) => arg === "-a" || (arg.startsWith("-") && arg.includes(letter)));
    const parts: string[] = [];
    if (args.length === 0 || wants("s")) parts.push("Linux");
    if (wants("n")) parts.push(process.world.hostname);
    if (wants("r")) parts.push(kernel.release);
    if (wants("v")) parts.push(kernel.version);
    if (wants("m")) parts.push(kernel.machine);
    if (wants("o")) parts.push("GNU/Linux");
    out(`${parts.join(" ")}\n`);
    return 0;
  },

  async arch({ out }) {
    out(`${kernel.machine}\n`);
    return 0;
  },

  async nproc({ process, out }) {
    out(`${Math.max(1, Math.floor(process.world.machine.cpus))}\n`);
    return 0;
  },

  async id({ process, out, args }) {
    const { user, groups } = process.world;
    const { files } = process.world;
    const [group = 0] = groups;
    const asName = (kind: "user" | "group", id: number): string => nameOf(files, kind, id) ?? String(id);
    const named = (kind: "user" | "group", id: number): string => (nameOf(files, kind, id) === undefined ? String(id) : `${id}(${asName(kind, id)})`);
    const letters = new Set(args.filter((arg) => /^-[ugGnr]+$/.test(arg)).join(""));
    const one = (kind: "user" | "group", id: number): string => (letters.has("n") ? asName(kind, id) : String(id));
    if (letters.has("u")) out(`${one("user", user)}\n`);
    else if (letters.has("g")) out(`${one("group", group)}\n`);
    else if (letters.has("G")) out(`${groups.map((id) => one("group", id)).join(" ")}\n`);
    else out(`uid=${named("user", user)} gid=${named("group", group)} groups=${groups.toSorted((a, b) => a - b).map((id) => named("group", id)).join(",")}\n`);
    return 0;
  },

  async whoami({ process, out, err }) {
    const { files, user } = process.world;
    const name = nameOf(files, "user", user);
    if (name === undefined) err(`whoami: unknown uid ${user}\n`);
    else out(`${name}\n`);
    return name === undefined ? 1 : 0;
  },

  async kill({ args, process, err, out }) {
    let signal: Signal | undefined = "TERM";
    const pids: string[] = [];
    for (let i = 0; i < args.length; i++) {
      const arg = args[i] as string;
      if (arg === "-l") {
        out("HUP INT QUIT KILL USR1 USR2 TERM\n");
        return 0;
      }
      if (arg === "-s") signal = signalByName(args[++i] ?? "");
      else if (arg === "-0") signal = undefined;
      else if (arg.startsWith("-")) {
        signal = signalByName(arg);
        if (!signal) {
          err(`kill: bad signal name '${arg.slice(1)}'\n`);
          return 1;
        }
      } else pids.push(arg);
    }
    let status = 0;
    for (const pid of pids) {
      const target = process.world.processes.get(Number(pid));
      // The kernel keeps PID 1 from signals of its own container that it has no handler for, KILL included.
      if (!target) {
        err(`sh: can't kill pid ${pid}: No such process\n`);
        status = 1;
      } else if (signal && !(target.pid === 1 && signal === "KILL")) target.signal(signal);
    }
    return status;
  },

  async free({ args, process, out }) {
    const total = kib(process.world.machine.memoryBytes);
    const used = Math.floor(total * 0.12);
    const unit = /[bkmgh]/.exec(args.filter((arg) => arg.startsWith("-")).join(""))?.[0] ?? "k";
    const row = (name: string, ...values: number[]): string => `${name.padEnd(8)}${values.map((value) => inUnit(value, unit).padStart(12)).join("")}\n`;
    out(`              total        used        free      shared  buff/cache   available\n`);
    out(row("Mem:", total, used, total - used - Math.floor(total * 0.2), 4096, Math.floor(total * 0.2), total - used));
    out(row("Swap:", 0, 0, 0));
    return 0;
  },

  async df({ args, files, out }) {
    const human = args.some((arg) => /^-\w*h/.test(arg));
    const where = args.filter((arg) => !arg.startsWith("-"));
    // A disk of 100 GiB of which a fifth is used, as every simulated machine has.
    const total = 104_857_600;
    const used = 20_971_520;
    const size = (value: number): string => (human ? `${(value / 1024 / 1024).toFixed(1)}G` : String(value));
    out(human ? "Filesystem                Size      Used Available Use% Mounted on\n" : `Filesystem           1${args.some((arg) => arg.includes("P")) ? "024-blocks" : "K-blocks"}      Used Available ${args.some((arg) => arg.includes("P")) ? "Capacity" : "Use%"} Mounted on\n`);
    const mounted = mountsOf(files).filter(([, , type]) => type === "overlay" || type === "ext4").map(([device, path]) => ({ device: device as string, path: path as string }));
    const holds = (path: string) => mounted.filter((each) => each.path === "/" || path === each.path || path.startsWith(`${each.path}/`)).sort((a, b) => b.path.length - a.path.length)[0];
    const rows = where.length > 0 ? where.map((path) => holds(path) ?? { device: "overlay", path }) : mounted;
    for (const { device, path } of rows) out(`${device.padEnd(20)} ${size(total).padStart(10)} ${size(used).padStart(9)} ${size(total - used).padStart(9)}  20% ${path}\n`);
    return 0;
  },

  async mount({ files, out }) {
    for (const [device, path, type, options] of mountsOf(files)) out(`${device} on ${path} type ${type} (${options})\n`);
    return 0;
  },
};
