/**
 * What a simulated disk is made of. A folder may lie over a base folder, as a container's root lies over its image: what it
 * does not hold itself it shows from there, and the base is never changed. So a thousand containers of one image, or a
 * thousand machines, share one tree until they write.
 */

export type Inode = FileInode | FolderInode | LinkInode;

/** Whose it is; absent: root's. */
export interface Owned {
  owner?: number;
  group?: number;
}

export interface FileInode extends Owned {
  readonly kind: "file";
  content: Uint8Array;
  mode: number;
  mtime: number;
  /** Computed at each read (files of /proc, container logs). Such a file cannot be written. */
  readonly generate?: (now: number) => Uint8Array;
  /** "null" swallows writes, "zero" never ends. */
  readonly device?: "null" | "zero" | "random";
}

export interface FolderInode extends Owned {
  readonly kind: "folder";
  readonly own: Map<string, Inode>;
  readonly base: FolderInode | undefined;
  /** What else it shows, made when somebody looks (folders of container logs). Nothing can be created or removed there. */
  readonly live?: () => ReadonlyMap<string, Inode>;
  /** Names of the base that have been removed here. */
  hidden: Set<string> | undefined;
  mode: number;
  mtime: number;
}

export interface LinkInode extends Owned {
  readonly kind: "link";
  readonly target: string;
  mode: number;
  mtime: number;
}

const encoder = new TextEncoder();
export const emptyBytes = new Uint8Array(0);

export function fileInode(content: string | Uint8Array, mtime = 0, mode = 0o644): FileInode {
  return { kind: "file", content: typeof content === "string" ? encoder.encode(content) : content, mode, mtime };
}

/** A file whose text is made when it is read. */
export function generatedFile(generate: (now: number) => string | Uint8Array, mode = 0o444): FileInode {
  return {
    kind: "file",
    content: emptyBytes,
    mode,
    mtime: 0,
    generate: (now) => {
      const made = generate(now);
      return typeof made === "string" ? encoder.encode(made) : made;
    },
  };
}

export function folderInode(options: { base?: FolderInode | undefined; mtime?: number; mode?: number } = {}): FolderInode {
  return { kind: "folder", own: new Map(), base: options.base, hidden: undefined, mode: options.mode ?? 0o755, mtime: options.mtime ?? 0 };
}

/** A folder whose entries are made when somebody looks. */
export function liveFolder(live: () => ReadonlyMap<string, Inode>): FolderInode {
  return { kind: "folder", own: new Map(), base: undefined, live, hidden: undefined, mode: 0o755, mtime: 0 };
}

export function linkInode(target: string, mtime = 0): LinkInode {
  return { kind: "link", target, mode: 0o777, mtime };
}

/** What a folder shows under a name. */
export function childOf(folder: FolderInode, name: string): Inode | undefined {
  const own = folder.own.get(name) ?? folder.live?.().get(name);
  if (own) return own;
  if (!folder.base || folder.hidden?.has(name)) return undefined;
  return childOf(folder.base, name);
}

/** As `childOf`, for a change: what comes from the base is first taken over, so that the base stays as it is. */
export function ownChildOf(folder: FolderInode, name: string): Inode | undefined {
  const own = folder.own.get(name) ?? folder.live?.().get(name);
  if (own) return own;
  const below = childOf(folder, name);
  if (!below) return undefined;
  const taken: Inode =
    below.kind === "folder" ? { ...folderInode({ base: below, mtime: below.mtime, mode: below.mode }), ...(below.owner === undefined ? {} : { owner: below.owner }), ...(below.group === undefined ? {} : { group: below.group }) } : below.kind === "file" && !below.device && !below.generate ? { ...below } : below;
  folder.own.set(name, taken);
  return taken;
}

export function namesOf(folder: FolderInode): string[] {
  const names = new Set(folder.own.keys());
  if (folder.live) for (const name of folder.live().keys()) names.add(name);
  for (let base = folder.base, hidden = folder.hidden; base; base = base.base) {
    for (const name of base.own.keys()) if (!hidden?.has(name)) names.add(name);
    if (base.hidden) hidden = hidden ? new Set([...hidden, ...base.hidden]) : base.hidden;
  }
  return [...names].sort();
}

export function setChild(folder: FolderInode, name: string, inode: Inode, now: number): void {
  folder.own.set(name, inode);
  folder.mtime = now;
}

export function removeChild(folder: FolderInode, name: string, now: number): void {
  folder.own.delete(name);
  if (folder.base && childOf(folder.base, name)) (folder.hidden ??= new Set()).add(name);
  folder.mtime = now;
}

/** Builds a shared tree from texts by path. A text that ends with "/" in its path is an empty folder; "-> x" makes a link. */
export function treeOf(files: { readonly [path: string]: string | Inode }): FolderInode {
  const root = folderInode();
  for (const path of Object.keys(files)) {
    const content = files[path] as string | Inode;
    const parts = path.split("/").filter((part) => part !== "");
    let folder = root;
    const last = path.endsWith("/") ? undefined : parts.pop();
    for (const part of parts) {
      let next = folder.own.get(part);
      if (!next) folder.own.set(part, (next = folderInode()));
      if (next.kind !== "folder") throw new Error(`${path}: ${part} is no folder`);
      folder = next;
    }
    if (last === undefined) continue;
    folder.own.set(last, typeof content !== "string" ? content : content.startsWith("-> ") ? linkInode(content.slice(3)) : fileInode(content));
  }
  return root;
}
