import type { Environment, Random } from "../base/environment.ts";
import type {
  ContainerConfig, ContainerInfo, ContainerRuntime, ContainerStats, ImageInfo, NodeNetwork, RuntimeAttach, RuntimeExec, RuntimeLog, SandboxConfig, SandboxInfo,
} from "../kubelet/runtime.ts";
import { SimulatedContainer } from "./container.ts";
import type { SandboxWorld } from "./container.ts";
import { resolvConfText } from "../dns/search.ts";
import type { FolderInode, Inode } from "./files/inode.ts";
import { generatedFile } from "./files/inode.ts";
import { SimulatedHost } from "./host.ts";
import { machineResolvConf } from "./files/userland.ts";
import type { FoundImage, Registry } from "./images/registry.ts";
import { invalidName } from "./images/registry.ts";
import { digestOf, imageIdOf, parseReference, printReference, repositoryOf } from "./images/reference.ts";
import type { PortClient, PortConnection } from "../server/request.ts";
import { serveConnection } from "./http-bytes.ts";
import type { SimulatedNetwork } from "./network.ts";
import { ConnectError } from "./network.ts";
import type { ImageState, RuntimeState, SandboxState } from "./node-shell/machine-state.ts";
import type { ProcessSpace } from "./process.ts";
import { NodeProxy } from "./services/node-proxy.ts";
import type { Shells } from "./shell/shells.ts";

/*
 * How long things take, in cluster time, drawn from the machine's random stream. A resolve of a tag against a registry takes
 * 100 to 250 ms and a layer comes at 100 MB/s; sandboxes and containers start in tens of milliseconds (containerd on an idle
 * machine: 20 to 100).
 */
const resolveMsMin = 100;
const resolveMsSpread = 150;
const pullBytesPerMs = 100_000;
const sandboxMsMin = 20;
const sandboxMsSpread = 30;
const startMsMin = 10;
const startMsSpread = 20;

/** What all machines of a cluster share. */
export interface SharedWorld {
  readonly environment: Environment;
  readonly network: SimulatedNetwork;
  readonly images: Registry;
  readonly shells: Shells;
  readonly machineBase: FolderInode;
}

interface Sandbox extends SandboxWorld {
  readonly id: string;
  stopped: boolean;
  readonly createdAt: number;
  readonly containers: Set<string>;
  /** Of its containers that see each other's processes; the sandbox's own process has the first id. */
  space?: ProcessSpace;
}

export interface RuntimeOptions {
  readonly shared: SharedWorld;
  readonly node: string;
  readonly nodeIp: string;
  /** First three numbers of the machine's Pod range: `10.244.1`. */
  readonly podPrefix: string;
  /** Its `topology.kubernetes.io/zone`. */
  readonly zone?: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly random: Random;
}

/** The container runtime of one simulated machine. */
export class SimulatedRuntime implements ContainerRuntime, NodeNetwork, RuntimeState {
  readonly host: SimulatedHost;
  /** The service rules of the machine's kernel. */
  readonly proxy: NodeProxy;
  private readonly options: RuntimeOptions;
  private readonly environment: Environment;
  private readonly random: Random;
  private readonly sandboxes = new Map<string, Sandbox>();
  private readonly containers = new Map<string, SimulatedContainer>();
  private readonly pulled = new Map<string, FoundImage>();
  /** What has been told of, by the reference under which it was. */
  private readonly described = new Map<string, FoundImage>();
  private readonly usedIps = new Set<number>();
  private listener: ((containerId: string) => void) | undefined;
  private imagesListener: (() => void) | undefined;
  private lastIp = 1;
  /** Grows with each loss of power: what was under way before it does nothing more. */
  private life = 0;

  constructor(options: RuntimeOptions) {
    this.options = options;
    this.environment = options.shared.environment;
    this.random = options.random;
    this.host = new SimulatedHost({
      environment: this.environment,
      base: options.shared.machineBase,
      cpus: options.cpus,
      memoryBytes: options.memoryBytes,
      logged: () => this.containers.values(),
    });
    const { network } = options.shared;
    this.proxy = new NodeProxy({ node: options.node, zone: options.zone ?? "", ip: options.nodeIp, services: network.services });
    for (const found of options.shared.images.preloaded()) this.pulled.set(printReference(found.reference), found);
    network.addNode(options.node, { ip: options.nodeIp, podPrefix: options.podPrefix, proxy: this.proxy });
  }

  async runSandbox(config: SandboxConfig): Promise<SandboxInfo> {
    await this.takes(sandboxMsMin, sandboxMsSpread);
    const { shared, node, nodeIp, podPrefix } = this.options;
    let ip = nodeIp;
    if (!config.hostNetwork) {
      const last = this.freeIp();
      if (last === undefined) throw new Error(`failed to set up sandbox network: plugin type="coracle-net" failed (add): no IP addresses available in range ${podPrefix}.0/24`);
      this.usedIps.add(last);
      ip = `${podPrefix}.${last}`;
      shared.network.addEndpoint(ip, node);
    }
    const id = this.newId();
    const hostname = config.hostNetwork ? node : config.hostname;
    this.sandboxes.set(id, {
      id, podUid: config.podUid, namespace: config.namespace, pod: config.name, hostname, ip, hostNetwork: config.hostNetwork, stopped: false, createdAt: this.environment.clock.now(), containers: new Set(),
      etcFiles: this.etcFiles(config, hostname, ip),
    });
    return { id, ips: [ip] };
  }

  async stopSandbox(sandboxId: string): Promise<void> {
    const sandbox = this.sandboxes.get(sandboxId);
    if (!sandbox || sandbox.stopped) return;
    sandbox.stopped = true;
    await Promise.all([...sandbox.containers].map((id) => this.containers.get(id)?.stop(0) ?? Promise.resolve()));
    this.releaseIp(sandbox);
  }

  async removeSandbox(sandboxId: string): Promise<void> {
    const sandbox = this.sandboxes.get(sandboxId);
    if (!sandbox) return;
    await this.stopSandbox(sandboxId);
    for (const id of sandbox.containers) this.containers.delete(id);
    this.sandboxes.delete(sandboxId);
  }

  async pullImage(image: string): Promise<ImageInfo> {
    const begun = this.environment.clock.now();
    const parsed = parseReference(image);
    if (typeof parsed !== "string") await this.takes(resolveMsMin, resolveMsSpread);
    const found = this.options.shared.images.find(image);
    const reference = printReference(found.reference);
    if (!this.pulled.has(reference)) {
      await this.wait(Math.round(found.image.sizeBytes / pullBytesPerMs));
      this.pulled.set(reference, found);
      this.imagesListener?.();
    }
    return this.describe(found, this.environment.clock.now() - begun);
  }

  imageStatus(image: string): ImageInfo | undefined {
    let found;
    try {
      found = this.options.shared.images.find(image);
    } catch {
      return undefined;
    }
    return this.pulled.has(printReference(found.reference)) ? this.describe(found, 0) : undefined;
  }

  imageNameProblem(image: string): string | undefined {
    return invalidName(image)?.message;
  }

  listImages(): readonly { readonly names: readonly string[]; readonly sizeBytes: number }[] {
    return [...this.pulled].map(([reference, found]) => ({ names: [this.describe(found, 0).id, reference], sizeBytes: found.image.sizeBytes }));
  }

  listSandboxes(): readonly SandboxState[] {
    return [...this.sandboxes.values()];
  }

  listContainers(): readonly SimulatedContainer[] {
    return [...this.containers.values()];
  }

  imageStates(): readonly ImageState[] {
    return [...this.pulled.values()].map(({ reference, image }) => ({ repository: repositoryOf(reference), tag: reference.tag, id: imageIdOf(reference), sizeBytes: image.sizeBytes }));
  }

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    const sandbox = this.sandboxes.get(sandboxId);
    if (!sandbox || sandbox.stopped) throw new Error(`failed to find sandbox "${sandboxId}"`);
    const image = this.described.get(config.image.reference);
    if (!image) throw new Error(`failed to find image "${config.image.reference}": not found`);
    const { shared, node } = this.options;
    if (config.argv.length === 0) throw new Error("failed to generate container spec: no command specified");
    if (image.image.userland) shared.shells.prepare();
    const id = this.newId();
    const space = this.spaceOf(config, sandbox);
    const container = new SimulatedContainer({
      ...(space === undefined ? {} : { space }),
      id, config, image, sandbox, host: this.host, node, network: shared.network, shells: shared.shells, environment: this.environment, random: this.random, proxy: this.proxy,
      changed: () => this.changed(id),
    });
    this.containers.set(id, container);
    sandbox.containers.add(id);
    return id;
  }

  async startContainer(containerId: string): Promise<void> {
    const container = this.container(containerId);
    await this.takes(startMsMin, startMsSpread);
    container.start();
  }

  async stopContainer(containerId: string, graceMs: number): Promise<void> {
    await this.containers.get(containerId)?.stop(graceMs);
  }

  async removeContainer(containerId: string): Promise<void> {
    const container = this.containers.get(containerId);
    if (!container) return;
    await container.stop(0);
    this.containers.delete(containerId);
    for (const sandbox of this.sandboxes.values()) sandbox.containers.delete(containerId);
  }

  containerStatus(containerId: string): ContainerInfo | undefined {
    return this.containers.get(containerId)?.info;
  }

  containerStats(containerId: string): ContainerStats | undefined {
    return this.containers.get(containerId)?.stats();
  }

  log(containerId: string): RuntimeLog | undefined {
    return this.containers.get(containerId)?.log;
  }

  exec(containerId: string, options: RuntimeExec): Promise<number> {
    return this.container(containerId).exec(options);
  }

  attach(containerId: string, options: RuntimeAttach): Promise<void> {
    return this.container(containerId).attach(options);
  }

  async portForward(sandboxId: string, port: number, client: PortClient): Promise<PortConnection> {
    const sandbox = this.sandboxes.get(sandboxId);
    if (!sandbox || sandbox.stopped) throw new Error(`failed to find sandbox "${sandboxId}" in store: not found`);
    const { shared, node } = this.options;
    try {
      const { listener } = shared.network.connect({ node, from: sandbox.ip, ip: sandbox.ip, port, isLoopback: true });
      return serveConnection({ listener, port, from: "127.0.0.1", client });
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      const where = `failed to execute portforward in network namespace "/var/run/netns/cni-${sandboxId.slice(0, 8)}": failed to connect to localhost:${port} inside namespace "${sandboxId}", IPv4: dial tcp4 127.0.0.1:${port}: connect: connection refused IPv6 dial tcp6 [::1]:${port}: connect: connection refused `;
      throw new Error(where, { cause: error });
    }
  }

  onContainerChange(listener: (containerId: string) => void): void {
    this.listener = listener;
  }

  /** Called after an image has come or gone. */
  onImagesChange(listener: () => void): void {
    this.imagesListener = listener;
  }

  async httpGet(options: Parameters<NodeNetwork["httpGet"]>[0]): Promise<{ status: number; body: string }> {
    const { ip, port, path, headers, timeoutMs, scheme } = options;
    const failed = (why: string): string => `Get "${scheme.toLowerCase()}://${ip}:${port}${path}": ${why}`;
    const late = (): string => failed("context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
    const reached = this.reach(ip, port, failed);
    if (!reached) return this.tooLate(timeoutMs, late);
    const { listener, from } = reached;
    if (!listener.http) throw new Error(failed("EOF"));
    const host = headers["host"] ?? `${ip}:${port}`;
    const answer = listener.http({ method: "GET", path, host, headers: { host, ...headers }, body: "" }, from);
    return new Promise((resolve, reject) => {
      const timer = this.environment.clock.after(timeoutMs, () => reject(new Error(late())));
      answer.then(
        (response) => {
          timer.cancel();
          resolve(response);
        },
        (error: unknown) => {
          timer.cancel();
          reject(error);
        },
      );
    });
  }

  async tcpConnect({ ip, port, timeoutMs }: Parameters<NodeNetwork["tcpConnect"]>[0]): Promise<void> {
    if (!this.reach(ip, port, (why) => why)) await this.tooLate(timeoutMs, () => `dial tcp ${ip}:${port}: i/o timeout`);
  }

  /** Power is gone: containers die without a word, sandboxes and addresses with them. Files and images stay. */
  losePower(): void {
    this.life++;
    for (const container of this.containers.values()) container.lose();
    for (const sandbox of this.sandboxes.values()) {
      sandbox.stopped = true;
      this.releaseIp(sandbox);
    }
    this.options.shared.network.removeEndpoint(this.options.nodeIp);
    this.proxy.reset();
    this.listener = undefined;
  }

  regainPower(): void {
    this.host.bootedAt = this.environment.clock.now();
    this.options.shared.network.addEndpoint(this.options.nodeIp, this.options.node);
  }

  /** Undefined: nothing answers, and who asks runs into his time-out. Throws when the connection is refused. */
  private reach(ip: string, port: number, failed: (why: string) => string) {
    try {
      return this.options.shared.network.connect({ node: this.options.node, from: this.options.nodeIp, ip, port });
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      if (error.failure === "refused") throw new Error(failed(`dial tcp ${ip}:${port}: connect: connection refused`));
      return undefined;
    }
  }

  private async tooLate(timeoutMs: number, why: () => string): Promise<never> {
    await this.environment.clock.sleep(timeoutMs);
    throw new Error(why());
  }

  private describe(found: FoundImage, pullMs: number): ImageInfo {
    const reference = printReference(found.reference);
    const { image } = found;
    const digest = found.reference.digest ?? digestOf(reference);
    const told = found.reference.digest === undefined ? reference : digestOf(`config/${reference}`);
    this.described.set(told, found);
    return {
      id: `${repositoryOf(found.reference)}@${digest}`,
      reference: told,
      sizeBytes: image.sizeBytes,
      entrypoint: image.entrypoint,
      command: image.command,
      env: image.env,
      workingDir: image.workingDir,
      pullMs,
    };
  }

  private etcFiles(config: SandboxConfig, hostname: string, ip: string): SandboxWorld["etcFiles"] {
    const { dns, hostAliases, fullName } = config;
    const hosts = (): string => {
      const lines = ["# Kubernetes-managed hosts file.", "127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback", "fe00::\tip6-localnet", "fe00::\tip6-mcastprefix", "fe00::1\tip6-allnodes", "fe00::2\tip6-allrouters"];
      lines.push(fullName === undefined ? `${ip}\t${hostname}` : `${ip}\t${fullName}\t${hostname}`);
      if (hostAliases && hostAliases.length > 0) lines.push("", "# Entries added by HostAliases.", ...hostAliases.map((alias) => `${alias.ip}\t${alias.names.join("\t")}`));
      return `${lines.join("\n")}\n`;
    };
    const resolve = (): string => (dns ? resolvConfText(dns) : machineResolvConf);
    const files: [string, Inode][] = [["hosts", generatedFile(hosts, 0o644)], ["hostname", generatedFile(() => `${hostname}\n`, 0o644)], ["resolv.conf", generatedFile(resolve, 0o644)]];
    return files;
  }

  private spaceOf({ processesWith }: ContainerConfig, sandbox: Sandbox): ProcessSpace | undefined {
    return processesWith === "sandbox" ? (sandbox.space ??= { processes: new Map(), last: 1 }) : processesWith && this.containers.get(processesWith.containerId)?.space;
  }

  private changed(containerId: string): void {
    const { life } = this;
    this.environment.runner.post(() => {
      if (life === this.life) this.listener?.(containerId);
    });
  }

  private container(id: string): SimulatedContainer {
    const container = this.containers.get(id);
    if (!container) throw new Error(`an error occurred when try to find container "${id}": not found`);
    return container;
  }

  /** The next address of the range, so that one is not used again at once. */
  private freeIp(): number | undefined {
    for (let i = 0; i < 253; i++) {
      this.lastIp = this.lastIp >= 254 ? 2 : this.lastIp + 1;
      if (!this.usedIps.has(this.lastIp)) return this.lastIp;
    }
    return undefined;
  }

  private releaseIp(sandbox: Sandbox): void {
    if (sandbox.hostNetwork || !this.usedIps.delete(Number(sandbox.ip.split(".")[3]))) return;
    this.options.shared.network.removeEndpoint(sandbox.ip);
  }

  private newId(): string {
    let id = "";
    for (let i = 0; i < 8; i++) id += this.random.uint32().toString(16).padStart(8, "0");
    return id;
  }

  private takes(msMin: number, msSpread: number): Promise<void> {
    return this.wait(msMin + this.random.below(msSpread));
  }

  /** Cluster time passes; without power it never comes to an end. */
  private wait(ms: number): Promise<void> {
    const { life } = this;
    return new Promise((resolve) => {
      this.environment.clock.after(ms, () => {
        if (life === this.life) resolve();
      });
    });
  }
}
