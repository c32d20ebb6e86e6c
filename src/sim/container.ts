import type { Environment, Random } from "../base/environment.ts";
import type { ContainerConfig, ContainerInfo, ContainerStats, RuntimeAttach, RuntimeExec } from "../kubelet/runtime.ts";
import { ContainerLog } from "./container-log.ts";
import { InputQueue, runFor, withReturns } from "./container-streams.ts";
import { controlGroupFolder } from "./files/cgroup-files.ts";
import type { ControlGroup } from "./files/cgroup-files.ts";
import { FileView } from "./files/file-view.ts";
import type { FileMount } from "./files/file-view.ts";
import type { FolderInode, Inode } from "./files/inode.ts";
import { childOf, fileInode, folderInode, generatedFile } from "./files/inode.ts";
import type { LoggedContainer, SimulatedHost } from "./host.ts";
import { processFolder } from "./files/process-files.ts";
import { standardPath } from "./images/image.ts";
import { imageIdOf, printReference } from "./images/reference.ts";
import type { FoundImage } from "./images/registry.ts";
import { NetworkInterface } from "./network.ts";
import type { SimulatedNetwork } from "./network.ts";
import { Process } from "./process.ts";
import type { MachineFacts, ProcessSpace, World } from "./process.ts";
import type { NodeProxy } from "./services/node-proxy.ts";
import type { Shells } from "./shell/shells.ts";
import { Terminal } from "./shell/terminal.ts";
import { VolumeMemory, makeRoom, residentBytes, writtenBytes } from "./memory-held.ts";
import { findProgram, replaceProgram } from "./userland.ts";
import type { Finder } from "./userland.ts";
import { WorkMeter } from "./work-meter.ts";

/** What the sandbox gives its containers. */
export interface SandboxWorld {
  readonly podUid: string;
  readonly namespace: string;
  readonly pod: string;
  readonly hostname: string;
  readonly ip: string;
  readonly hostNetwork: boolean;
  readonly etcFiles: readonly (readonly [name: string, inode: Inode])[];
}

export interface ContainerOptions {
  readonly id: string;
  readonly config: ContainerConfig;
  readonly image: FoundImage;
  readonly sandbox: SandboxWorld;
  readonly host: SimulatedHost;
  readonly node: string;
  readonly network: SimulatedNetwork;
  readonly proxy: NodeProxy;
  readonly enter: MachineFacts["enter"];
  readonly shells: Shells;
  readonly environment: Environment;
  readonly random: Random;
  /** Absent: one of its own. */
  readonly space?: ProcessSpace;
  readonly changed: () => void;
}

/** Memory of a machine that says nothing of it, in KiB. */
const machineKibibytes = 8 * 1024 * 1024;

/** One container: its files, its processes, its log, and how it ended. */
export class SimulatedContainer implements World, LoggedContainer {
  readonly id: string;
  readonly podUid: string;
  readonly namespace: string;
  readonly pod: string;
  readonly name: string;
  readonly attempt: number;
  readonly log: ContainerLog;
  readonly environment: Environment;
  readonly random: Random;
  readonly hostname: string;
  readonly nodeName: string;
  readonly files: FileView;
  readonly network: NetworkInterface;
  readonly privileged: boolean;
  readonly user: number;
  readonly groups: readonly number[];
  memoryBytesMax: number;
  private cpuMillisMax: number | undefined;
  private readonly inMemory = new VolumeMemory();
  readonly machine: MachineFacts;
  readonly space: ProcessSpace;
  readonly work = new WorkMeter();
  info: ContainerInfo;
  private readonly options: ContainerOptions;
  private readonly root: FolderInode;
  private readonly finder: Finder;
  private main: Process | undefined;
  private waiters: (() => void)[] | undefined;
  private endings: (() => void)[] | undefined;
  private input: InputQueue | undefined;
  private attached: Set<RuntimeAttach["onOutput"]> | undefined;

  constructor(options: ContainerOptions) {
    const { config, sandbox, environment, host } = options;
    this.options = options;
    this.id = options.id;
    this.podUid = sandbox.podUid;
    this.namespace = sandbox.namespace;
    this.pod = sandbox.pod;
    this.name = config.name;
    this.attempt = config.attempt;
    this.environment = environment;
    this.random = options.random;
    this.hostname = sandbox.hostname;
    this.nodeName = options.node;
    this.privileged = config.privileged;
    this.space = options.space ?? { processes: new Map(), last: 0 };
    const user = options.image.users.of(config);
    this.user = user.uid;
    this.groups = user.supplementalGroups[0] === user.gid ? user.supplementalGroups : [user.gid, ...user.supplementalGroups.filter((group) => group !== user.gid)];
    this.memoryBytesMax = config.memoryBytesMax ?? host.memoryBytes;
    this.cpuMillisMax = config.cpuMillisMax;
    this.log = new ContainerLog(() => host.lineWritten(this.id));
    const rootIs = (folder: Inode): boolean => folder === host.files.stat("/").inode;
    this.machine = { cpus: host.cpus, memoryBytes: host.memoryBytes, bootedAt: host.bootedAt, proxy: options.proxy, rootIs, enter: options.enter, nextLogLine: () => host.nextLogLine(this.id) };
    this.network = new NetworkInterface({ net: options.network, node: options.node, ip: sandbox.ip, isHost: sandbox.hostNetwork });
    this.files = new FileView({ root: (this.root = this.rootFolder(options.image.root)), now: () => environment.clock.now(), mounts: this.mounts(), readOnlyRoot: config.readOnlyRootFilesystem, user: this.user, groups: this.groups });
    const { programs, userland, commands, lacks } = options.image.image;
    this.finder = { shells: options.shells, programs, userland, ...(commands === undefined ? {} : { commands }), ...(lacks === undefined ? {} : { lacks }), world: () => this };
    this.info = { id: options.id, name: config.name, attempt: config.attempt, state: "created", createdAt: environment.clock.now(), user };
  }

  get programs(): World["programs"] {
    return this.options.image.image.programs;
  }

  /** Of its image, without `sha256:`. */
  get imageId(): string {
    return imageIdOf(this.options.image.reference);
  }

  /** Its image as it was asked for, in full. */
  get imageReference(): string {
    return printReference(this.options.image.reference);
  }

  /** As it was made. */
  get config(): ContainerConfig {
    return this.options.config;
  }

  /** Its image by digest. */
  get imageName(): string {
    return this.options.config.image.id;
  }

  nextPid(): number {
    return ++this.space.last;
  }

  get processes(): Map<number, Process> {
    return this.space.processes;
  }

  /** Without those of the containers that it shares its space with. */
  private own(): Process[] {
    return [...this.processes.values()].filter(({ world }) => world === this);
  }

  onEnd(then: () => void): void {
    (this.endings ??= []).push(then);
  }

  execute(process: Process, argv: readonly string[]): Promise<number> {
    return replaceProgram(this.finder, process, argv);
  }

  /** Starts the main process. Throws in runc's words when there is nothing to execute. */
  start(): void {
    const { config } = this.options;
    const now = this.environment.clock.now();
    let program;
    try {
      // The runtime makes it, as root.
      if (!this.files.exists(config.workingDir)) new FileView({ root: this.root, now: () => now }).makeFolder(config.workingDir, { parents: true });
      program = findProgram(this.finder, config.argv, config.workingDir);
    } catch (error) {
      const message = `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: ${error instanceof Error ? error.message : String(error)}`;
      this.info = { ...this.info, state: "exited", startedAt: 0, finishedAt: now, exitCode: 128, reason: "StartError", message };
      this.log.end(now);
      this.settle();
      throw new Error(message);
    }
    this.info = { ...this.info, state: "running", startedAt: now };
    if (config.stdin) this.input = new InputQueue();
    const terminal = config.tty && this.input ? new Terminal({ input: this.input, show: (bytes) => void this.written("stdout", bytes) }) : undefined;
    const main = new Process({
      world: this, argv: config.argv, env: this.environmentOf(), cwd: config.workingDir, tty: config.tty, input: terminal ?? this.input,
      output: (stream, bytes) => this.written(stream, bytes),
    });
    if (terminal) terminal.foreground = () => main;
    this.main = main;
    this.options.changed();
    void main.run(program).then((code) => this.ended(code, main.endReason));
  }

  /** TERM, and KILL after the grace time; resolves when it has ended. */
  stop(graceMs: number): Promise<void> {
    if (this.info.state !== "running") {
      if (this.info.state === "created") this.ended(137, undefined);
      return Promise.resolve();
    }
    const gone = new Promise<void>((resolve) => void (this.waiters ??= []).push(resolve));
    if (graceMs <= 0) this.main?.signal("KILL");
    else {
      const timer = this.environment.clock.after(graceMs, () => this.main?.signal("KILL"));
      (this.waiters ??= []).push(() => timer.cancel());
      this.main?.signal("TERM");
    }
    return gone;
  }

  /** Runs a command beside the main process; resolves with its exit code. Rejects in runc's words. */
  exec(options: RuntimeExec): Promise<number> {
    if (this.info.state !== "running") return Promise.reject(new Error(`container not running (${this.id})`));
    const cwd = this.options.config.workingDir;
    let program;
    try {
      program = findProgram(this.finder, options.argv, cwd);
    } catch (error) {
      return Promise.reject(new Error(`failed to exec in container: failed to start exec "${this.id}": OCI runtime exec failed: exec failed: unable to start container process: ${error instanceof Error ? error.message : String(error)}`));
    }
    if (this.space.last < 1) this.space.last = 1;
    return runFor(this, { ...options, cwd, env: this.environmentOf(), program });
  }

  /** Joins the main process: its output from now on, and its input. Resolves when it has ended or the other side leaves. */
  async attach({ stdin, onOutput, signal }: RuntimeAttach): Promise<void> {
    const attached = (this.attached ??= new Set());
    attached.add(onOutput);
    const ended = this.info.state === "exited" ? Promise.resolve() : new Promise<void>((resolve) => void (this.waiters ??= []).push(resolve));
    const left = new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }));
    if (stdin && this.input) void this.feed(this.input, stdin);
    await Promise.race([ended, left]);
    attached.delete(onOutput);
  }

  private async feed(input: InputQueue, stdin: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const bytes of stdin) {
      input.push(bytes);
      await input.room();
    }
    if (this.options.config.stdinOnce) input.end();
  }

  /** What the main process writes goes to its log and to who is attached. */
  private written(stream: "stdout" | "stderr", bytes: Uint8Array): boolean {
    const { tty } = this.options.config;
    const shown = tty ? withReturns(bytes) : bytes;
    this.log.append(tty ? "stdout" : stream, shown, this.environment.clock.now());
    for (const onOutput of this.attached ?? []) onOutput(tty ? "stdout" : stream, shown);
    return true;
  }

  /** The machine lost power: everything stops here, and is found dead later. */
  lose(): void {
    for (const process of this.own()) process.exit(255);
    if (this.info.state === "exited") return;
    const now = this.environment.clock.now();
    this.info = { ...this.info, state: "exited", finishedAt: now, exitCode: 255, reason: "Unknown" };
    this.log.end(now);
    this.waiters = undefined;
    this.runEndings();
  }

  private runEndings(): void {
    for (const ending of this.endings ?? []) ending();
    this.endings = undefined;
  }

  private ended(code: number, why: Process["endReason"]): void {
    if (this.info.state === "exited") return;
    const now = this.environment.clock.now();
    this.main = undefined;
    for (const process of this.own()) process.signal("KILL");
    this.network.close();
    this.runEndings();
    const message = this.terminationMessage();
    this.info = { ...this.info, state: "exited", finishedAt: now, exitCode: code, reason: why ?? (code === 0 ? "Completed" : "Error"), ...(message === undefined ? {} : { message }) };
    this.log.end(now);
    this.settle();
    this.options.changed();
  }

  /** What the container wrote for its status, up to 4 KiB. */
  private terminationMessage(): string | undefined {
    const path = this.options.config.terminationMessagePath;
    if (!this.files.exists(path) || this.files.stat(path).kind !== "file") return undefined;
    const text = new TextDecoder().decode(this.files.readFile(path)).slice(0, 4096);
    return text === "" ? undefined : text;
  }

  /** Other limits from now on; undefined: the machine's. What it holds already it keeps. */
  limit({ memoryBytes, cpuMillis }: { memoryBytes: number | undefined; cpuMillis: number | undefined }): void {
    this.memoryBytesMax = memoryBytes ?? this.options.host.memoryBytes;
    this.cpuMillisMax = cpuMillis;
  }

  pinnedBytes(): number {
    return this.inMemory.bytes();
  }

  private charge(bytes: number): void {
    this.inMemory.charge(bytes);
    if (bytes > 0 && this.info.state === "running") makeRoom(this.own(), this.memoryBytesMax - this.pinnedBytes());
  }

  private group(): ControlGroup {
    const { config, host } = this.options;
    return {
      pids: () => this.own().map(({ pid }) => pid),
      memoryBytes: () => this.stats()?.memoryBytes ?? 0,
      memoryBytesMax: () => (this.memoryBytesMax < host.memoryBytes ? this.memoryBytesMax : undefined),
      cpuMillisMax: () => this.cpuMillisMax,
      cpuMillisWanted: () => config.cpuMillisWanted,
      cpuMs: () => this.work.totalMs(this.environment.clock.now()),
    };
  }

  /** What it uses now; undefined when it does not run. */
  stats(): ContainerStats | undefined {
    if (this.info.state !== "running") return undefined;
    let memoryBytes = writtenBytes(this.root) + this.pinnedBytes();
    const own = this.own();
    for (const process of own) memoryBytes += residentBytes(process.argv[0] ?? "") + process.heldBytes;
    const cpuNanoCores = this.work.nanoCores(this.environment.clock.now(), this.info.startedAt ?? 0, own.length);
    return { cpuNanoCores, memoryBytes: Math.min(memoryBytes, this.memoryBytesMax) };
  }

  /** What its own files and its log take. */
  diskBytes(): number {
    return writtenBytes(this.root) + this.log.sizeBytes;
  }

  private settle(): void {
    const waiting = this.waiters ?? [];
    this.waiters = undefined;
    for (const wake of waiting) wake();
  }

  private environmentOf(): ReadonlyMap<string, string> {
    const env = new Map<string, string>([["PATH", standardPath], ["HOSTNAME", this.hostname]]);
    for (const name of Object.keys(this.options.config.image.env)) env.set(name, this.options.config.image.env[name] as string);
    for (const { name, value } of this.options.config.env) env.set(name, value);
    if (!env.has("HOME")) env.set("HOME", this.user === 0 ? "/root" : "/");
    if (this.options.config.tty) env.set("TERM", "xterm");
    return env;
  }

  private rootFolder(image: FolderInode): FolderInode {
    return folderInode({ base: image });
  }

  private mounts(): FileMount[] {
    const { config, sandbox, host } = this.options;
    const mounts: FileMount[] = sandbox.etcFiles.map(([name, inode]) => ({ path: `/etc/${name}`, inode, readOnly: false }));
    const proc = childOf(this.options.image.root, "proc");
    mounts.push({ path: "/sys/fs/cgroup", inode: controlGroupFolder(() => this.group()), readOnly: true });
    mounts.push({ path: "/proc", inode: processFolder(proc?.kind === "folder" ? proc : undefined, () => this.processes.values()), readOnly: true });
    // The kubelet's own file, which everybody may write.
    mounts.push({ path: config.terminationMessagePath, inode: fileInode("", this.environment.clock.now(), 0o666), readOnly: false });
    for (const mount of config.mounts) {
      const path = mount.containerPath.replace(/\/+$/, "") || "/";
      const inode = host.files.inodeAt(mount.hostPath, { forChange: !mount.readOnly });
      if (!inode) throw new Error(`failed to generate container "${this.id}" spec: failed to generate spec: failed to stat "${mount.hostPath}": stat ${mount.hostPath}: no such file or directory`);
      const { memoryBytesMax } = mount;
      if (memoryBytesMax !== undefined && inode.kind === "folder") this.inMemory.add(inode);
      mounts.push({ path, inode, readOnly: mount.readOnly, ...(memoryBytesMax === undefined ? {} : { memory: { bytesMax: memoryBytesMax, grew: (bytes) => this.charge(bytes) } }) });
    }
    mounts.push({ path: "/proc/mounts", inode: generatedFile(() => this.mountTable()), readOnly: true });
    return mounts;
  }

  /** As the kernel lists what is mounted: volumes of the API that hold secrets and those that are asked for so are in memory, all others on the machine's disk. */
  private mountTable(): string {
    const { config, sandbox } = this.options;
    const disk = (path: string, readOnly: boolean): string => `/dev/vda1 ${path} ext4 ${readOnly ? "ro" : "rw"},relatime 0 0`;
    const volumes = config.mounts.map(({ containerPath, hostPath, readOnly, memoryBytesMax }) => {
      const isInMemory = memoryBytesMax !== undefined || /kubernetes\.io~(secret|projected)\//.test(hostPath);
      const kibibytes = Math.min(machineKibibytes, Math.ceil((memoryBytesMax ?? Infinity) / 1024));
      return isInMemory ? `tmpfs ${containerPath} tmpfs ${readOnly ? "ro" : "rw"},relatime,size=${kibibytes}k,noswap 0 0` : disk(containerPath, readOnly);
    });
    const own = ["proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0", "tmpfs /dev tmpfs rw,nosuid,size=65536k,mode=755 0 0", "sysfs /sys sysfs ro,nosuid,nodev,noexec,relatime 0 0"];
    return [`overlay / overlay ${config.readOnlyRootFilesystem ? "ro" : "rw"},relatime 0 0`, ...own, ...sandbox.etcFiles.map(([name]) => disk(`/etc/${name}`, false)), ...volumes, ""].join("\n");
  }
}
