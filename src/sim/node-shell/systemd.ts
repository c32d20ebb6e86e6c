import { shortDuration } from "../../base/duration.ts";
import type { CommandTable } from "../command.ts";
import { formatDate } from "../commands/clock.ts";
import type { MachineState } from "./machine-state.ts";
import { kubeletPid } from "./machine-state.ts";
import { unitsOf } from "./units.ts";
import type { Unit } from "./units.ts";

/** systemctl and journalctl: how the services of the machine are, and what they have said. */

const stamp = (instant: number): string => formatDate(instant, "%a %Y-%m-%d %H:%M:%S UTC");

function status(unit: Unit, now: number, journal: string): string {
  const { since } = unit;
  const isUp = since !== undefined;
  const lines = [
    `${isUp ? "●" : "○"} ${unit.name}.service - ${unit.description}`,
    `     Loaded: loaded (${unit.path}; enabled; preset: enabled)`,
    ...(unit.dropIn === undefined ? [] : [`    Drop-In: ${unit.path}.d`, `             └─${unit.dropIn}`]),
    isUp ? `     Active: active (running) since ${stamp(since)}; ${systemdAge(now - since)} ago` : "     Active: inactive (dead)",
    `       Docs: ${unit.docs}`,
  ];
  if (isUp) {
    lines.push(`   Main PID: ${unit.pid} (${unit.name})`, `      Tasks: ${unit.tasks} (limit: 9388)`, `     Memory: ${unit.memory}`, `     CGroup: /${unit.name === "kubelet" ? "kubelet.slice" : "system.slice"}/${unit.name}.service`, `             └─${unit.pid} ${unit.command}`);
  }
  return `${lines.join("\n")}\n${journal === "" ? "" : `\n${journal}`}`;
}

/** systemd's own way to tell a time span: "1h 5min", "2min 3s". */
function systemdAge(ms: number): string {
  const text = shortDuration(ms);
  return text.replaceAll(/(\d+)m/g, "$1min").replaceAll(/([a-z])(\d)/g, "$1 $2");
}

interface Line {
  readonly at: number;
  readonly text: string;
}

/** What the kubelet has logged since it started, as far as what it did can still be seen. */
function kubeletLines(machine: MachineState): Line[] {
  const since = machine.kubeletSince();
  if (since === undefined) return [];
  const head = (at: number, place: string, level = "I"): string => `${level}${formatDate(at, "%m%d %H:%M:%S")}.${String(at % 1000).padStart(3, "0")}000${String(kubeletPid).padStart(8)} ${place}]`;
  const lines: Line[] = [
    { at: since, text: `${head(since, "server.go:529")} "Kubelet version" kubeletVersion="v1.36.3"` },
    { at: since, text: `${head(since, "kubelet_node_status.go:74")} "Attempting to register node" node="${machine.name}"` },
    { at: since, text: `${head(since, "kubelet_node_status.go:77")} "Successfully registered node" node="${machine.name}"` },
  ];
  for (const sandbox of machine.runtime.listSandboxes()) {
    const { createdAt: at } = sandbox;
    if (at >= since) lines.push({ at, text: `${head(at, "reconciler_common.go:251")} "operationExecutor.VerifyControllerAttachedVolume started for volume" pod="${sandbox.namespace}/${sandbox.pod}"` });
  }
  for (const container of machine.runtime.listContainers()) {
    const { startedAt, finishedAt, exitCode } = container.info;
    const pod = `pod="${container.namespace}/${container.pod}"`;
    if (startedAt !== undefined && startedAt >= since) lines.push({ at: startedAt, text: `${head(startedAt, "kubelet.go:2595")} "SyncLoop (PLEG): event for pod" ${pod} event={"ID":"${container.podUid}","Type":"ContainerStarted","Data":"${container.id}"}` });
    if (finishedAt !== undefined && finishedAt >= since) {
      lines.push({ at: finishedAt, text: `${head(finishedAt, "generic.go:358")} "Generic (PLEG): container finished" podID="${container.podUid}" containerID="${container.id}" exitCode=${exitCode ?? 0}` });
    }
  }
  return lines.sort((a, b) => a.at - b.at);
}

function journalOf(machine: MachineState, unit: string): string[] {
  const head = (at: number): string => `${formatDate(at, "%b %d %H:%M:%S")} ${machine.name}`;
  const { since } = unitsOf(machine).find(({ name }) => name === unit) as Unit;
  if (since === undefined) return [];
  const description = unitsOf(machine).find(({ name }) => name === unit)?.description ?? "";
  const started = `${head(since)} systemd[1]: Started ${unit}.service - ${description}.`;
  return unit === "kubelet" ? [started, ...kubeletLines(machine).map(({ at, text }) => `${head(at)} kubelet[${kubeletPid}]: ${text}`)] : [started];
}

export function systemdCommands(machine: MachineState): CommandTable {
  return {
    async systemctl({ args, out, err, process }) {
      const words = args.filter((arg) => !arg.startsWith("-"));
      const [verb = "list-units", asked = ""] = words;
      const name = asked.replace(/\.service$/, "");
      const units = unitsOf(machine);
      const unit = units.find((each) => each.name === name);
      if (verb === "list-units") {
        out("  UNIT                LOAD   ACTIVE SUB     DESCRIPTION\n");
        for (const { name: each, description } of units.filter(({ since }) => since !== undefined)) out(`  ${`${each}.service`.padEnd(19)} loaded active running ${description}\n`);
        return 0;
      }
      if (!unit) {
        err(verb === "status" ? `Unit ${name}.service could not be found.\n` : `Failed to ${verb} ${name}.service: Unit ${name}.service not found.\n`);
        return verb === "status" ? 4 : 5;
      }
      const isUp = unit.since !== undefined;
      if (verb === "status") {
        out(status(unit, process.clock.now(), journalOf(machine, name).slice(-10).map((line) => `${line}\n`).join("")));
        return isUp ? 0 : 3;
      }
      if (verb === "is-active") out(`${isUp ? "active" : "inactive"}\n`);
      else if (verb === "is-enabled") out("enabled\n");
      else {
        err(`systemctl: ${verb} is not possible on a simulated node: stop or partition the whole machine instead\n`);
        return 1;
      }
      return isUp ? 0 : 3;
    },

    async journalctl({ args, out }) {
      const at = args.findIndex((arg) => arg === "-u" || arg === "--unit");
      const wanted = (at >= 0 ? args[at + 1] : args.find((arg) => arg.startsWith("--unit="))?.slice("--unit=".length))?.replace(/\.service$/, "");
      const counted = args.findIndex((arg) => arg === "-n" || arg === "--lines");
      const count = counted >= 0 ? Number(args[counted + 1]) : Number(args.map((arg) => /^(?:-n|--lines=)(\d+)$/.exec(arg)?.[1]).find((each) => each !== undefined) ?? Infinity);
      const units = unitsOf(machine).map(({ name }) => name).filter((name) => wanted === undefined || name === wanted);
      const lines = units.flatMap((name) => journalOf(machine, name));
      if (lines.length === 0) out("-- No entries --\n");
      else out(lines.slice(Number.isFinite(count) ? -count : 0).map((line) => `${line}\n`).join(""));
      return 0;
    },
  };
}
