import type { FolderInode } from "./files/inode.ts";

/**
 * What the processes of one container hold in memory: a base per program, what a process says it holds beside it (`holdMemory`), and
 * the files that the container has written into its own root, which the page cache keeps, and into volumes in memory, which cannot go.
 */
const mebibyte = 1024 * 1024;

/** Working set of an idle process in MiB, rounded from figures that the programs' own documentation or a quick look at `ps` gives. */
const baseMib: { readonly [program: string]: number } = {
  nginx: 5, httpd: 8, fluentd: 60, "fluent-bit": 12, node_exporter: 12, coredns: 15, "kube-proxy": 20, prometheus: 60, redis: 6, "redis-server": 6, postgres: 40, mysqld: 380,
  java: 250, node: 40, python: 10, python3: 10,
};

/** Shells and what the userland brings. */
const userlandMib = 1;

export function residentBytes(program: string): number {
  const name = program.slice(program.lastIndexOf("/") + 1);
  return (Object.hasOwn(baseMib, name) ? (baseMib[name] as number) : userlandMib) * mebibyte;
}

/** Bytes of the files that lie in this folder and not in the one below it. A file of the image that was changed counts whole. */
export function writtenBytes(folder: FolderInode): number {
  let sum = 0;
  for (const inode of folder.own.values()) {
    if (inode.kind === "folder") sum += writtenBytes(inode);
    else if (inode.kind === "file") sum += inode.content.length;
  }
  return sum;
}

/** The volumes in memory of one container. What it has written there itself counts as its own until it is gone from there. */
export class VolumeMemory {
  private readonly folders: FolderInode[] = [];
  private charged = 0;

  add(folder: FolderInode): void {
    this.folders.push(folder);
  }

  /** Files have grown by so much, or shrunk. */
  charge(bytes: number): void {
    this.charged = Math.max(0, this.charged + bytes);
  }

  bytes(): number {
    if (this.charged === 0) return 0;
    let there = 0;
    for (const folder of this.folders) there += writtenBytes(folder);
    return (this.charged = Math.min(this.charged, there));
  }
}

/** Kills the largest of some processes, the newest of equal ones, where together they hold more than there is. */
export function makeRoom(processes: readonly { readonly argv: readonly string[]; readonly heldBytes: number; killForMemory(): void }[], bytesMax: number): void {
  let used = 0;
  let largest = { held: 0, kill: (): void => undefined };
  for (const process of processes) {
    const held = residentBytes(process.argv[0] ?? "") + process.heldBytes;
    used += held;
    if (held >= largest.held) largest = { held, kill: () => process.killForMemory() };
  }
  if (used > bytesMax) largest.kill();
}
