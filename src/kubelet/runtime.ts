import type { Soon } from "../base/soon.ts";
import type { PortClient, PortConnection } from "../server/request.ts";

/**
 * The container runtime contract, shaped like CRI: sandboxes, containers, images, exec, logs, stats. The kubelet drives it; sim/ and
 * node/ implement it. All instants are milliseconds since the epoch of the cluster's clock.
 */
export interface ContainerRuntime {
  /** Creates and starts a Pod's sandbox; resolves with its address once its network is there. */
  runSandbox(config: SandboxConfig): Promise<SandboxInfo>;
  /** Stops what runs in it (at once) and takes its network away. Idempotent. */
  stopSandbox(sandboxId: string): Promise<void>;
  removeSandbox(sandboxId: string): Promise<void>;
  /** All that are there, whoever made them: a kubelet that starts anew goes on with those of the one before it. */
  listSandboxes(): readonly FoundSandbox[];
  /** Rejects with ImageError. Resolves with the image's id and what its configuration says. */
  pullImage(image: string): Promise<ImageInfo>;
  imageStatus(image: string): ImageInfo | undefined;
  /** Why this is no name of an image, for the event; undefined for one that is. */
  imageNameProblem(image: string): string | undefined;
  createContainer(sandboxId: string, config: ContainerConfig): Promise<string>;
  startContainer(containerId: string): Promise<void>;
  /** Sends TERM, waits `graceMs`, then kills; resolves when the container has ended. */
  stopContainer(containerId: string, graceMs: number): Promise<void>;
  removeContainer(containerId: string): Promise<void>;
  /** Other limits for a container that goes on running. */
  updateContainer(containerId: string, limits: { readonly [resource: string]: string }): Promise<void>;
  containerStatus(containerId: string): ContainerInfo | undefined;
  /** What a running container uses; undefined for one that does not run. Absent: the runtime does not measure. */
  containerStats?(containerId: string): ContainerStats | undefined;
  /** What its own files and its log take on the disk; undefined for one that is not there. Absent: the runtime does not measure. */
  containerDiskBytes?(containerId: string): number | undefined;
  /** The log so far and from then on; see RuntimeLog. */
  log(containerId: string): RuntimeLog | undefined;
  exec(containerId: string, options: RuntimeExec): Promise<number>;
  /** Joins the streams of the main process: what it writes from now on, and its standard input. Resolves when it has ended or `signal` says so. */
  attach(containerId: string, options: RuntimeAttach): Promise<void>;
  /** Connects to a port inside a sandbox. Rejects with the text of a connection error. */
  portForward(sandboxId: string, port: number, client: PortClient): Promise<PortConnection>;
  /** Called with a container whose state changed, and the uid of its Pod, as a task of the runner. */
  onContainerChange(listener: (containerId: string, podUid: string) => void): void;
}

export interface SandboxConfig {
  readonly podUid: string;
  readonly namespace: string;
  readonly name: string;
  readonly hostname: string;
  readonly hostNetwork: boolean;
  readonly labels: { readonly [key: string]: string };
  /** What /etc/resolv.conf says; absent: the node's own. */
  readonly dns?: SandboxDns;
  /** Further lines of /etc/hosts: address and names. */
  readonly hostAliases?: readonly { readonly ip: string; readonly names: readonly string[] }[];
  /** Name with the domain of a subdomain, for /etc/hosts. */
  readonly fullName?: string;
}

export interface SandboxDns {
  readonly nameservers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

export interface SandboxInfo {
  readonly id: string;
  /** The Pod's addresses; the node's own for hostNetwork. */
  readonly ips: readonly string[];
}

export interface FoundSandbox {
  readonly id: string;
  readonly podUid: string;
  readonly ip: string;
  readonly stopped: boolean;
  /** The ids of its containers. */
  readonly containers: ReadonlySet<string>;
}

export interface ImageInfo {
  /** What stands in status.containerStatuses[].imageID. */
  readonly id: string;
  /** What stands in status.containerStatuses[].image: the normalized reference. */
  readonly reference: string;
  readonly sizeBytes: number;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly env: { readonly [name: string]: string };
  readonly workingDir: string;
  /** How long the pull took; 0 when it was present. */
  readonly pullMs: number;
}

/** Why a pull failed, with the text that the kubelet's events repeat. */
export class ImageError extends Error {
  readonly reason: "InvalidImageName" | "ErrImagePull";
  constructor(reason: "InvalidImageName" | "ErrImagePull", message: string) {
    super(message);
    this.reason = reason;
  }
}

export interface ContainerConfig {
  readonly name: string;
  readonly image: ImageInfo;
  /** Restart count of this container within its Pod. */
  readonly attempt: number;
  /** Entrypoint and arguments after the kubelet's expansion; never empty unless the image has none either. */
  readonly argv: readonly string[];
  readonly workingDir: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly mounts: readonly Mount[];
  readonly tty: boolean;
  readonly stdin: boolean;
  /** The first who is attached with standard input closes it by leaving. */
  readonly stdinOnce: boolean;
  readonly readOnlyRootFilesystem: boolean;
  readonly privileged: boolean;
  readonly user?: number;
  /** The primary group first. Absent: root's. */
  readonly groups?: readonly number[];
  /** It has these groups alone (`supplementalGroupsPolicy: Strict`), not those, too, in which the image lists its user. */
  readonly hasOwnGroupsOnly?: boolean;
  readonly memoryBytesMax?: number;
  /** Thousandths of a processor that it may have, and that it asks for. */
  readonly cpuMillisMax?: number;
  readonly cpuMillisWanted?: number;
  readonly terminationMessagePath: string;
  /** Its processes see those of the whole sandbox, or of this container, and are seen there. Absent: they are alone. */
  readonly processesWith?: "sandbox" | { readonly containerId: string };
}

export interface Mount {
  /** Absolute path in the container. */
  readonly containerPath: string;
  /** Absolute path in the node's file system (of NodeFiles); a file or a folder that exists. */
  readonly hostPath: string;
  readonly readOnly: boolean;
  /** The folder is one in memory (`medium: Memory`), bounded by so much; Infinity: by the machine's. Absent: it is on a disk. */
  readonly memoryBytesMax?: number;
}

export interface ContainerInfo {
  readonly id: string;
  readonly name: string;
  readonly attempt: number;
  readonly state: "created" | "running" | "exited";
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly exitCode?: number;
  /** "Completed", "Error", "OOMKilled", "ContainerCannotRun". */
  readonly reason?: string;
  readonly message?: string;
  /** Who its first process is, or was; absent: nobody remembers. */
  readonly user?: { readonly uid: number; readonly gid: number; readonly supplementalGroups: readonly number[] };
}

export interface ContainerStats {
  /** Billionths of a core, on average over the window. */
  readonly cpuNanoCores: number;
  /** The working set. */
  readonly memoryBytes: number;
}

export interface LogEntry {
  readonly at: number;
  readonly stream: "stdout" | "stderr";
  /** One line, or the last piece without its newline. */
  readonly text: Uint8Array;
}

export interface RuntimeLog {
  entries(): readonly LogEntry[];
  /** Calls back after each new entry, and once with `ended` when none will follow. Returns a stop function. */
  follow(listener: (event: "entry" | "ended") => void): () => void;
}

export interface RuntimeExec {
  readonly argv: readonly string[];
  readonly tty: boolean;
  /** Chunks of stdin as they come; absent: no stdin. */
  readonly stdin?: AsyncIterable<Uint8Array>;
  readonly onOutput: (stream: "stdout" | "stderr", bytes: Uint8Array) => void;
  readonly signal?: AbortSignal;
}

export type RuntimeAttach = Omit<RuntimeExec, "argv" | "tty">;

/** The node's own files, under the kubelet's folder and for hostPath. */
/** A file or a symbolic link in a folder. */
export type FolderEntry =
  | { readonly name: string; readonly content: Uint8Array; readonly mode?: number; readonly group?: number | undefined }
  | { readonly name: string; readonly target: string };

export interface NodeFiles {
  /** Makes a folder and those above it. The mode and the group are the last one's, and set where it is there already. */
  mkdir(path: string, options?: { readonly mode?: number; readonly group?: number }): Promise<void>;
  writeFile(path: string, content: Uint8Array, mode?: number, group?: number): Promise<void>;
  /** Puts these into a folder, which is made if need be, one after the other; what has their names gives way. */
  fill(folder: string, entries: readonly FolderEntry[]): Promise<void>;
  readFile(path: string): Promise<Uint8Array | undefined>;
  exists(path: string): Promise<"file" | "directory" | undefined>;
  /** Names in a folder; none when there is no such folder. */
  list(path: string): Promise<readonly string[]>;
  /** Makes a symbolic link, or turns the one that is there. */
  link(path: string, target: string): Promise<void>;
  /** Where a symbolic link points; undefined when there is none. */
  readLink(path: string): Promise<string | undefined>;
  /** What the files in a folder take, and in those below it; 0 when there is no such folder. */
  usedBytes(path: string): Promise<number>;
  /** A file, a link itself, or a folder with all that is in it. */
  remove(path: string): Promise<void>;
}

/** Network probes from the node (HTTP and TCP); exec probes go through the runtime. */
export interface NodeNetwork {
  /** Gives the HTTP status, throws or rejects with the text of a connection error. */
  httpGet(options: { ip: string; port: number; path: string; scheme: string; headers: { [name: string]: string }; timeoutMs: number }): Soon<{ status: number; body: string }>;
  tcpConnect(options: { ip: string; port: number; timeoutMs: number }): Soon<void>;
}
