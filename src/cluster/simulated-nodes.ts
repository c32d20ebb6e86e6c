import { isStatus } from "../base/status-error.ts";
import { isNodeReady } from "../api/core/node-ready.ts";
import { nodes as nodeKind } from "../api/kinds.ts";
import { machines } from "../api/sim/facts.ts";
import type { MachineSpec } from "../api/sim/types.ts";
import type { Client } from "../client/client.ts";
import type { Informers } from "../client/informer.ts";
import type { Nodes } from "./cluster.ts";
import { controlPlaneLabel, nodeName } from "./names.ts";

/** A condition of the cluster to wait for, as time goes on. */
export type Wait = (predicate: () => boolean, what: string) => Promise<void>;

/** The Machine of one node; the first is the control plane, tainted where there are others. */
export function machineFor(cluster: string, index: number, count: number): { name: string } & MachineSpec {
  const name = nodeName(cluster, index);
  if (index > 0) return { name };
  return {
    name,
    labels: { [controlPlaneLabel]: "", "node.kubernetes.io/exclude-from-external-load-balancers": "" },
    ...(count > 1 ? { taints: [{ key: controlPlaneLabel, effect: "NoSchedule" as const }] } : {}),
  };
}

/**
 * The library's way to machines: everything goes through Machine objects, as the command line and kubectl do it, and waits for what the
 * cluster makes of them.
 */
export class SimulatedNodes implements Nodes {
  private readonly cluster: string;
  private readonly client: Client;
  private readonly informers: Informers;
  private readonly wait: Wait;
  private readonly assertOpen: () => void;

  constructor(options: { cluster: string; client: Client; informers: Informers; wait: Wait; assertOpen: () => void }) {
    this.cluster = options.cluster;
    this.client = options.client;
    this.informers = options.informers;
    this.wait = options.wait;
    this.assertOpen = options.assertOpen;
  }

  async add(options: { name?: string } & MachineSpec = {}): Promise<string> {
    const name = await this.create(options);
    if (options.power !== "Off") await this.ready(name);
    return name;
  }

  /** Creates the Machine without waiting for its Node. */
  async create(options: { name?: string } & MachineSpec): Promise<string> {
    this.assertOpen();
    const { name = this.nextName(), ...spec } = options;
    await this.client.create(machines, { apiVersion: machines.apiVersion, kind: machines.kind, metadata: { name }, spec }, { fieldValidation: "Strict" });
    return name;
  }

  async remove(name: string): Promise<void> {
    this.assertOpen();
    await this.client.delete(machines, { name });
    await this.wait(() => !this.informers.of(machines).get(name), `machine ${name} to be gone`);
    try {
      await this.client.delete(nodeKind, { name });
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }

  async stop(name: string): Promise<void> {
    await this.power(name, "Off");
  }

  async start(name: string): Promise<void> {
    await this.power(name, "On");
    await this.ready(name);
  }

  async ready(name: string): Promise<void> {
    await this.wait(() => isNodeReady(this.informers.of(nodeKind).get(name)), `node ${name} to be Ready`);
  }

  private async power(name: string, power: "On" | "Off"): Promise<void> {
    this.assertOpen();
    await this.client.patch(machines, { name }, { type: "merge", body: { spec: { power } } });
    await this.wait(() => this.informers.of(machines).get(name)?.status.power === power, `machine ${name} to be ${power}`);
  }

  private nextName(): string {
    const taken = (name: string): boolean => this.informers.of(machines).get(name) !== undefined || this.informers.of(nodeKind).get(name) !== undefined;
    let index = 0;
    while (taken(nodeName(this.cluster, index))) index++;
    return nodeName(this.cluster, index);
  }
}

