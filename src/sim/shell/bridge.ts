import type { FsStat, IFileSystem } from "just-bash/browser";
import { civilFromInstant, formatTime } from "../../base/time.ts";
import { FileError, cleanPath } from "../files/file-view.ts";
import type { FileView } from "../files/file-view.ts";

/** Lets the borrowed text tools work on a container's files. */
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What commands ask of a file's time, in UTC, without the host's Date. */
class FileTime {
  private readonly instant: number;
  constructor(instant: number) {
    this.instant = instant;
  }
  getTime(): number {
    return this.instant;
  }
  valueOf(): number {
    return this.instant;
  }
  toISOString(): string {
    return formatTime(this.instant).replace("Z", ".000Z");
  }
  getFullYear(): number {
    return civilFromInstant(this.instant).year;
  }
  getMonth(): number {
    return civilFromInstant(this.instant).month - 1;
  }
  getDate(): number {
    return civilFromInstant(this.instant).day;
  }
  getDay(): number {
    return civilFromInstant(this.instant).weekday;
  }
  getHours(): number {
    return civilFromInstant(this.instant).hour;
  }
  getMinutes(): number {
    return civilFromInstant(this.instant).minute;
  }
  getSeconds(): number {
    return civilFromInstant(this.instant).second;
  }
}

function bytesOf(content: string | Uint8Array, options: unknown): Uint8Array {
  if (typeof content !== "string") return content;
  const encoding = typeof options === "string" ? options : (options as { encoding?: string } | undefined)?.encoding;
  return encoding === "binary" || encoding === "latin1" ? bytesOfLatin1(content) : encoder.encode(content);
}

export function bytesOfLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

export function latin1OfBytes(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return text;
}

export class BorrowedFiles implements IFileSystem {
  private readonly files: FileView;

  constructor(files: FileView) {
    this.files = files;
  }

  async readFile(path: string, options?: unknown): Promise<string> {
    const bytes = this.files.readFile(path);
    const encoding = typeof options === "string" ? options : (options as { encoding?: string } | undefined)?.encoding;
    return encoding === "binary" || encoding === "latin1" ? latin1OfBytes(bytes) : decoder.decode(bytes);
  }

  async readFileBuffer(path: string): Promise<Uint8Array> {
    return this.files.readFile(path);
  }

  async writeFile(path: string, content: string | Uint8Array, options?: unknown): Promise<void> {
    this.files.writeFile(path, bytesOf(content, options));
  }

  async appendFile(path: string, content: string | Uint8Array, options?: unknown): Promise<void> {
    this.files.appendFile(path, bytesOf(content, options));
  }

  async exists(path: string): Promise<boolean> {
    return this.files.exists(path);
  }

  async stat(path: string): Promise<FsStat> {
    return this.statOf(path, true);
  }

  async lstat(path: string): Promise<FsStat> {
    return this.statOf(path, false);
  }

  private statOf(path: string, follow: boolean): FsStat {
    const stat = this.files.stat(path, { follow });
    return {
      isFile: stat.kind === "file",
      isDirectory: stat.kind === "folder",
      isSymbolicLink: stat.kind === "link",
      mode: stat.mode,
      size: stat.size,
      mtime: new FileTime(stat.mtime) as unknown as FsStat["mtime"],
    };
  }

  async mkdir(path: string, options?: { recursive?: boolean }): Promise<void> {
    this.files.makeFolder(path, { parents: options?.recursive ?? false });
  }

  async readdir(path: string): Promise<string[]> {
    return this.files.list(path);
  }

  async readdirWithFileTypes(path: string): Promise<{ name: string; isFile: boolean; isDirectory: boolean; isSymbolicLink: boolean }[]> {
    return this.files.list(path).map((name) => {
      const { kind } = this.files.stat(cleanPath(name, path), { follow: false });
      return { name, isFile: kind === "file", isDirectory: kind === "folder", isSymbolicLink: kind === "link" };
    });
  }

  async rm(path: string, options?: { recursive?: boolean; force?: boolean }): Promise<void> {
    this.files.remove(path, { recursive: options?.recursive ?? false, force: options?.force ?? false });
  }

  async cp(from: string, to: string, options?: { recursive?: boolean }): Promise<void> {
    const stat = this.files.stat(from);
    if (stat.kind !== "folder") return this.files.writeFile(to, this.files.readFile(from), stat.mode);
    if (!options?.recursive) throw new FileError("EISDIR", from);
    this.files.makeFolder(to, { parents: true });
    for (const name of this.files.list(from)) await this.cp(cleanPath(name, from), cleanPath(name, to), options);
  }

  async mv(from: string, to: string): Promise<void> {
    this.files.move(from, to);
  }

  resolvePath(base: string, path: string): string {
    return cleanPath(path, base);
  }

  /** Only globs of whole trees would need it; the interpreter walks folders instead. */
  getAllPaths(): string[] {
    return [];
  }

  async chmod(path: string, mode: number): Promise<void> {
    this.files.changeMode(path, mode);
  }

  async symlink(target: string, path: string): Promise<void> {
    this.files.makeLink(path, target);
  }

  async link(existing: string, path: string): Promise<void> {
    this.files.attach(path, this.files.stat(existing).inode);
  }

  async readlink(path: string): Promise<string> {
    return this.files.readLink(path);
  }

  async realpath(path: string): Promise<string> {
    return this.files.realPath(path);
  }

  async utimes(path: string, _accessed: unknown, modified: { getTime(): number }): Promise<void> {
    this.files.changeTime(path, modified.getTime());
  }
}
