import { shortDuration } from "../../base/duration.ts";
import type { CommandTable } from "../command.ts";
import { formatDate } from "../commands/clock.ts";
import type { MachineState } from "./machine-state.ts";
import { containerdPid, kubeletPid, mainPidOf, pidOf } from "./machine-state.ts";

/** What systemd knows of the machine: its two services, their journal, and all processes. */
interface Unit {
  readonly name: string;
  readonly description: string;
  readonly path: string;
  readonly dropIn: string | undefined;
  readonly docs: string;
  readonly pid: number;
  readonly command: string;
  readonly tasks: number;
  readonly memory: string;
  /** When it was started; undefined: it is down. */
  readonly since: number | undefined;
}

const kubeletCommand =
  "/usr/bin/kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml";

function unitsOf(machine: MachineState): readonly Unit[] {
  const kubelet: Unit = {
    name: "kubelet",
    description: "kubelet: The Kubernetes Node Agent",
    path: "/etc/systemd/system/kubelet.service",
    dropIn: "10-kubeadm.conf",
    docs: "http://kubernetes.io/docs/",
    pid: kubeletPid,
    command: `${kubeletCommand} --node-ip=${machine.ip} --hostname-override=${machine.name}`,
    tasks: 16,
    memory: "46.2M",
    since: machine.kubeletSince(),
  };
  const containerd: Unit = {
    name: "containerd",
    description: "containerd container runtime",
    path: "/etc/systemd/system/containerd.service",
    dropIn: undefined,
    docs: "https://containerd.io",
    pid: containerdPid,
    command: "/usr/local/bin/containerd",
    tasks: 24 + 10 * machine.runtime.listSandboxes().length,
    memory: "61.8M",
    since: machine.host.bootedAt,
  };
  return [kubelet, containerd];
}

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

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly since: number;
  readonly command: string;
}

function processRows(machine: MachineState, own: string): ProcessRow[] {
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
  return [...rows, { pid: 99_000, parent: 0, since: boot, command: own }];
}

export function unitCommands(machine: MachineState): CommandTable {
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

    async ps({ args, out, process }) {
      const rows = processRows(machine, ["ps", ...args].join(" "));
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

    async kubelet({ args, out, err }) {
      if (args.includes("--version")) {
        out("Kubernetes v1.36.3\n");
        return 0;
      }
      err("kubelet: it runs already on this node\n");
      return 1;
    },

    async containerd({ args, out, err }) {
      if (args.some((arg) => arg === "--version" || arg === "-v")) {
        out("containerd github.com/containerd/containerd/v2 v2.2.0 1c4457e00facac03ce1d75f7b6777a7a851e5c41\n");
        return 0;
      }
      err("containerd: it runs already on this node\n");
      return 1;
    },

    /** Everybody here is root already. */
    async su({ run }) {
      return run(["bash"]);
    },
    async sudo({ args, run, err }) {
      let at = 0;
      while (args[at]?.startsWith("-")) at += args[at] === "-u" || args[at] === "-g" ? 2 : 1;
      const isShell = args.slice(0, at).some((arg) => ["-i", "-s", "--login", "--shell"].includes(arg));
      if (isShell) return run(["bash", ...(at < args.length ? ["-c", args.slice(at).join(" ")] : [])]);
      if (at < args.length) return run(args.slice(at));
      err("usage: sudo -h | -K | -k | -V\n");
      return 1;
    },
  };
}
