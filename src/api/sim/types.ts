/**
 * Group `sim.coracle.dev/v1alpha1`: time and machines as API objects, so that command line, page, library and kubectl act on
 * them through one door and leave a trace in the history. Both kinds are cluster-scoped.
 */
import type { KubeObject } from "../kind-ref.ts";
import type { Taint } from "../types/core-v1.ts";

/** The cluster's clock; there is one, named `cluster`, and only with a virtual clock. */
export interface Clock extends KubeObject {
  readonly spec: ClockSpec;
  readonly status: ClockStatus;
}

export interface ClockSpec {
  /** Go to this instant (never backwards) and stop there. Unset: time follows `speed`. */
  readonly at?: string;
  /** Virtual seconds for each second of the machine; 0 stands still. */
  readonly speed?: number;
  /** True holds time where it is, whatever `at` and `speed` say. */
  readonly paused?: boolean;
}

export interface ClockStatus {
  /** The instant reached, with nothing left to do before it. */
  readonly now?: string;
}

/** One simulated machine. The Node object is the only record of the node itself; this machine's kubelet registers it. */
export interface Machine extends KubeObject {
  readonly spec: MachineSpec;
  readonly status: MachineStatus;
}

export interface MachineSpec {
  /** What the machine has: cpu, memory, pods, ephemeral-storage … */
  readonly capacity?: { readonly [resource: string]: string };
  /** Labels and taints that its kubelet registers the Node with. */
  readonly labels?: { readonly [key: string]: string };
  readonly taints?: readonly Taint[];
  readonly power?: "On" | "Off";
  readonly network?: "Connected" | "Partitioned";
}

export interface MachineStatus {
  /** What the machine is now; follows `spec.power` once its processes are gone or its kubelet is up. */
  readonly power?: "On" | "Off";
  readonly address?: string;
  /** Name of the Node that its kubelet has registered. */
  readonly nodeName?: string;
}
