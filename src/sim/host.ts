import type { Environment } from "../base/environment.ts";
import type { FolderEntry, NodeFiles } from "../kubelet/runtime.ts";
import { machineHosts } from "./files/etc-files.ts";
import { FileView, cleanPath } from "./files/file-view.ts";
import type { FolderInode, Inode } from "./files/inode.ts";
import { fileInode, folderInode, generatedFile, linkInode, liveFolder } from "./files/inode.ts";
import type { ContainerLog } from "./container-log.ts";
import { writtenBytes } from "./memory-held.ts";

/** A container as the log folders of its machine name it. */
export interface LoggedContainer {
  readonly id: string;
  readonly podUid: string;
  readonly namespace: string;
  readonly pod: string;
  readonly name: string;
  readonly attempt: number;
  readonly log: ContainerLog;
}

/**
 * One machine's disk and what all its containers share. The disk lies over a tree that all machines share, and is built when
 * somebody first looks. /var/log/pods and /var/log/containers show the containers' logs as the runtime and the kubelet lay
 * them out, computed when read.
 */
export class SimulatedHost implements NodeFiles {
  readonly cpus: number;
  readonly memoryBytes: number;
  bootedAt: number;
  private readonly environment: Environment;
  private readonly base: FolderInode;
  private readonly logged: () => Iterable<LoggedContainer>;
  private readonly hostname: string;
  private readonly ip: string;
  private view: FileView | undefined;
  private waiters: { readonly except: string; readonly wake: () => void }[] | undefined;

  constructor(options: { hostname: string; ip: string; environment: Environment; base: FolderInode; cpus: number; memoryBytes: number; logged: () => Iterable<LoggedContainer> }) {
    this.hostname = options.hostname;
    this.ip = options.ip;
    this.environment = options.environment;
    this.base = options.base;
    this.cpus = options.cpus;
    this.memoryBytes = options.memoryBytes;
    this.bootedAt = options.environment.clock.now();
    this.logged = options.logged;
  }

  get files(): FileView {
    if (!this.view) {
      const root = folderInode({ base: this.base });
      this.view = new FileView({ root, now: () => this.environment.clock.now() });
      this.view.writeFile("/etc/hostname", new TextEncoder().encode(`${this.hostname}\n`));
      this.view.writeFile("/etc/hosts", new TextEncoder().encode(machineHosts(this.hostname, this.ip)));
      this.view.attach("/var/log/pods", liveFolder(() => this.podFolders()));
      this.view.attach("/var/log/containers", liveFolder(() => this.containerLinks()));
    }
    return this.view;
  }

  /** A container wrote a line: who waits for the lines of others goes on. */
  lineWritten(containerId: string): void {
    if (!this.waiters) return;
    const woken = this.waiters.filter(({ except }) => except !== containerId);
    if (woken.length === 0) return;
    const rest = this.waiters.filter(({ except }) => except === containerId);
    this.waiters = rest.length > 0 ? rest : undefined;
    for (const { wake } of woken) this.environment.runner.post(wake);
  }

  nextLogLine(except: string): Promise<void> {
    return new Promise((resolve) => void (this.waiters ??= []).push({ except, wake: resolve }));
  }

  async mkdir(path: string, { mode, group }: { readonly mode?: number; readonly group?: number } = {}): Promise<void> {
    this.files.makeFolder(path, { parents: true });
    const { inode } = this.files.stat(path);
    if (mode !== undefined) inode.mode = mode;
    if (group !== undefined) inode.group = group;
  }

  async writeFile(path: string, content: Uint8Array, mode?: number, group?: number): Promise<void> {
    const folder = cleanPath(`${path}/..`);
    if (!this.files.exists(folder)) this.files.makeFolder(folder, { parents: true });
    this.files.writeFile(path, content, mode);
    if (group !== undefined) this.files.stat(path).inode.group = group;
  }

  async fill(folder: string, entries: readonly FolderEntry[]): Promise<void> {
    const now = this.environment.clock.now();
    this.files.makeFolder(folder, { parents: true });
    this.files.attachAll(folder, entries.map((entry) => [entry.name, "target" in entry ? linkInode(entry.target, now) : ownedFile(entry, now)]));
  }

  async readFile(path: string): Promise<Uint8Array | undefined> {
    return this.files.exists(path) && this.files.stat(path).kind === "file" ? this.files.readFile(path) : undefined;
  }

  async exists(path: string): Promise<"file" | "directory" | undefined> {
    if (!this.files.exists(path)) return undefined;
    return this.files.stat(path).kind === "folder" ? "directory" : "file";
  }

  async list(path: string): Promise<readonly string[]> {
    return (await this.exists(path)) === "directory" ? this.files.list(path) : [];
  }

  async link(path: string, target: string): Promise<void> {
    await this.remove(path);
    this.files.makeLink(path, target);
  }

  async readLink(path: string): Promise<string | undefined> {
    const inode = this.files.inodeAt(path, { follow: false });
    return inode?.kind === "link" ? inode.target : undefined;
  }

  async usedBytes(path: string): Promise<number> {
    const inode = this.files.inodeAt(path);
    return inode?.kind === "folder" ? writtenBytes(inode) : 0;
  }

  async remove(path: string): Promise<void> {
    this.files.remove(path, { recursive: true, force: true });
  }

  private podFolders(): ReadonlyMap<string, Inode> {
    const pods = new Map<string, FolderInode>();
    for (const each of this.logged()) {
      const podName = `${each.namespace}_${each.pod}_${each.podUid}`;
      let pod = pods.get(podName);
      if (!pod) pods.set(podName, (pod = folderInode()));
      let folder = pod.own.get(each.name);
      if (!folder) pod.own.set(each.name, (folder = folderInode()));
      if (folder.kind === "folder") folder.own.set(`${each.attempt}.log`, generatedFile(() => each.log.file()));
    }
    return pods;
  }

  private containerLinks(): ReadonlyMap<string, Inode> {
    const links = new Map<string, Inode>();
    for (const each of this.logged()) {
      links.set(`${each.pod}_${each.namespace}_${each.name}-${each.id}.log`, linkInode(`/var/log/pods/${each.namespace}_${each.pod}_${each.podUid}/${each.name}/${each.attempt}.log`));
    }
    return links;
  }
}

function ownedFile({ content, mode, group }: { readonly content: Uint8Array; readonly mode?: number; readonly group?: number | undefined }, now: number): Inode {
  const file = fileInode(content, now, mode);
  if (group !== undefined) file.group = group;
  return file;
}
