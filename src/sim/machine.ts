import type { Node } from "../api/types/core-v1.ts";
import type { Environment } from "../base/environment.ts";
import { StatusError } from "../base/status-error.ts";
import { podRangePrefix } from "../api/core/pod-ranges.ts";
import type { MachineSpec } from "../api/sim/types.ts";
import type { Client, Watch, WatchHandler, WatchQuery } from "../client/client.ts";
import type { KindRef, KubeObject } from "../api/kind-ref.ts";
import { Kubelet } from "../kubelet/kubelet.ts";
import { capacityOf } from "../kubelet/node-object.ts";
import type { NodeFacts } from "../kubelet/node-object.ts";
import { amountOf } from "../placement/resources.ts";
import type { NodeAgent } from "../server/node-agent.ts";
import { parseResolvConf, resolverConfigOf } from "../dns/search.ts";
import type { ClusterDns } from "../dns/search.ts";
import { machineResolvConf } from "./files/userland.ts";
import type { Registry } from "./images/registry.ts";
import type { SimulatedNetwork } from "./network.ts";
import { MachineShell } from "./node-shell/machine-shell.ts";
import { SimulatedNodeNetwork } from "./node-network.ts";
import { SimulatedRuntime } from "./runtime.ts";

export interface MachineOptions {
  readonly name: string;
  /** Decides the addresses: 172.18.0.2 and up, Pods 10.244.N.0/24. */
  readonly index: number;
  readonly environment: Environment;
  /** Under the identity of the node. */
  readonly client: Client;
  /** Shared by all machines of a cluster. */
  readonly images: Registry;
  readonly network: SimulatedNetwork;
  readonly spec: MachineSpec;
}

/** How Pods resolve names. */
const clusterDns: ClusterDns = { domain: "cluster.local", addresses: ["10.96.0.10"], node: parseResolvConf(machineResolvConf) };

/** Address of the machine with this index on the network of nodes. */
export function machineAddress(index: number): string {
  const host = index + 2;
  return `172.18.${Math.floor(host / 256)}.${host % 256}`;
}

/**
 * One simulated machine: a disk, a container runtime and a kubelet. Off means off: heartbeats cease and containers die with it;
 * the disk stays. Partitioned means that everything goes on, but nobody outside hears or reaches it.
 */
export class SimulatedMachine {
  private readonly options: MachineOptions;
  private readonly link: Link;
  private readonly facts: NodeFacts;
  private readonly runtime: SimulatedRuntime;
  private readonly probing: SimulatedNodeNetwork;
  private kubelet: Kubelet | undefined;
  private kubeletSince: number | undefined;
  private isPowered = false;
  private ownShell: MachineShell | undefined;
  private wasOff = false;

  constructor(options: MachineOptions) {
    this.options = options;
    const { name, index, environment, spec } = options;
    this.link = new Link(options.client, environment);
    this.facts = { name, addresses: [machineAddress(index)], labels: spec.labels ?? {}, taints: spec.taints ?? [], capacity: spec.capacity ?? {}, podCIDR: `${podRangePrefix(index)}.0/24` };
    const capacity = capacityOf(this.facts);
    this.runtime = new SimulatedRuntime({
      shared: { environment, network: options.network, images: options.images, shells: options.images.shellsOf(environment), machineBase: options.images.machineBase },
      node: name,
      nodeIp: machineAddress(index),
      podPrefix: podRangePrefix(index),
      zone: spec.labels?.["topology.kubernetes.io/zone"] ?? "",
      cpus: amountOf("cpu", capacity["cpu"] ?? "4") / 1000,
      memoryBytes: amountOf("memory", capacity["memory"] ?? "0"),
      random: environment.random.fork(`machine/${name}`),
      enter: async (process, argv) => this.shell?.enter(process, argv),
    });
    this.probing = new SimulatedNodeNetwork({ environment, network: options.network, node: name, nodeIp: machineAddress(index) });
  }

  /** Tells the kubelet what has become of its Node object. */
  nodeChanged(node: Node): void {
    if (!this.link.severed) this.kubelet?.nodeChanged(node);
  }

  /** Answers about the containers of the machine; undefined when it does not answer. */
  get agent(): NodeAgent | undefined {
    return this.link.severed ? undefined : this.kubelet;
  }

  /** A shell on the machine; undefined without power. */
  get shell(): MachineShell | undefined {
    if (!this.isPowered) return undefined;
    const { name, index, environment, network, images } = this.options;
    return (this.ownShell ??= new MachineShell({
      environment,
      random: environment.random.fork(`shell/${name}`),
      shells: images.shellsOf(environment),
      state: {
        name, ip: machineAddress(index), podPrefix: podRangePrefix(index), cluster: network, proxy: this.runtime.proxy, host: this.runtime.host, runtime: this.runtime,
        kubeletSince: () => this.kubeletSince, kubelet: { start: () => this.startKubelet(), stop: () => this.stopKubelet() },
      },
    }));
  }

  get isOn(): boolean {
    return this.isPowered;
  }

  powerOn(): void {
    if (this.isPowered) return;
    this.isPowered = true;
    if (this.wasOff) this.runtime.regainPower();
    this.startKubelet();
  }

  /** What runs on the machine goes on without it. */
  private stopKubelet(): void {
    this.kubelet?.stop();
    this.kubelet = undefined;
    this.kubeletSince = undefined;
  }

  private startKubelet(): void {
    if (this.kubelet || !this.isPowered) return;
    const { environment } = this.options;
    const kubelet = new Kubelet({
      environment, client: this.link, facts: this.facts, runtime: this.runtime, files: this.runtime.host, network: this.probing, images: () => this.runtime.images.list(),
      resolver: (pod) => resolverConfigOf(pod, clusterDns), clusterDomain: clusterDns.domain, bootedAt: this.runtime.host.bootedAt,
    });
    this.runtime.images.onChange(() => kubelet.imagesChanged());
    this.kubelet = kubelet;
    this.kubeletSince = environment.clock.now();
  }

  powerOff(): void {
    if (!this.isPowered) return;
    this.isPowered = false;
    this.wasOff = true;
    this.stopKubelet();
    this.ownShell?.lose();
    this.ownShell = undefined;
    this.runtime.losePower();
  }

  /** The machine is taken away for good. */
  remove(): void {
    this.powerOff();
    const { name, index, network } = this.options;
    network.removeNode(name, { ip: machineAddress(index), podPrefix: podRangePrefix(index) });
  }

  setNetwork(state: "Connected" | "Partitioned"): void {
    const severed = state === "Partitioned";
    this.options.network.setSevered(this.options.name, severed);
    this.link.setSevered(severed);
  }
}

/** The machine's line to the API server: cut, requests fail and watches end. */
class Link implements Client {
  severed = false;
  private readonly client: Client;
  private readonly environment: Environment;
  private readonly watches = new Set<() => void>();

  constructor(client: Client, environment: Environment) {
    this.client = client;
    this.environment = environment;
  }

  setSevered(severed: boolean): void {
    if (severed === this.severed) return;
    this.severed = severed;
    if (severed) for (const end of [...this.watches]) end();
  }

  get: Client["get"] = (kind, name) => this.through(() => this.client.get(kind, name));
  list: Client["list"] = (kind, options) => this.through(() => this.client.list(kind, options));
  create: Client["create"] = (kind, object, options) => this.through(() => this.client.create(kind, object, options));
  update: Client["update"] = (kind, object, options) => this.through(() => this.client.update(kind, object, options));
  patch: Client["patch"] = (kind, name, patch, options) => this.through(() => this.client.patch(kind, name, patch, options));
  delete: Client["delete"] = (kind, name, options) => this.through(() => this.client.delete(kind, name, options));
  deleteCollection: Client["deleteCollection"] = (kind, options) => this.through(() => this.client.deleteCollection(kind, options));
  request: Client["request"] = (request) => this.through(() => this.client.request(request));

  watch<T extends KubeObject>(kind: KindRef<T>, options: WatchQuery, handler: WatchHandler<T>): Watch {
    if (this.severed) {
      this.environment.runner.post(() => handler.ended("closed"));
      return { stop: () => undefined };
    }
    const inner = this.client.watch(kind, options, handler);
    const end = (): void => {
      this.watches.delete(end);
      inner.stop();
      this.environment.runner.post(() => handler.ended("closed"));
    };
    this.watches.add(end);
    return {
      stop: () => {
        this.watches.delete(end);
        inner.stop();
      },
    };
  }

  private async through<T>(call: () => Promise<T>): Promise<T> {
    if (this.severed) throw new StatusError({ code: 503, reason: "ServiceUnavailable", message: "the server cannot be reached: network is unreachable" });
    return call();
  }
}
