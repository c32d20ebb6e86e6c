import { formatNanoTime } from "../../base/time.ts";
import type { CommandCall, CommandTable } from "../command.ts";
import type { SimulatedContainer } from "../container.ts";
import type { MachineState, SandboxState } from "./machine-state.ts";
import { mainPidOf } from "./machine-state.ts";

/** crictl: the containers, sandboxes and images of the machine as its container runtime knows them. */
const shortIdLength = 13;
const columnWidthMin = 20;
const columnPadding = 3;
const containerdVersion = "v2.2.0";

function table(rows: readonly (readonly string[])[]): string {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, column) => Math.max(columnWidthMin, ...rows.map((row) => (row[column] ?? "").length + columnPadding)));
  return rows.map((row) => `${row.map((cell, column) => (column === columns - 1 ? cell : cell.padEnd(widths[column] as number))).join("")}\n`).join("");
}

/** How long ago, as Docker's units package says it. */
export function ago(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.round(minutes / 60);
  if (seconds < 1) return "Less than a second ago";
  if (seconds === 1) return "1 second ago";
  if (seconds < 60) return `${seconds} seconds ago`;
  if (minutes === 1) return "About a minute ago";
  if (minutes < 60) return `${minutes} minutes ago`;
  if (hours === 1) return "About an hour ago";
  if (hours < 48) return `${hours} hours ago`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days ago`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks ago`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months ago`;
  return `${Math.floor(hours / 24 / 365)} years ago`;
}

/** Three digits and a unit of a thousand. */
function humanSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${Number(value.toPrecision(3))}${units[unit]}`;
}

const stateNames = { created: "Created", running: "Running", exited: "Exited" } as const;

interface Words {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  readonly rest: readonly string[];
}

const valued = new Set(["--name", "--pod", "-p", "--state", "-s", "--label", "--tail", "--output", "-o", "--namespace", "--image", "--last", "-n", "--since", "--id", "--timeout"]);

function wordsOf(args: readonly string[]): Words {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const [flag, value] = arg.split("=", 2) as [string, string | undefined];
    if (!arg.startsWith("-") || rest.length > 0) rest.push(arg);
    else if (value !== undefined) values.set(flag, value);
    else if (valued.has(arg)) values.set(arg, args[++i] ?? "");
    else if (/^-[a-z]{2,}$/.test(arg)) for (const letter of arg.slice(1)) flags.add(`-${letter}`);
    else flags.add(arg);
  }
  return { flags, values, rest };
}

class Crictl {
  private readonly machine: MachineState;
  private readonly call: CommandCall;

  constructor(machine: MachineState, call: CommandCall) {
    this.machine = machine;
    this.call = call;
  }

  ps({ flags, values }: Words): number {
    const { runtime } = this.machine;
    const isWanted = (container: SimulatedContainer): boolean => {
      const state = values.get("--state") ?? values.get("-s");
      if (state !== undefined ? container.info.state !== state.toLowerCase() : container.info.state !== "running" && !flags.has("-a") && !flags.has("--all")) return false;
      const pod = values.get("--pod") ?? values.get("-p");
      if (pod !== undefined && !this.sandboxOf(container)?.id.startsWith(pod)) return false;
      const name = values.get("--name");
      return name === undefined || new RegExp(name).test(container.name);
    };
    const containers = runtime.listContainers().filter(isWanted).sort(youngestFirst((container) => container.info.createdAt));
    if (flags.has("-q") || flags.has("--quiet")) {
      this.call.out(containers.map(({ id }) => `${id}\n`).join(""));
      return 0;
    }
    const rows = containers.map((container) => [
      short(container.id), short(container.imageId), this.age(container.info.createdAt), stateNames[container.info.state], container.name, String(container.attempt), short(this.sandboxOf(container)?.id ?? ""), container.pod, container.namespace,
    ]);
    this.call.out(table([["CONTAINER", "IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID", "POD", "NAMESPACE"], ...rows]));
    return 0;
  }

  pods({ flags, values }: Words): number {
    const name = values.get("--name");
    const namespace = values.get("--namespace");
    const sandboxes = this.machine.runtime
      .listSandboxes()
      .filter((sandbox) => (name === undefined || new RegExp(name).test(sandbox.pod)) && (namespace === undefined || new RegExp(namespace).test(sandbox.namespace)))
      .sort(youngestFirst(({ createdAt }) => createdAt));
    if (flags.has("-q") || flags.has("--quiet")) {
      this.call.out(sandboxes.map(({ id }) => `${id}\n`).join(""));
      return 0;
    }
    const rows = sandboxes.map((sandbox) => [short(sandbox.id), this.age(sandbox.createdAt), sandbox.stopped ? "NotReady" : "Ready", sandbox.pod, sandbox.namespace, "0", "(default)"]);
    this.call.out(table([["POD ID", "CREATED", "STATE", "NAME", "NAMESPACE", "ATTEMPT", "RUNTIME"], ...rows]));
    return 0;
  }

  images(): number {
    const pause = { repository: "registry.k8s.io/pause", tag: "3.10.1", id: "cd073f4c5f6a8e9dc6f3125ba00cf60819cae95c1ec84a1f146ee4a9cf9e803f", sizeBytes: 319_950 };
    const images = [...this.machine.runtime.imageStates(), pause].sort((a, b) => (a.repository + a.tag < b.repository + b.tag ? -1 : 1));
    this.call.out(table([["IMAGE", "TAG", "IMAGE ID", "SIZE"], ...images.map(({ repository, tag, id, sizeBytes }) => [repository, tag === "" ? "<none>" : tag, short(id), humanSize(sizeBytes)])]));
    return 0;
  }

  logs({ rest, values }: Words): number {
    const container = this.container(rest[0]);
    if (!container) return 1;
    const entries = container.log.entries();
    const tail = values.get("--tail");
    for (const { stream, text } of tail === undefined || Number(tail) < 0 ? entries : entries.slice(Math.max(0, entries.length - Number(tail)))) {
      if (stream === "stdout") this.call.out(text);
      else this.call.err(new TextDecoder().decode(text));
    }
    return 0;
  }

  inspect({ rest }: Words): number {
    const container = this.container(rest[0]);
    if (!container) return 1;
    const { info } = container;
    const at = (instant: number | undefined): string => (instant === undefined || instant === 0 ? "0001-01-01T00:00:00Z" : formatNanoTime(instant));
    const labels = { "io.kubernetes.container.name": container.name, "io.kubernetes.pod.name": container.pod, "io.kubernetes.pod.namespace": container.namespace, "io.kubernetes.pod.uid": container.podUid };
    const status = {
      annotations: {},
      createdAt: at(info.createdAt),
      exitCode: info.exitCode ?? 0,
      finishedAt: at(info.finishedAt),
      id: container.id,
      image: { annotations: {}, image: container.imageReference, runtimeHandler: "", userSpecifiedImage: "" },
      imageId: `sha256:${container.imageId}`,
      imageRef: container.imageName,
      labels,
      logPath: `/var/log/pods/${container.namespace}_${container.pod}_${container.podUid}/${container.name}/${container.attempt}.log`,
      message: info.message ?? "",
      metadata: { attempt: container.attempt, name: container.name },
      mounts: [],
      reason: info.reason ?? "",
      startedAt: at(info.startedAt),
      state: `CONTAINER_${info.state.toUpperCase()}`,
    };
    const running = info.state === "running" ? { pid: mainPidOf(container.id) } : {};
    this.call.out(`${JSON.stringify({ info: { sandboxID: this.sandboxOf(container)?.id ?? "", ...running, removing: false, snapshotKey: container.id, snapshotter: "overlayfs" }, status }, undefined, 2)}\n`);
    return 0;
  }

  inspectPod({ rest }: Words): number {
    const sandbox = this.machine.runtime.listSandboxes().find(({ id }) => rest[0] !== undefined && id.startsWith(rest[0]));
    if (!sandbox) {
      this.call.err(`FATA[0000] getting the status of the pod sandbox "${rest[0] ?? ""}": rpc error: code = NotFound desc = an error occurred when try to find sandbox: not found\n`);
      return 1;
    }
    const status = {
      createdAt: formatNanoTime(sandbox.createdAt),
      id: sandbox.id,
      labels: { "io.kubernetes.pod.name": sandbox.pod, "io.kubernetes.pod.namespace": sandbox.namespace, "io.kubernetes.pod.uid": sandbox.podUid },
      metadata: { attempt: 0, name: sandbox.pod, namespace: sandbox.namespace, uid: sandbox.podUid },
      network: { additionalIps: [], ip: sandbox.hostNetwork ? "" : sandbox.ip },
      state: sandbox.stopped ? "SANDBOX_NOTREADY" : "SANDBOX_READY",
    };
    this.call.out(`${JSON.stringify({ info: { pid: mainPidOf(sandbox.id) }, status }, undefined, 2)}\n`);
    return 0;
  }

  async exec({ rest }: Words): Promise<number> {
    const container = this.container(rest[0]);
    if (!container) return 1;
    const { out, err } = this.call;
    return container.exec({ argv: rest.slice(1), tty: false, onOutput: (stream, bytes) => (stream === "stdout" ? out(bytes) : err(new TextDecoder().decode(bytes))) });
  }

  private container(id: string | undefined): SimulatedContainer | undefined {
    const found = id === undefined ? undefined : this.machine.runtime.listContainers().find((container) => container.id.startsWith(id));
    if (!found) this.call.err(id === undefined ? "FATA[0000] ID cannot be empty\n" : `E0101 00:00:00.000000       1 remote_runtime.go:490] "ContainerStatus from runtime service failed" err="rpc error: code = NotFound desc = an error occurred when try to find container \\"${id}\\": not found" containerID="${id}"\nFATA[0000] rpc error: code = NotFound desc = an error occurred when try to find container "${id}": not found\n`);
    return found;
  }

  private sandboxOf(container: SimulatedContainer): SandboxState | undefined {
    return this.machine.runtime.listSandboxes().find(({ containers }) => containers.has(container.id));
  }

  private age(instant: number): string {
    return ago(this.call.process.clock.now() - instant);
  }
}

const short = (id: string): string => id.slice(0, shortIdLength);

function youngestFirst<T>(instantOf: (each: T) => number): (a: T, b: T) => number {
  return (a, b) => instantOf(b) - instantOf(a);
}

export function crictlCommands(machine: MachineState): CommandTable {
  return {
    async crictl(call) {
      // Options before the command: --runtime-endpoint and its like.
      const at = call.args.findIndex((arg, index) => !arg.startsWith("-") && !/^(--(runtime|image)-endpoint|-[ri]|--timeout|-t|--config|-c)$/.test(call.args[index - 1] ?? ""));
      const [name = "", ...args] = at < 0 ? [] : call.args.slice(at);
      const crictl = new Crictl(machine, call);
      const words = wordsOf(args);
      switch (name) {
        case "ps":
          return crictl.ps(words);
        case "pods":
          return crictl.pods(words);
        case "images":
        case "image":
        case "img":
          return crictl.images();
        case "logs":
          return crictl.logs(words);
        case "inspect":
          return crictl.inspect(words);
        case "inspectp":
          return crictl.inspectPod(words);
        case "exec":
          return crictl.exec(words);
        case "version":
          call.out(`Version:  0.1.0\nRuntimeName:  containerd\nRuntimeVersion:  ${containerdVersion}\nRuntimeApiVersion:  v1\n`);
          return 0;
        default:
          call.err(name === "" ? "NAME:\n   crictl - client for CRI\n\nUSAGE:\n   crictl [global options] command [command options] [arguments...]\n\nCOMMANDS:\n   exec, images, inspect, inspectp, logs, pods, ps, version\n" : `FATA[0000] command ${JSON.stringify(name)} is not there in this simulated node: it has exec, images, inspect, inspectp, logs, pods, ps and version\n`);
          return name === "" ? 0 : 1;
      }
    },
  };
}
