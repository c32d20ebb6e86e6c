import type { CommandTable } from "../command.ts";
import type { Process, Signal } from "../process.ts";
import { signalNumbers } from "../process.ts";

/** Commands that look at the machine and its processes. */
const kernel = { release: "6.12.48+deb13-amd64", version: "#1 SMP PREEMPT_DYNAMIC Debian 6.12.48-1 (2025-09-20)", machine: "x86_64" } as const;

function kib(bytes: number): number {
  return Math.floor(bytes / 1024);
}

const signalByName = (text: string): Signal | undefined => {
  const name = text.replace(/^-/, "").replace(/^SIG/, "").toUpperCase();
  if (name in signalNumbers) return name as Signal;
  for (const [signal, number] of Object.entries(signalNumbers)) if (String(number) === name) return signal as Signal;
  return undefined;
};

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
    const { user } = process.world;
    const name = user === 0 ? "root" : String(user);
    if (args.includes("-u")) out(args.includes("-n") ? `${name}\n` : `${user}\n`);
    else out(user === 0 ? "uid=0(root) gid=0(root) groups=0(root),10(wheel)\n" : `uid=${user} gid=0(root) groups=0(root)\n`);
    return 0;
  },

  async whoami({ process, out, err }) {
    const { user } = process.world;
    if (user === 0) out("root\n");
    else err(`whoami: unknown uid ${user}\n`);
    return user === 0 ? 0 : 1;
  },

  async ps({ process, out }) {
    out("PID   USER     TIME  COMMAND\n");
    for (const each of process.world.processes.values()) out(`${String(each.pid).padStart(5)} ${(process.world.user === 0 ? "root" : String(process.world.user)).padEnd(8)} 0:00 ${each.argv.join(" ")}\n`);
    return 0;
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

  async free({ process, out }) {
    const total = kib(process.world.machine.memoryBytes);
    const used = Math.floor(total * 0.12);
    const row = (name: string, ...values: number[]): string => `${name.padEnd(8)}${values.map((value) => String(value).padStart(12)).join("")}\n`;
    out(`              total        used        free      shared  buff/cache   available\n`);
    out(row("Mem:", total, used, total - used - Math.floor(total * 0.2), 4096, Math.floor(total * 0.2), total - used));
    out(row("Swap:", 0, 0, 0));
    return 0;
  },

  async df({ args, out }) {
    const human = args.some((arg) => /^-\w*h/.test(arg));
    const where = args.filter((arg) => !arg.startsWith("-"));
    // A disk of 100 GiB of which a fifth is used, as every simulated machine has.
    const total = 104_857_600;
    const used = 20_971_520;
    const size = (value: number): string => (human ? `${(value / 1024 / 1024).toFixed(1)}G` : String(value));
    out(human ? "Filesystem                Size      Used Available Use% Mounted on\n" : `Filesystem           1${args.some((arg) => arg.includes("P")) ? "024-blocks" : "K-blocks"}      Used Available ${args.some((arg) => arg.includes("P")) ? "Capacity" : "Use%"} Mounted on\n`);
    for (const path of where.length > 0 ? where : ["/"]) out(`overlay              ${size(total).padStart(10)} ${size(used).padStart(9)} ${size(total - used).padStart(9)}  20% ${path}\n`);
    return 0;
  },

  async mount({ out }) {
    out("overlay on / type overlay (rw,relatime)\nproc on /proc type proc (rw,nosuid,nodev,noexec,relatime)\ntmpfs on /dev type tmpfs (rw,nosuid,size=65536k,mode=755)\nsysfs on /sys type sysfs (ro,nosuid,nodev,noexec,relatime)\n");
    return 0;
  },
};
