import type { Environment } from "../base/environment.ts";
import { isStatus } from "../base/status-error.ts";
import { mayKubeletSetLabel } from "../api/core/node-labels.ts";
import { sameData } from "../api/equality.ts";
import { nodes as nodeKind } from "../api/kinds.ts";
import { machines as machineKind } from "../api/sim/facts.ts";
import type { Machine, MachineStatus } from "../api/sim/types.ts";
import type { Node } from "../api/types/core-v1.ts";
import type { Client } from "../client/client.ts";
import { InProcessClient } from "../client/in-process-client.ts";
import type { Informers } from "../client/informer.ts";
import { Reconciler } from "../client/reconciler.ts";
import { execSession } from "../kubelet/exec-session.ts";
import { apiPort } from "../server/bootstrap/objects.ts";
import type { ClusterNetwork, ForwardedRequest, ForwardedResponse } from "../server/cluster-network.ts";
import type { MachineConsole } from "../server/machine-console.ts";
import type { NodeAgent } from "../server/node-agent.ts";
import type { ApiServer } from "../server/request.ts";
import { SimulatedMachine, machineAddress } from "../sim/machine.ts";
import { listenAsGateway } from "../sim/gateway.ts";
import { ConnectError, SimulatedNetwork } from "../sim/network.ts";
import { ClusterServices } from "../sim/services/cluster-services.ts";
import type { Registry } from "../sim/images/registry.ts";
import { apiListener } from "./api-listener.ts";
import { nodeUser } from "./identities.ts";
import { tellOfProxies } from "./proxy-events.ts";

export interface MachinesOptions {
  readonly environment: Environment;
  readonly server: ApiServer;
  /** Writes the status of Machine objects. */
  readonly client: Client;
  readonly informers: Informers;
  readonly images: Registry;
}

/** Machines that are started together: all that are asked for, so that the cluster sees them come at once and not in a row. */
const machinesAtOnce = 100_000;

interface Running {
  readonly machine: SimulatedMachine;
  readonly index: number;
  readonly uid: string;
}

/** Keeps one simulated machine per Machine object, powered and connected as its spec says, and reports what it is. */
export class Machines implements ClusterNetwork {
  private readonly options: MachinesOptions;
  private readonly running = new Map<string, Running>();
  private readonly taken = new Set<number>();
  private lowestFree = 0;
  private readonly services: ClusterServices;
  private readonly network: SimulatedNetwork;
  private readonly reconciler: Reconciler;
  private readonly stopWatching: () => void;
  private readonly stopWatchingNodes: () => void;

  constructor(options: MachinesOptions) {
    this.options = options;
    const { environment } = options;
    this.services = new ClusterServices(options.informers, tellOfProxies(options));
    this.network = new SimulatedNetwork({ clock: environment.clock, chance: environment.random.fork("network"), services: this.services });
    listenAsGateway(this.network);
    this.reconciler = new Reconciler({ name: "machines", environment: options.environment, concurrency: machinesAtOnce, reconcile: (name) => this.reconcile(name) });
    this.stopWatching = options.informers.of(machineKind).onChange((current, previous) => {
      const machine = current ?? previous;
      if (machine && (!current || !previous || !sameData(current.spec, previous.spec))) this.reconciler.add(machine.metadata.name);
    });
    this.stopWatchingNodes = options.informers.of(nodeKind).onChange((current, previous) => {
      if (current && !previous) void this.label(current);
      else if (current && current.spec.unschedulable !== previous?.spec.unschedulable) this.running.get(current.metadata.name)?.machine.nodeChanged(current);
    });
  }

  /** The agent of a node, when it answers. */
  agentOf(nodeName: string): NodeAgent | undefined {
    return this.running.get(nodeName)?.machine.agent;
  }

  /** A shell on a machine, when it has power. */
  consoleOf(name: string): MachineConsole | undefined {
    const shell = this.running.get(name)?.machine.shell;
    return shell && { exec: (options, channels) => execSession((asked) => shell.run(asked), options, { channels, isRelayed: false }) };
  }

  /** A request from the API server, which runs beside the first machine. */
  async fetch({ ip, port, method, path, headers, body }: ForwardedRequest): Promise<ForwardedResponse> {
    const origin = machineAddress(0);
    try {
      const { listener, from } = this.network.connect({ node: undefined, from: origin, ip, port });
      if (!listener.http) throw new Error("EOF");
      const answer = await listener.http({ method, path, host: headers["host"] ?? ip, headers, body: new TextDecoder().decode(body) }, from);
      return { status: answer.status, headers: answer.headers, body: new TextEncoder().encode(answer.body) };
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      const why = error.failure === "refused" ? "connect: connection refused" : error.failure === "unreachable" ? "connect: no route to host" : "i/o timeout";
      throw new Error(`dial tcp ${ip}:${port}: ${why}`, { cause: error });
    }
  }

  stop(): void {
    this.stopWatching();
    this.stopWatchingNodes();
    this.reconciler.stop();
    for (const { machine } of this.running.values()) machine.powerOff();
    this.running.clear();
    this.services.stop();
  }

  private async reconcile(name: string): Promise<void> {
    const wanted = this.options.informers.of(machineKind).get(name);
    const there = this.running.get(name);
    if (there && there.uid !== wanted?.metadata.uid) this.release(name, there);
    if (!wanted) return;
    const { machine, index } = this.running.get(name) ?? this.build(wanted);
    machine.setNetwork(wanted.spec.network ?? "Connected");
    if ((wanted.spec.power ?? "On") === "On") machine.powerOn();
    else machine.powerOff();
    if (index === 0) this.network.listen(machineAddress(0), apiPort, apiListener(this.options.server));
    await this.report(wanted, { power: wanted.spec.power ?? "On", address: machineAddress(index), nodeName: name });
  }

  private build(wanted: Machine): Running {
    const { environment, server, images } = this.options;
    const { name, uid } = wanted.metadata;
    const index = this.freeIndex();
    const client = new InProcessClient({ server, environment, user: nodeUser(name), fieldManager: "kubelet" });
    const labels = Object.fromEntries(Object.entries(wanted.spec.labels ?? {}).filter(([key]) => mayKubeletSetLabel(key)));
    const machine = new SimulatedMachine({ name, index, environment, client, images, network: this.network, spec: { ...wanted.spec, labels } });
    const running: Running = { machine, index, uid };
    this.running.set(name, running);
    return running;
  }

  /** Puts on the labels that the machine's kubelet may not set on its own Node, as kubeadm does after a node has joined. */
  private async label(node: Node): Promise<void> {
    const wanted = this.options.informers.of(machineKind).get(node.metadata.name)?.spec.labels ?? {};
    const missing = Object.fromEntries(Object.entries(wanted).filter(([key]) => !mayKubeletSetLabel(key) && node.metadata.labels?.[key] === undefined));
    if (Object.keys(missing).length === 0) return;
    try {
      await this.options.client.patch(nodeKind, node.metadata, { type: "merge", body: { metadata: { labels: missing } } });
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }

  /** The lowest place that no machine has: it decides the addresses. */
  private freeIndex(): number {
    while (this.taken.has(this.lowestFree)) this.lowestFree++;
    this.taken.add(this.lowestFree);
    return this.lowestFree;
  }

  private release(name: string, { machine, index }: Running): void {
    machine.remove();
    this.running.delete(name);
    this.taken.delete(index);
    this.lowestFree = Math.min(this.lowestFree, index);
  }

  private async report(machine: Machine, status: MachineStatus): Promise<void> {
    if (sameData(machine.status, status)) return;
    try {
      await this.options.client.patch(machineKind, machine.metadata, { type: "merge", body: { status } }, { subresource: "status" });
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }
}
