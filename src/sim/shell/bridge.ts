import type { FsStat, IFileSystem } from "just-bash/browser";
import { civilFromInstant, formatTime } from "../../base/time.ts";
import { FileError, cleanPath } from "../files/file-view.ts";
import type { FileView } from "../files/file-view.ts";
import type { Output } from "../process.ts";
import { ownCommands, ownFolder, stderrSink, stdoutSink, targetFolder, targetMark } from "./transform.ts";

/**
 * Lets the interpreter work on a container's files. Its sinks are two names under /dev that no listing shows: what is appended
 * there is the process's output.
 */
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

/** The interpreter calls itself bash; the shell of these images is ash. */
export function asAsh(message: string): string {
  return message.replace(/^bash: (?:line \d+: )?(.*?)(?:: command not found)?$/gm, (line: string, rest: string) => {
    if (line.endsWith(": command not found")) return `sh: ${rest}: not found`;
    const target = rest.startsWith(targetFolder) ? `can't create ${rest.slice(Math.max(rest.indexOf(targetMark) + targetMark.length, targetFolder.length))}` : rest;
    return `sh: ${target}`;
  });
}

/** The sinks, and the commands that rewriting puts in: the interpreter looks for a file of each before it runs it. */
function isOwn(path: string): boolean {
  return path === stdoutSink || path === stderrSink || (path.startsWith(ownFolder) && ownCommands.has(path.slice(ownFolder.length)));
}

/** The path without `targetFolder`. */
function plain(path: string): string {
  return path.startsWith(`${targetFolder}/`) ? path.slice(targetFolder.length) : path;
}

export class ShellFiles implements IFileSystem {
  private readonly files: FileView;
  private readonly output: Output;
  /** The last write of a redirection that was refused. */
  private refused: { readonly path: string; readonly words: string } | undefined;

  constructor(files: FileView, output: Output) {
    this.files = files;
    this.output = output;
  }

  private sink(path: string, content: string | Uint8Array, options: unknown): boolean {
    if (path !== stdoutSink && path !== stderrSink) return false;
    const bytes = bytesOf(content, options);
    if (bytes.length === 0) return true;
    if (path === stdoutSink) this.output("stdout", bytes);
    else this.output("stderr", encoder.encode(asAsh(decoder.decode(bytes))));
    return true;
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
    if (!this.sink(path, content, options)) this.noting(path, (to) => this.files.writeFile(to, bytesOf(content, options)));
  }

  async appendFile(path: string, content: string | Uint8Array, options?: unknown): Promise<void> {
    if (!this.sink(path, content, options)) this.noting(path, (to) => this.files.appendFile(to, bytesOf(content, options)));
  }

  async exists(path: string): Promise<boolean> {
    return isOwn(path) || this.files.exists(plain(path));
  }

  /** What ash says of the last refused redirection; told once. */
  takeRefusal(): string | undefined {
    const { refused } = this;
    this.refused = undefined;
    return refused && `sh: can't create ${refused.path}: ${refused.words === "No such file or directory" ? "nonexistent directory" : refused.words}\n`;
  }

  private noting(path: string, write: (path: string) => void): void {
    const to = plain(path);
    if (to === path) return write(path);
    try {
      write(to);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.refused = { path: to, words: error.words };
    }
  }

  async stat(path: string): Promise<FsStat> {
    return this.statOf(path, true);
  }

  async lstat(path: string): Promise<FsStat> {
    return this.statOf(path, false);
  }

  private statOf(path: string, follow: boolean): FsStat {
    if (isOwn(path)) {
      return { isFile: true, isDirectory: false, isSymbolicLink: false, mode: 0o755, size: 0, mtime: new FileTime(0) as unknown as FsStat["mtime"] };
    }
    const stat = this.files.stat(plain(path), { follow });
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
    const mark = path.startsWith(targetFolder) ? path.indexOf(targetMark) : -1;
    if (mark < 0) return cleanPath(path, base);
    return targetFolder + cleanPath(path.slice(mark + targetMark.length), path.slice(targetFolder.length, mark));
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
