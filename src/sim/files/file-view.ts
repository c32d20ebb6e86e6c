import { writtenBytes } from "../memory-held.ts";
import type { FileInode, FolderInode, Inode } from "./inode.ts";
import { childOf, emptyBytes, fileInode, folderInode, linkInode, namesOf, ownChildOf, removeChild, setChild } from "./inode.ts";

export type FileErrorCode = "ENOENT" | "EEXIST" | "ENOTDIR" | "EISDIR" | "EROFS" | "ENOTEMPTY" | "ELOOP" | "EINVAL" | "EBUSY" | "EACCES" | "EPERM" | "ENOSPC";

const words: { readonly [code in FileErrorCode]: string } = {
  ENOENT: "No such file or directory",
  EEXIST: "File exists",
  ENOTDIR: "Not a directory",
  EISDIR: "Is a directory",
  EROFS: "Read-only file system",
  ENOTEMPTY: "Directory not empty",
  ELOOP: "Symbolic link loop",
  EINVAL: "Invalid argument",
  EBUSY: "Resource busy",
  EACCES: "Permission denied",
  EPERM: "Operation not permitted",
  ENOSPC: "No space left on device",
};

/** What an operation on files was refused with; `words` is the libc text. */
export class FileError extends Error {
  readonly code: FileErrorCode;
  readonly words: string;
  constructor(code: FileErrorCode, path: string) {
    super(`${code}: ${words[code]}, '${path}'`);
    this.code = code;
    this.words = words[code];
  }
}

const readBit = 4;
const writeBit = 2;
const setGroupBit = 0o2000;

export interface FileMount {
  /** Absolute, without a slash at the end. */
  readonly path: string;
  readonly inode: Inode;
  readonly readOnly: boolean;
  /** It is in memory. */
  readonly memory?: MemoryBound;
}

export interface MemoryBound {
  readonly bytesMax: number;
  /** A file there has grown by so much, or shrunk. */
  readonly grew: (bytes: number) => void;
}

export interface FileStat {
  readonly kind: "file" | "folder" | "link";
  readonly size: number;
  readonly mode: number;
  readonly mtime: number;
  readonly inode: Inode;
}

interface Found {
  readonly path: string;
  /** The folder that holds it; undefined for the root and for the root of a mount. */
  readonly parent: FolderInode | undefined;
  readonly name: string;
  readonly inode: Inode | undefined;
  readonly readOnly: boolean;
  /** The mount that it lies in, where that is in memory. */
  readonly inMemory?: FileMount | undefined;
}

/** A file that may be written, and the mount that it lies in, where that is in memory. */
interface Writable {
  readonly file: FileInode;
  readonly inMemory: FileMount | undefined;
}

const linksMax = 40;

/** Cleans a path: absolute, without "." and "..". */
export function cleanPath(path: string, cwd = "/"): string {
  return `/${partsOf(path, cwd).join("/")}`;
}

function partsOf(path: string, cwd = "/"): string[] {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${cwd}/${path}`).split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return parts;
}

/**
 * One process's view of files: a root and what is mounted into it. All operations are immediate and throw FileError. Views of
 * several containers on one folder of the node see each other's writes at once.
 */
export class FileView {
  private readonly root: FolderInode;
  private readonly mounts: ReadonlyMap<string, FileMount>;
  private readonly readOnlyRoot: boolean;
  private readonly now: () => number;
  private readonly user: number;
  private readonly groups: readonly number[];

  /** `user` and `groups` are whose eyes it sees with: root's unless said. */
  constructor(options: { root: FolderInode; now: () => number; mounts?: readonly FileMount[]; readOnlyRoot?: boolean; user?: number; groups?: readonly number[] }) {
    this.user = options.user ?? 0;
    this.groups = options.groups ?? [0];
    this.root = options.root;
    this.now = options.now;
    this.mounts = new Map((options.mounts ?? []).map((mount) => [mount.path, mount]));
    this.readOnlyRoot = options.readOnlyRoot ?? false;
  }

  readFile(path: string): Uint8Array {
    const { inode } = this.existing(path);
    if (inode.kind !== "file") throw new FileError("EISDIR", path);
    if (!this.may(inode, readBit)) throw new FileError("EACCES", path);
    if (inode.generate) return inode.generate(this.now());
    return inode.device ? emptyBytes : inode.content;
  }

  /** The inode behind a path, links followed: what a bind mount of it shows. Changes through it stay within this view's own layer. */
  inodeAt(path: string, options: { follow?: boolean; forChange?: boolean } = {}): Inode | undefined {
    const found = this.look(path, { follow: options.follow ?? true, change: options.forChange ?? false });
    return typeof found === "string" ? undefined : found.inode;
  }

  writeFile(path: string, content: Uint8Array, mode?: number): void {
    const place = this.fileForWriting(path, mode);
    if (!place) return;
    this.fill(place, content, path);
    if (mode !== undefined) place.file.mode = mode;
  }

  appendFile(path: string, content: Uint8Array): void {
    const place = this.fileForWriting(path);
    if (!place) return;
    const { file } = place;
    const joined = new Uint8Array(file.content.length + content.length);
    joined.set(file.content);
    joined.set(content, file.content.length);
    this.fill(place, joined, path);
  }

  private fill({ file, inMemory }: Writable, content: Uint8Array, path: string): void {
    const grown = content.length - file.content.length;
    if (inMemory?.memory && grown > 0 && inMemory.inode.kind === "folder" && writtenBytes(inMemory.inode) + grown > inMemory.memory.bytesMax) throw new FileError("ENOSPC", path);
    file.content = content;
    file.mtime = this.now();
    inMemory?.memory?.grew(grown);
  }

  exists(path: string): boolean {
    return this.inodeAt(path) !== undefined;
  }

  stat(path: string, options: { follow?: boolean } = {}): FileStat {
    const { inode } = this.existing(path, options.follow ?? true);
    const size = inode.kind === "file" ? (inode.generate ? inode.generate(this.now()).length : inode.content.length) : inode.kind === "link" ? inode.target.length : 4096;
    return { kind: inode.kind, size, mode: inode.mode, mtime: inode.kind === "file" && inode.generate ? this.now() : inode.mtime, inode };
  }

  list(path: string): string[] {
    const { inode, path: real } = this.existing(path);
    if (inode.kind !== "folder") throw new FileError("ENOTDIR", path);
    const names = namesOf(inode);
    const prefix = real === "/" ? "/" : `${real}/`;
    let added = false;
    for (const mounted of this.mounts.keys()) {
      if (!mounted.startsWith(prefix)) continue;
      const name = mounted.slice(prefix.length).split("/")[0] as string;
      if (!names.includes(name)) {
        names.push(name);
        added = true;
      }
    }
    return added ? names.sort() : names;
  }

  makeFolder(path: string, options: { parents?: boolean; mode?: number } = {}): void {
    if (options.parents) {
      const there = this.inodeAt(path);
      if (there?.kind === "folder") return;
      if (there) throw new FileError("ENOTDIR", path);
      return this.makeWay(path, options);
    }
    const found = this.find(path, { follow: true, change: true });
    if (found.inode) throw new FileError("EEXIST", path);
    this.place(found, folderInode({ mtime: this.now(), ...(options.mode === undefined ? {} : { mode: options.mode }) }));
  }

  /** Makes a folder and those above it that are missing. */
  private makeWay(path: string, { mode }: { mode?: number }): void {
    const parts = partsOf(path);
    let depth = parts.length - 1;
    while (depth > 0 && !this.exists(`/${parts.slice(0, depth).join("/")}`)) depth--;
    let at = this.find(`/${parts.slice(0, depth).join("/")}`, { follow: true, change: true });
    for (const name of parts.slice(depth)) {
      if (at.inode?.kind !== "folder") throw new FileError("ENOTDIR", path);
      const folder = folderInode({ mtime: this.now(), ...(mode === undefined ? {} : { mode }) });
      at = { path: `${at.path === "/" ? "" : at.path}/${name}`, parent: at.inode, name, inode: folder, readOnly: at.readOnly };
      this.place(at, folder);
    }
  }

  makeLink(path: string, target: string): void {
    const found = this.find(path, { follow: false, change: true });
    if (found.inode) throw new FileError("EEXIST", path);
    this.place(found, linkInode(target, this.now()));
  }

  readLink(path: string): string {
    const { inode } = this.existing(path, false);
    if (inode.kind !== "link") throw new FileError("EINVAL", path);
    return inode.target;
  }

  realPath(path: string): string {
    return this.existing(path).path;
  }

  /** Puts inodes into a folder that is there, under their names. */
  attachAll(path: string, inodes: readonly (readonly [name: string, inode: Inode])[]): void {
    const { inode: folder, path: real, readOnly } = this.find(path, { follow: true, change: true });
    if (folder?.kind !== "folder") throw new FileError(folder ? "ENOTDIR" : "ENOENT", path);
    for (const [name, inode] of inodes) this.place({ path: `${real}/${name}`, parent: folder, name, inode: undefined, readOnly }, inode);
  }

  /** Puts an inode of another place here: hard links, generated files. */
  attach(path: string, inode: Inode): void {
    this.place(this.find(path, { follow: false, change: true }), inode);
  }

  remove(path: string, options: { recursive?: boolean; force?: boolean } = {}): void {
    const found = this.find(path, { follow: false, change: true });
    if (!found.inode) {
      if (options.force) return;
      throw new FileError("ENOENT", path);
    }
    if (found.readOnly) throw new FileError("EROFS", path);
    if (!found.parent) throw new FileError("EBUSY", path);
    if (!this.may(found.parent, writeBit)) throw new FileError("EACCES", path);
    if (found.inode.kind === "folder" && !options.recursive && this.list(found.path).length > 0) throw new FileError("ENOTEMPTY", path);
    removeChild(found.parent, found.name, this.now());
  }

  move(from: string, to: string): void {
    const source = this.find(from, { follow: false, change: true });
    if (!source.inode) throw new FileError("ENOENT", from);
    if (source.readOnly) throw new FileError("EROFS", from);
    if (!source.parent) throw new FileError("EBUSY", from);
    if (!this.may(source.parent, writeBit)) throw new FileError("EACCES", from);
    let target = this.find(to, { follow: false, change: true });
    if (target.inode?.kind === "folder" && source.inode.kind !== "folder") target = this.find(`${target.path}/${source.name}`, { follow: false, change: true });
    if (target.path === source.path) return;
    this.place(target, source.inode);
    removeChild(source.parent, source.name, this.now());
  }

  changeMode(path: string, mode: number): void {
    const found = this.find(path, { follow: true, change: true });
    if (!found.inode) throw new FileError("ENOENT", path);
    if (found.readOnly) throw new FileError("EROFS", path);
    if (this.user !== 0 && found.inode.owner !== this.user) throw new FileError("EPERM", path);
    found.inode.mode = mode;
  }

  changeTime(path: string, mtime: number): void {
    const found = this.find(path, { follow: true, change: true });
    if (!found.inode) throw new FileError("ENOENT", path);
    if (found.readOnly) throw new FileError("EROFS", path);
    found.inode.mtime = mtime;
  }

  private place(found: Found, inode: Inode): void {
    if (found.readOnly) throw new FileError("EROFS", found.path);
    if (!found.parent) throw new FileError("EBUSY", found.path);
    if (!this.may(found.parent, writeBit)) throw new FileError("EACCES", found.path);
    this.own(inode, found.parent);
    setChild(found.parent, found.name, inode, this.now());
  }

  /** Whether the bits of a mode that are for this user hold this right. */
  private may(inode: Inode, bit: number): boolean {
    if (this.user === 0) return true;
    const shift = (inode.owner ?? 0) === this.user ? 6 : this.groups.includes(inode.group ?? 0) ? 3 : 0;
    return ((inode.mode >> shift) & bit) !== 0;
  }

  /** What is new belongs to its maker, and to the folder's group where the folder says so. */
  private own(inode: Inode, folder: FolderInode): void {
    if (this.user !== 0 && inode.owner === undefined) inode.owner = this.user;
    const group = (folder.mode & setGroupBit) !== 0 ? folder.group : this.groups[0];
    if (group !== undefined && group !== 0 && inode.group === undefined) inode.group = group;
  }

  private fileForWriting(path: string, mode?: number): Writable | undefined {
    const found = this.find(path, { follow: true, change: true });
    if (found.inode?.kind === "folder") throw new FileError("EISDIR", path);
    if (found.inode?.kind === "file" && found.inode.device) return undefined;
    if (found.readOnly) throw new FileError("EROFS", path);
    if (found.inode?.kind === "file") {
      if (found.inode.generate || !this.may(found.inode, writeBit)) throw new FileError("EACCES", path);
      return { file: found.inode, inMemory: found.inMemory };
    }
    const made = fileInode(emptyBytes, this.now(), mode);
    this.place(found, made);
    return { file: made, inMemory: found.inMemory };
  }

  private existing(path: string, follow = true): Found & { inode: Inode } {
    const found = this.find(path, { follow });
    if (!found.inode) throw new FileError("ENOENT", path);
    return found as Found & { inode: Inode };
  }

  /** Walks a path. The last part may be missing; a missing part before it throws. */
  private find(path: string, options: { follow: boolean; change?: boolean }): Found {
    const found = this.look(path, options);
    if (typeof found === "string") throw new FileError(found, path);
    return found;
  }

  /** As `find`, but answers why not: errors cost more than the walk. */
  private look(path: string, options: { follow: boolean; change?: boolean }, depth = 0): Found | FileErrorCode {
    if (depth > linksMax) return "ELOOP";
    const parts = partsOf(path);
    let at = "";
    let parent: FolderInode | undefined;
    let inode: Inode | undefined = this.root;
    let readOnly = this.readOnlyRoot;
    let inMemory: FileMount | undefined;
    for (let i = 0; i < parts.length; i++) {
      if (!inode) return "ENOENT";
      if (inode.kind !== "folder") return "ENOTDIR";
      const name = parts[i] as string;
      const next = `${at}/${name}`;
      const mount = this.mounts.size === 0 ? undefined : this.mounts.get(next);
      if (mount) {
        parent = undefined;
        inode = mount.inode;
        readOnly = mount.readOnly;
        inMemory = mount.memory && mount;
      } else {
        parent = inode;
        inode = (options.change && !readOnly ? ownChildOf(parent, name) : childOf(parent, name)) ?? this.mountFolder(next);
      }
      if (inode?.kind === "link" && (i < parts.length - 1 || options.follow)) {
        return this.look(`${cleanPath(inode.target, at)}/${parts.slice(i + 1).join("/")}`, options, depth + 1);
      }
      at = next;
    }
    return { path: at === "" ? "/" : at, parent, name: parts.at(-1) ?? "", inode, readOnly, inMemory };
  }

  /** A folder that exists only because something is mounted below it. */
  private mountFolder(path: string): FolderInode | undefined {
    const prefix = `${path}/`;
    for (const mounted of this.mounts.keys()) if (mounted.startsWith(prefix)) return folderInode();
    return undefined;
  }
}
