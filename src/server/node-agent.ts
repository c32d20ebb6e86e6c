import type { ByteSink, Channels, PortClient, PortConnection } from "./request.ts";

/**
 * What the API server asks of the agent of a node: upstream's kubelet API on port 10250. The server finds an agent by node
 * name; the kubelet implements this. Errors are thrown as StatusError (NotFound, BadRequest, …) before anything is written.
 */
export interface NodeAgent {
  /** Writes a container's log; ends the sink at the end, or when following, when the container has ended. */
  logs(target: ContainerTarget, options: LogOptions, sink: ByteSink): Promise<void>;
  /** Runs a command in a container and closes the channels after the Status on channel 3. */
  exec(target: ContainerTarget, options: ExecOptions, channels: Channels): Promise<void>;
  attach(target: ContainerTarget, options: ExecOptions, channels: Channels): Promise<void>;
  /** Connects to a port of a Pod, as seen from inside the Pod. Rejects with an Error in the kubelet's words. Absent: it cannot. */
  portForward?(target: Omit<ContainerTarget, "container">, port: number, client: PortClient): Promise<PortConnection>;
  /** What the node and the Pods on it use now; upstream's `/stats/summary` cut down to what metrics need. Absent: it does not measure. */
  stats?(): NodeStats;
}

/** What something uses. */
export interface Usage {
  /** Billionths of a core, on average over the window. */
  readonly cpuNanoCores: number;
  readonly memoryBytes: number;
}

export interface NodeStats {
  /** How far back the use of the processor reaches. */
  readonly windowMs: number;
  readonly usage: Usage;
  readonly pods: readonly PodStats[];
}

export interface PodStats {
  readonly uid: string;
  /** Those that run. */
  readonly containers: readonly { readonly name: string; readonly usage: Usage }[];
}

export interface ContainerTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly container: string;
}

export interface LogOptions {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  /** Absent: all. */
  readonly tailLines?: number;
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly limitBytes?: number;
  readonly stream: "All" | "Stdout" | "Stderr";
}

export interface ExecOptions {
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** Finds the agent of a node; undefined when the node has none or does not answer. */
export type NodeAgents = (nodeName: string) => NodeAgent | undefined;
