import { quantityValue } from "../base/quantity.ts";
import { amountOf } from "../placement/resources.ts";
import type { Environment, Random } from "../base/environment.ts";
import type {
  ContainerConfig, ContainerInfo, ContainerRuntime, ContainerStats, ImageInfo, RuntimeAttach, RuntimeExec, RuntimeLog, SandboxConfig, SandboxInfo,
} from "../kubelet/runtime.ts";
import { SimulatedContainer } from "./container.ts";
import type { SandboxWorld } from "./container.ts";
import { etcFilesOf } from "./files/etc-files.ts";
import type { FolderInode } from "./files/inode.ts";
import { SimulatedHost } from "./host.ts";
import { ImageStore } from "./image-store.ts";
import type { Registry } from "./images/registry.ts";
import { invalidName } from "./images/registry.ts";
import type { PortClient, PortConnection } from "../server/request.ts";
import { serveConnection } from "./http-bytes.ts";
import type { SimulatedNetwork } from "./network.ts";
import { ConnectError } from "./network.ts";
import type { ImageState, RuntimeState, SandboxState } from "./node-shell/machine-state.ts";
import type { MachineFacts, ProcessSpace } from "./process.ts";
import { NodeProxy } from "./services/node-proxy.ts";
import type { Shells } from "./shell/shells.ts";
import { Uptime } from "./uptime.ts";
import { runsScripts } from "./userland.ts";

/*
 * How long things take, in cluster time, drawn from the machine's random stream: sandboxes and containers start in tens of
 * milliseconds (containerd on an idle machine: 20 to 100).
 */
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
  /** The way into the machine from a container that has its root. */
  readonly enter: MachineFacts["enter"];
}

/** The container runtime of one simulated machine. */
export class SimulatedRuntime implements ContainerRuntime, RuntimeState {
  readonly host: SimulatedHost;
  /** The service rules of the machine's kernel. */
  readonly proxy: NodeProxy;
  readonly images: ImageStore;
  private readonly options: RuntimeOptions;
  private readonly environment: Environment;
  private readonly random: Random;
  private readonly uptime: Uptime;
  private readonly sandboxes = new Map<string, Sandbox>();
  private readonly containers = new Map<string, SimulatedContainer>();
  private readonly usedIps = new Set<number>();
  private listener: ((containerId: string, podUid: string) => void) | undefined;
  private lastIp = 1;

  constructor(options: RuntimeOptions) {
    this.options = options;
    this.environment = options.shared.environment;
    this.random = options.random;
    this.host = new SimulatedHost({
      hostname: options.node,
      ip: options.nodeIp,
      environment: this.environment,
      base: options.shared.machineBase,
      cpus: options.cpus,
      memoryBytes: options.memoryBytes,
      logged: () => this.containers.values(),
    });
    const { network, images } = options.shared;
    this.uptime = new Uptime(this.environment, this.random);
    this.images = new ImageStore({ environment: this.environment, registry: images, uptime: this.uptime });
    this.proxy = new NodeProxy({ node: options.node, zone: options.zone ?? "", ip: options.nodeIp, services: network.services });
    network.addNode(options.node, { ip: options.nodeIp, podPrefix: options.podPrefix, proxy: this.proxy });
  }

  async runSandbox(config: SandboxConfig): Promise<SandboxInfo> {
    await this.uptime.takes(sandboxMsMin, sandboxMsSpread);
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
      etcFiles: etcFilesOf(config, hostname, ip),
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

  pullImage(image: string): Promise<ImageInfo> {
    return this.images.pull(image);
  }

  imageStatus(image: string): ImageInfo | undefined {
    return this.images.info(image);
  }

  imageNameProblem(image: string): string | undefined {
    return invalidName(image)?.message;
  }

  listSandboxes(): readonly SandboxState[] {
    return [...this.sandboxes.values()];
  }

  listContainers(): readonly SimulatedContainer[] {
    return [...this.containers.values()];
  }

  removeImage(id: string): boolean {
    return this.images.remove(id);
  }

  imageStates(): readonly ImageState[] {
    return this.images.states();
  }

  updateContainer(containerId: string, limits: { readonly [resource: string]: string }): Promise<void> {
    const { memory, cpu } = limits;
    this.containers.get(containerId)?.limit({ memoryBytes: memory === undefined ? undefined : quantityValue(memory), cpuMillis: cpu === undefined ? undefined : amountOf("cpu", cpu) });
    return Promise.resolve();
  }

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    const sandbox = this.sandboxes.get(sandboxId);
    if (!sandbox || sandbox.stopped) throw new Error(`failed to find sandbox "${sandboxId}"`);
    const image = this.images.told(config.image.reference);
    if (!image) throw new Error(`failed to find image "${config.image.reference}": not found`);
    const { shared, node } = this.options;
    if (config.argv.length === 0) throw new Error("failed to generate container spec: no command specified");
    if (image.image.userland && runsScripts(config.argv)) shared.shells.prepare();
    const id = this.newId();
    const space = this.spaceOf(config, sandbox);
    const container = new SimulatedContainer({
      ...(space === undefined ? {} : { space }),
      id, config, image, sandbox, host: this.host, node, network: shared.network, shells: shared.shells, environment: this.environment, random: this.random, proxy: this.proxy, enter: this.options.enter,
      changed: () => this.uptime.post(() => this.listener?.(id, sandbox.podUid)),
    });
    this.containers.set(id, container);
    sandbox.containers.add(id);
    return id;
  }

  async startContainer(containerId: string): Promise<void> {
    this.container(containerId);
    await this.uptime.takes(startMsMin, startMsSpread);
    // Whoever asked may be gone by now, and have taken it along.
    this.container(containerId).start();
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

  containerDiskBytes(containerId: string): number | undefined {
    return this.containers.get(containerId)?.diskBytes();
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

  onContainerChange(listener: (containerId: string, podUid: string) => void): void {
    this.listener = listener;
  }

  /** Power is gone: containers die without a word, sandboxes and addresses with them. Files and images stay. */
  losePower(): void {
    this.uptime.losePower();
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

  private spaceOf({ processesWith }: ContainerConfig, sandbox: Sandbox): ProcessSpace | undefined {
    return processesWith === "sandbox" ? (sandbox.space ??= { processes: new Map(), last: 1 }) : processesWith && this.containers.get(processesWith.containerId)?.space;
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
}
