import type { CommandTable } from "../command.ts";
import { procpsCommands, rowOfProcess } from "../commands/procps.ts";
import type { ProcessRow } from "../commands/procps.ts";
import type { Process, Signal } from "../process.ts";
import type { MachineState } from "./machine-state.ts";
import { mainPidOf, pidOf } from "./machine-state.ts";
import type { Units } from "./units.ts";

/** The processes of a machine: its services, those of its containers under a shim each, and those of the shells on it. A kubelet that is killed comes back, as systemd has it. */
const rowOf = (pid: number, parent: number, since: number, command: string, signal?: (signal: Signal) => void): ProcessRow => ({ pid, parent, since, command, user: "root", residentKib: 4000 + (pid % 500) * 4, isShown: false, ...(signal && { signal }) });

function processRows(machine: MachineState, units: Units, shell: Iterable<Process>): ProcessRow[] {
  const boot = machine.host.bootedAt;
  const rows: ProcessRow[] = [rowOf(1, 0, boot, "/sbin/init"), ...units.all().flatMap((unit) => (unit.since === undefined ? [] : [rowOf(unit.pid, 1, unit.since, unit.command, (signal) => units.killed(unit, signal))]))];
  const containers = machine.runtime.listContainers();
  for (const sandbox of machine.runtime.listSandboxes()) {
    if (sandbox.stopped) continue;
    const shim = pidOf(sandbox.id);
    rows.push(rowOf(shim, 1, sandbox.createdAt, `/usr/local/bin/containerd-shim-runc-v2 -namespace k8s.io -id ${sandbox.id} -address /run/containerd/containerd.sock`));
    rows.push({ ...rowOf(mainPidOf(sandbox.id), shim, sandbox.createdAt, "/pause"), user: "65535" });
    for (const container of containers) if (sandbox.containers.has(container.id)) for (const process of container.processes.values()) rows.push(rowOfProcess(process, { pid: pidOf(container.id) + process.pid, parent: shim, isShown: false }));
  }
  for (const process of shell) rows.push(rowOfProcess(process));
  return rows.sort((a, b) => a.pid - b.pid);
}

export function processCommands(machine: MachineState, units: Units): CommandTable {
  return procpsCommands(({ process }) => processRows(machine, units, process.world.processes.values()));
}
