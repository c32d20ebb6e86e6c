import type { ImageInfo } from "../../kubelet/runtime.ts";
import type { SimulatedContainer } from "../container.ts";
import type { SimulatedHost } from "../host.ts";
import type { SimulatedNetwork } from "../network.ts";
import type { NodeProxy } from "../services/node-proxy.ts";

/** What the commands of a node's shell look at. */
export interface MachineState {
  readonly name: string;
  readonly ip: string;
  /** First three numbers of its Pods' addresses. */
  readonly podPrefix: string;
  readonly cluster: SimulatedNetwork;
  readonly proxy: NodeProxy;
  readonly host: SimulatedHost;
  readonly runtime: RuntimeState;
  /** When its kubelet was started; undefined: it does not run. */
  readonly kubeletSince: () => number | undefined;
  /** Its service; the containers go on without it. */
  readonly kubelet: { start(): void; stop(): void };
}

export interface SandboxState {
  readonly id: string;
  readonly podUid: string;
  readonly namespace: string;
  readonly pod: string;
  readonly hostname: string;
  readonly ip: string;
  readonly hostNetwork: boolean;
  readonly stopped: boolean;
  readonly createdAt: number;
  readonly containers: ReadonlySet<string>;
}

export interface ImageState {
  readonly repository: string;
  readonly tag: string;
  /** Without `sha256:`. */
  readonly id: string;
  readonly sizeBytes: number;
  /** Of its manifest, with `sha256:`. */
  readonly digest: string;
}

export interface RuntimeState {
  listSandboxes(): readonly SandboxState[];
  listContainers(): readonly SimulatedContainer[];
  imageStates(): readonly ImageState[];
  /** Rejects with ImageError. */
  pullImage(reference: string): Promise<ImageInfo>;
  /** False: nobody has it. */
  removeImage(id: string): boolean;
  stopContainer(id: string, graceMs: number): Promise<void>;
  removeContainer(id: string): Promise<void>;
}

/** A process id of the machine for what has this id: the same whenever somebody looks. */
export function pidOf(id: string): number {
  return 1000 + (Number.parseInt(id.slice(0, 6), 16) % 60_000);
}

/** The first process of a container, or the pause process of a sandbox; what the id itself stands for is the shim, or nothing. */
export const mainPidOf = (id: string): number => pidOf(id) + 1;

export const kubeletPid = 240;
export const containerdPid = 108;
