import type { Soon } from "../../base/soon.ts";
import { formatNanoTime } from "../../base/time.ts";
import type { CommandCall, CommandTable } from "../command.ts";
import { formatDate } from "../commands/clock.ts";
import type { SimulatedContainer } from "../container.ts";
import { imageFileSystem, inspectImage, listImages, pullImage, removeImages } from "./crictl-images.ts";
import { ago, humanSize, short, table, wordsOf } from "./crictl-text.ts";
import type { Words } from "./crictl-text.ts";
import type { MachineState, SandboxState } from "./machine-state.ts";
import { mainPidOf } from "./machine-state.ts";

/** crictl: the containers, sandboxes and images of the machine as its container runtime knows them. */
const containerdVersion = "v2.2.0";

const stateNames = { created: "Created", running: "Running", exited: "Exited" } as const;

class Crictl {
  private readonly machine: MachineState;
  private readonly call: CommandCall;

  constructor(machine: MachineState, call: CommandCall) {
    this.machine = machine;
    this.call = call;
  }

  ps({ flags, values, rest }: Words): number {
    const isWanted = (container: SimulatedContainer): boolean => {
      const state = values.get("--state");
      if (state !== undefined ? container.info.state !== state.toLowerCase() : container.info.state !== "running" && !flags.has("--all")) return false;
      const pod = values.get("--pod");
      if (pod !== undefined && !this.sandboxOf(container)?.id.startsWith(pod)) return false;
      const [name, image, id] = [values.get("--name"), values.get("--image"), values.get("--id")];
      if ((image !== undefined && !container.imageReference.includes(image)) || (id !== undefined && !container.id.startsWith(id))) return false;
      if (rest[0] !== undefined && !container.id.startsWith(rest[0])) return false;
      return name === undefined || new RegExp(name).test(container.name);
    };
    const all = this.machine.runtime.listContainers().filter(isWanted).sort(youngestFirst((container) => container.info.createdAt));
    const containers = all.slice(0, Number(values.get("--last") ?? (flags.has("--latest") || flags.has("-l") ? 1 : all.length)));
    if (flags.has("--quiet")) this.call.out(containers.map(({ id }) => `${id}\n`).join(""));
    else if (values.get("--output") === "json") this.json({ containers: containers.map((container) => this.containerJson(container)) });
    else {
      const rows = containers.map((container) => [
        short(container.id), short(container.imageId), this.age(container.info.createdAt), stateNames[container.info.state], container.name, String(container.attempt), short(this.sandboxOf(container)?.id ?? ""), container.pod, container.namespace,
      ]);
      this.call.out(table([["CONTAINER", "IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID", "POD", "NAMESPACE"], ...rows]));
    }
    return 0;
  }

  pods({ flags, values, rest }: Words): number {
    const [name, namespace, state] = [values.get("--name"), values.get("--namespace"), values.get("--state")];
    const sandboxes = this.machine.runtime
      .listSandboxes()
      .filter((sandbox) => (name === undefined || new RegExp(name).test(sandbox.pod)) && (namespace === undefined || new RegExp(namespace).test(sandbox.namespace)) && sandbox.id.startsWith(rest[0] ?? values.get("--id") ?? "") && (state === undefined || (state.toLowerCase() === "notready") === sandbox.stopped))
      .sort(youngestFirst(({ createdAt }) => createdAt));
    if (flags.has("--quiet")) this.call.out(sandboxes.map(({ id }) => `${id}\n`).join(""));
    else if (values.get("--output") === "json") this.json({ items: sandboxes.map((sandbox) => ({ annotations: {}, createdAt: nanos(sandbox.createdAt), id: sandbox.id, labels: podLabels(sandbox), metadata: { attempt: 0, name: sandbox.pod, namespace: sandbox.namespace, uid: sandbox.podUid }, runtimeHandler: "", state: sandboxState(sandbox) })) });
    else {
      const rows = sandboxes.map((sandbox) => [short(sandbox.id), this.age(sandbox.createdAt), sandbox.stopped ? "NotReady" : "Ready", sandbox.pod, sandbox.namespace, "0", "(default)"]);
      this.call.out(table([["POD ID", "CREATED", "STATE", "NAME", "NAMESPACE", "ATTEMPT", "RUNTIME"], ...rows]));
    }
    return 0;
  }

  async logs({ rest, values, flags }: Words): Promise<number> {
    const container = this.container(rest[0]);
    if (!container) return 1;
    const { process, out, err } = this.call;
    const decoder = new TextDecoder();
    const hasTimes = flags.has("--timestamps") || flags.has("-t");
    const show = ({ at, stream, text }: { at: number; stream: string; text: Uint8Array }): void => {
      const told = `${hasTimes ? `${formatNanoTime(at)} ` : ""}${decoder.decode(text)}`;
      if (stream === "stdout") out(told);
      else err(told);
    };
    const tail = values.get("--tail");
    const entries = container.log.entries();
    for (const entry of tail === undefined || Number(tail) < 0 ? entries : entries.slice(Math.max(0, entries.length - Number(tail)))) show(entry);
    if (!flags.has("--force") && !flags.has("--follow")) return 0;
    let told = entries.length;
    await process.wait(
      new Promise<void>((resolve) => {
        container.log.follow((event) => {
          const now = container.log.entries();
          for (; told < now.length; told++) show(now[told] as (typeof now)[number]);
          if (event === "ended") resolve();
        });
      }),
    );
    return 0;
  }

  inspect({ rest }: Words): number {
    const container = this.container(rest[0]);
    if (!container) return 1;
    const { info, config } = container;
    const at = (instant: number | undefined): string => (instant === undefined || instant === 0 ? "0001-01-01T00:00:00Z" : formatNanoTime(instant));
    const status = {
      annotations: {}, createdAt: at(info.createdAt), exitCode: info.exitCode ?? 0, finishedAt: at(info.finishedAt), id: container.id,
      image: { annotations: {}, image: container.imageReference, runtimeHandler: "", userSpecifiedImage: "" },
      imageId: `sha256:${container.imageId}`, imageRef: container.imageName, labels: containerLabels(container), logPath: `/var/log/pods/${container.namespace}_${container.pod}_${container.podUid}/${container.name}/${container.attempt}.log`, message: info.message ?? "",
      metadata: { attempt: container.attempt, name: container.name },
      mounts: config.mounts.map(({ containerPath, hostPath, readOnly }) => ({ containerPath, gidMappings: [], hostPath, image: null, propagation: "PROPAGATION_PRIVATE", readonly: readOnly, recursiveReadOnly: false, selinuxRelabel: false, uidMappings: [] })),
      reason: info.reason ?? "", resources: { linux: { cpuPeriod: "100000", cpuQuota: String((config.cpuMillisMax ?? 0) * 100), memoryLimitInBytes: String(container.memoryBytesMax < this.machine.host.memoryBytes ? container.memoryBytesMax : 0) } },
      startedAt: at(info.startedAt), state: `CONTAINER_${info.state.toUpperCase()}`,
    };
    const running = info.state === "running" ? { pid: mainPidOf(container.id) } : {};
    const runtimeSpec = { hostname: container.hostname, process: { args: config.argv, cwd: config.workingDir, env: config.env.map(({ name, value }) => `${name}=${value}`), terminal: config.tty, user: { gid: container.groups[0] ?? 0, uid: container.user } } };
    this.json({ info: { config: { envs: config.env.map(({ name, value }) => ({ key: name, value })), image: { image: `sha256:${container.imageId}` }, metadata: { name: container.name } }, ...running, removing: false, runtimeSpec, runtimeType: "io.containerd.runc.v2", sandboxID: this.sandboxOf(container)?.id ?? "", snapshotKey: container.id, snapshotter: "overlayfs" }, status });
    return 0;
  }

  inspectPod({ rest }: Words): number {
    const sandbox = this.machine.runtime.listSandboxes().find(({ id }) => rest[0] !== undefined && id.startsWith(rest[0]));
    if (!sandbox) {
      this.call.err(`FATA[0000] getting the status of the pod sandbox "${rest[0] ?? ""}": rpc error: code = NotFound desc = an error occurred when try to find sandbox: not found\n`);
      return 1;
    }
    const status = {
      annotations: {}, createdAt: formatNanoTime(sandbox.createdAt), id: sandbox.id, labels: podLabels(sandbox), metadata: { attempt: 0, name: sandbox.pod, namespace: sandbox.namespace, uid: sandbox.podUid },
      network: { additionalIps: [], ip: sandbox.hostNetwork ? "" : sandbox.ip }, runtimeHandler: "", state: sandboxState(sandbox),
    };
    this.json({ info: { pid: mainPidOf(sandbox.id) }, status });
    return 0;
  }

  async exec({ rest, flags }: Words): Promise<number> {
    const container = this.container(rest[0]);
    if (!container) return 1;
    const { out, err, process } = this.call;
    if (rest.length < 2) return this.fatal("execing command in container", "", "rpc error: code = InvalidArgument desc = must specify at least one of command");
    const { input } = process;
    const stdin = flags.has("-i") && input ? chunks(() => process.wait(input.read())) : undefined;
    try {
      // A terminal of its own would stand behind that of this shell, which edits and echoes already.
      return await process.wait(container.exec({ argv: rest.slice(1), tty: false, ...(stdin ? { stdin } : {}), onOutput: (stream, bytes) => (stream === "stdout" ? out(bytes) : err(new TextDecoder().decode(bytes))) }));
    } catch (error) {
      return this.fatal("execing command in container", '"ExecSync cmd from runtime service failed"', `rpc error: code = Unknown desc = ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  stats({ rest, values, flags }: Words): number {
    const wanted = (container: SimulatedContainer): boolean => container.id.startsWith(rest[0] ?? values.get("--id") ?? "") && (values.get("--pod") === undefined || (this.sandboxOf(container)?.id.startsWith(values.get("--pod") as string) ?? false));
    const rows = this.machine.runtime.listContainers().filter((container) => wanted(container) && (container.info.state === "running" || flags.has("--all"))).map((container) => {
      const stats = container.stats();
      return [short(container.id), container.name, ((stats?.cpuNanoCores ?? 0) / 1e7).toFixed(2), humanSize(stats?.memoryBytes ?? 0, 4), humanSize(container.diskBytes() + 24_576, 4), "8", "0B"];
    });
    this.call.out(table([["CONTAINER", "NAME", "CPU %", "MEM", "DISK", "INODES", "SWAP"], ...rows]));
    return 0;
  }

  podStats(): number {
    const rows = this.machine.runtime.listSandboxes().filter(({ stopped }) => !stopped).map((sandbox) => {
      const all = this.machine.runtime.listContainers().flatMap((container) => (sandbox.containers.has(container.id) ? [container.stats()] : []));
      return [sandbox.pod, short(sandbox.id), (all.reduce((sum, each) => sum + (each?.cpuNanoCores ?? 0), 0) / 1e7).toFixed(2), humanSize(all.reduce((sum, each) => sum + (each?.memoryBytes ?? 0), 0), 4)];
    });
    this.call.out(table([["POD", "POD ID", "CPU %", "MEM"], ...rows]));
    return 0;
  }

  async stop({ rest, values }: Words): Promise<number> {
    for (const id of rest) {
      const container = this.container(id, "StopContainer");
      if (!container) return 1;
      await this.call.process.wait(this.machine.runtime.stopContainer(container.id, Number(values.get("--timeout") ?? 0) * 1000));
      this.call.out(`${id}\n`);
    }
    return 0;
  }

  async rm({ rest, flags }: Words): Promise<number> {
    const ids = flags.has("--all") ? this.machine.runtime.listContainers().map(({ id }) => id) : rest;
    let code = 0;
    for (const id of ids) {
      const container = this.container(id, "RemoveContainer");
      if (!container) code = 1;
      else if (container.info.state === "running" && !flags.has("--force")) {
        this.call.err(`FATA[0000] removing container ${JSON.stringify(id)}: container is running, please stop it first\n`);
        code = 1;
      } else {
        // The kubelet sees first that it has ended.
        await this.call.process.wait(this.machine.runtime.stopContainer(container.id, 0));
        await this.call.process.sleep(100);
        await this.call.process.wait(this.machine.runtime.removeContainer(container.id));
        this.call.out(`${id}\n`);
      }
    }
    return code;
  }

  info(): number {
    const condition = (type: string) => ({ message: "", reason: "", status: true, type });
    this.json({ config: { containerdEndpoint: "/run/containerd/containerd.sock", containerdRootDir: "/var/lib/containerd" }, status: { conditions: [condition("RuntimeReady"), condition("NetworkReady"), condition("ContainerdHasNoDeprecationWarnings")] } });
    return 0;
  }

  /** What went wrong, as the client logs it and ends; without a call of the runtime the end alone. */
  fatal(what: string, call: string, why: string): number {
    const at = this.call.process.clock.now();
    if (call !== "") this.call.err(`E${formatDate(at, "%m%d %H:%M:%S")}.${String(at % 1000).padStart(3, "0")}000${String(this.call.process.pid).padStart(8)} log.go:32] ${call} err=${JSON.stringify(why)}\n`);
    this.call.err(`FATA[0000] ${what === "" ? "" : `${what}: `}${why}\n`);
    return 1;
  }

  private container(id: string | undefined, method = "ContainerStatus"): SimulatedContainer | undefined {
    const found = id === undefined ? undefined : this.machine.runtime.listContainers().find((container) => container.id.startsWith(id));
    if (!found) this.fatal("", id === undefined ? "" : `"${method} from runtime service failed" containerID=${JSON.stringify(id)}`, id === undefined ? "ID cannot be empty" : `rpc error: code = NotFound desc = an error occurred when try to find container "${id}": not found`);
    return found;
  }

  private containerJson(container: SimulatedContainer) {
    return { annotations: {}, createdAt: nanos(container.info.createdAt), id: container.id, image: { annotations: {}, image: `sha256:${container.imageId}`, runtimeHandler: "", userSpecifiedImage: container.imageReference }, imageId: `sha256:${container.imageId}`, imageRef: `sha256:${container.imageId}`, labels: containerLabels(container), metadata: { attempt: container.attempt, name: container.name }, podSandboxId: this.sandboxOf(container)?.id ?? "", state: `CONTAINER_${container.info.state.toUpperCase()}` };
  }

  private sandboxOf(container: SimulatedContainer): SandboxState | undefined {
    return this.machine.runtime.listSandboxes().find(({ containers }) => containers.has(container.id));
  }

  private age(instant: number): string {
    return ago(this.call.process.clock.now() - instant);
  }

  private json(value: unknown): void {
    this.call.out(`${JSON.stringify(value, undefined, 2)}\n`);
  }
}

async function* chunks(read: () => Promise<Uint8Array | undefined>): AsyncIterable<Uint8Array> {
  for (let chunk = await read(); chunk; chunk = await read()) yield chunk;
}

const nanos = (instant: number): string => String(BigInt(Math.round(instant)) * 1_000_000n);
const sandboxState = ({ stopped }: SandboxState): string => (stopped ? "SANDBOX_NOTREADY" : "SANDBOX_READY");
const podLabels = ({ pod, namespace, podUid }: { pod: string; namespace: string; podUid: string }) => ({ "io.kubernetes.pod.name": pod, "io.kubernetes.pod.namespace": namespace, "io.kubernetes.pod.uid": podUid });
const containerLabels = (container: SimulatedContainer) => ({ "io.kubernetes.container.name": container.name, ...podLabels(container) });

function youngestFirst<T>(instantOf: (each: T) => number): (a: T, b: T) => number {
  return (a, b) => instantOf(b) - instantOf(a);
}

type Handler = (crictl: Crictl, words: Words, at: { machine: MachineState; call: CommandCall }) => Soon<number>;

/** Its commands, and those that it has for others. */
const handlers: { readonly [name: string]: Handler } = {
  exec: (crictl, words) => crictl.exec(words),
  imagefsinfo: (_crictl, _words, { machine, call }) => imageFileSystem(machine, call),
  images: (_crictl, words, { machine, call }) => listImages(machine, call, words),
  info: (crictl) => crictl.info(),
  inspect: (crictl, words) => crictl.inspect(words),
  inspecti: (crictl, words, { machine, call }) => inspectImage(machine, call, words, crictl.fatal.bind(crictl)),
  inspectp: (crictl, words) => crictl.inspectPod(words),
  logs: (crictl, words) => crictl.logs(words),
  pods: (crictl, words) => crictl.pods(words),
  ps: (crictl, words) => crictl.ps(words),
  pull: (crictl, words, { machine, call }) => pullImage(machine, call, words, crictl.fatal.bind(crictl)),
  rm: (crictl, words) => crictl.rm(words),
  rmi: (crictl, words, { machine, call }) => removeImages(machine, call, words, crictl.fatal.bind(crictl)),
  stats: (crictl, words) => crictl.stats(words),
  statsp: (crictl) => crictl.podStats(),
  stop: (crictl, words) => crictl.stop(words),
  version(_crictl, _words, { call }) {
    call.out(`Version:  0.1.0\nRuntimeName:  containerd\nRuntimeVersion:  ${containerdVersion}\nRuntimeApiVersion:  v1\n`);
    return 0;
  },
};
const sameAs: { readonly [name: string]: string } = { image: "images", img: "images" };

/** Options that mean something else in a command than in most. */
const ownMeaning: { readonly [name: string]: ReadonlySet<string> } = { exec: new Set(["-t", "-s", "*"]), logs: new Set(["-t", "-p"]), ps: new Set() };

export function crictlCommands(machine: MachineState): CommandTable {
  return {
    async crictl(call) {
      // Options before the command: --runtime-endpoint and its like.
      const at = call.args.findIndex((arg, index) => !arg.startsWith("-") && !/^(--(runtime|image)-endpoint|-[ri]|--timeout|-t|--config|-c)$/.test(call.args[index - 1] ?? ""));
      const [name = "", ...args] = at < 0 ? [] : call.args.slice(at);
      const crictl = new Crictl(machine, call);
      const handler = handlers[sameAs[name] ?? name];
      if (handler) return handler(crictl, wordsOf(args, ownMeaning[name]), { machine, call });
      if (call.args.includes("--version") || call.args.includes("-v")) call.out("crictl version v1.35.0\n");
      else if (name === "" || name === "help") call.out(`NAME:\n   crictl - client for CRI\n\nUSAGE:\n   crictl [global options] command [command options] [arguments...]\n\nCOMMANDS:\n   ${Object.keys(handlers).join(", ")}\n`);
      else call.err(`FATA[0000] command ${JSON.stringify(name)} is not there in this simulated node: it has ${Object.keys(handlers).join(", ")}\n`);
      return name === "" || name === "help" ? 0 : 1;
    },
  };
}
