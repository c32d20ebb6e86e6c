import type { CommandTable } from "../command.ts";
import { formatDate } from "../commands/clock.ts";
import type { MachineState } from "./machine-state.ts";
import { mainPidOf, pidOf } from "./machine-state.ts";
import { unitsOf } from "./units.ts";

/** All processes of the machine: its services, and those of its containers under a shim each. */
interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly since: number;
  readonly command: string;
}

function processRows(machine: MachineState, own: { readonly command: string; readonly since: number }): ProcessRow[] {
  const boot = machine.host.bootedAt;
  const rows: ProcessRow[] = [
    { pid: 1, parent: 0, since: boot, command: "/sbin/init" },
    { pid: 92, parent: 1, since: boot, command: "/lib/systemd/systemd-journald" },
    ...unitsOf(machine).flatMap(({ pid, since, command }) => (since === undefined ? [] : [{ pid, parent: 1, since, command }])),
  ];
  const containers = machine.runtime.listContainers();
  for (const sandbox of machine.runtime.listSandboxes()) {
    if (sandbox.stopped) continue;
    const shim = pidOf(sandbox.id);
    rows.push({ pid: shim, parent: 1, since: sandbox.createdAt, command: `/usr/local/bin/containerd-shim-runc-v2 -namespace k8s.io -id ${sandbox.id} -address /run/containerd/containerd.sock` });
    rows.push({ pid: mainPidOf(sandbox.id), parent: shim, since: sandbox.createdAt, command: "/pause" });
    for (const container of containers) {
      if (!sandbox.containers.has(container.id)) continue;
      for (const process of container.processes.values()) rows.push({ pid: pidOf(container.id) + process.pid, parent: shim, since: process.startedAt, command: process.argv.join(" ") });
    }
  }
  rows.sort((a, b) => a.pid - b.pid);
  return [...rows, { pid: 99_000, parent: 0, ...own }];
}

export function processCommands(machine: MachineState): CommandTable {
  return {
    async ps({ args, out, process }) {
      const rows = processRows(machine, { command: ["ps", ...args].join(" "), since: process.startedAt });
      const clock = (instant: number): string => formatDate(instant, "%H:%M");
      const flags = args.join("").replaceAll("-", "");
      if (args.some((arg) => arg === "-ef" || arg === "-eF")) {
        out("UID          PID    PPID  C STIME TTY          TIME CMD\n");
        for (const { pid, parent, since, command } of rows) out(`root    ${String(pid).padStart(8)}${String(parent).padStart(8)}  0 ${clock(since)} ?        00:00:00 ${command}\n`);
      } else if (flags.includes("a") && flags.includes("u")) {
        out("USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n");
        for (const { pid, since, command } of rows) out(`root    ${String(pid).padStart(8)}  0.0  0.1  ${String(12_000 + (pid % 900) * 8).padStart(5)} ${String(4000 + (pid % 500) * 4).padStart(5)} ?        Ss   ${clock(since)}   0:00 ${command}\n`);
      } else {
        const shown = flags.includes("e") || flags.includes("A") || flags.includes("a") ? rows : [{ pid: 98_999, command: "bash" }, ...rows.slice(-1)];
        out("    PID TTY          TIME CMD\n");
        for (const { pid, command } of shown) out(`${String(pid).padStart(7)} ${process.tty ? "pts/1   " : "?       "} 00:00:00 ${(command.split(" ")[0] as string).split("/").pop()}\n`);
      }
      return 0;
    },
  };
}
