import type { CommandCall } from "../command.ts";
import { cleanPath } from "../files/file-view.ts";
import { joined } from "../shell/streams.ts";
import { absolute, wordsOf } from "./clock.ts";

/** tar: makes, lists and unpacks archives of the ustar form, as `kubectl cp` sends and takes them. Nothing is compressed. */
const block = 512;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface Entry {
  readonly name: string;
  readonly kind: "file" | "folder" | "link";
  readonly mode: number;
  readonly mtime: number;
  readonly content: Uint8Array;
  readonly target: string;
}

interface Asked {
  readonly action: "c" | "x" | "t";
  readonly file: string;
  readonly folder: string;
  readonly verbose: boolean;
  readonly strip: number;
  readonly names: readonly string[];
}

function parse(args: readonly string[], cwd: string): Asked | string {
  let [action, file, folder, verbose, strip]: ["c" | "x" | "t" | "", string, string, boolean, number] = ["", "-", cwd, false, 0];
  const names: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg.startsWith("--strip-components")) strip = Number(arg.split("=")[1] ?? args[++i]);
    else if (arg.startsWith("--")) continue;
    else if (arg.startsWith("-") || i === 0) {
      for (const letter of arg.replace(/^-/, "")) {
        if (letter === "c" || letter === "x" || letter === "t") action = letter;
        else if (letter === "v") verbose = true;
        else if (letter === "f") file = args[++i] ?? "-";
        else if (letter === "C") folder = cleanPath(args[++i] ?? ".", folder);
      }
    } else names.push(arg);
  }
  return action === "" ? "BusyBox v1.36.1 multi-call binary.\n\nUsage: tar c|x|t [-ZzJjahmvokO] [-f TARFILE] [-C DIR] [-T FILE] [-X FILE] [LONGOPT]... [FILE]...\n" : { action, file, folder, verbose, strip, names };
}

export async function tar(call: CommandCall): Promise<number> {
  const { args, cwd, files, out, err, input } = call;
  const asked = parse(args, cwd);
  if (typeof asked === "string") {
    err(asked);
    return 1;
  }
  if (asked.action === "c") return create(call, asked);
  let bytes;
  try {
    bytes = asked.file === "-" ? await input() : files.readFile(absolute(asked.file, cwd));
  } catch (error) {
    err(`tar: can't open '${asked.file}': ${wordsOf(error)}\n`);
    return 1;
  }
  const entries = read(bytes);
  if (!entries) {
    err(bytes.length === 0 ? "tar: short read\n" : "tar: invalid tar magic\n");
    return 1;
  }
  const wanted = entries.filter(({ name }) => asked.names.length === 0 || asked.names.some((each) => name === each || name.startsWith(`${each.replace(/\/$/, "")}/`)));
  if (asked.action === "t") {
    for (const { name } of wanted) out(`${name}\n`);
    return 0;
  }
  return unpack(call, wanted, asked);
}

function create({ files, cwd, out, err }: CommandCall, { file, folder, verbose, names }: Asked): number {
  const chunks: Uint8Array[] = [];
  let status = 0;
  let stripped = false;
  const add = (name: string): void => {
    const path = cleanPath(name, folder);
    const stat = files.stat(path, { follow: false });
    const shown = name.replace(/^(?:\.\.\/|\/)+/, "");
    if (shown !== name && !stripped) {
      err(`tar: removing leading '${name.startsWith("/") ? "/" : "../"}' from member names\n`);
      stripped = true;
    }
    if (verbose) err(`${shown}\n`);
    const content = stat.kind === "file" ? files.readFile(path) : new Uint8Array(0);
    chunks.push(...written({ name: stat.kind === "folder" && !shown.endsWith("/") ? `${shown}/` : shown, kind: stat.kind, mode: stat.mode, mtime: stat.mtime, content, target: stat.kind === "link" ? files.readLink(path) : "" }));
    if (stat.kind === "folder") for (const child of files.list(path)) add(name.endsWith("/") ? name + child : `${name}/${child}`);
  };
  for (const name of names) {
    try {
      add(name);
    } catch (error) {
      err(`tar: ${name}: ${wordsOf(error)}\n`);
      status = 1;
    }
  }
  chunks.push(new Uint8Array(block * 2));
  if (status !== 0) err("tar: error exit delayed from previous errors\n");
  if (file === "-") out(joined(chunks));
  else files.writeFile(absolute(file, cwd), joined(chunks));
  return status;
}

function unpack({ files, err, out, process }: CommandCall, entries: readonly Entry[], { folder, verbose, strip }: Asked): number {
  let status = 0;
  for (const { name, kind, mode, content, target } of entries) {
    const below = name.split("/").filter((part) => part !== "" && part !== "." && part !== "..").slice(strip).join("/");
    if (below === "") continue;
    if (verbose) out(`${name}\n`);
    const path = cleanPath(below, folder);
    try {
      const parent = cleanPath("..", path);
      if (!files.exists(parent)) files.makeFolder(parent, { parents: true });
      if (kind === "folder") {
        if (!files.exists(path)) files.makeFolder(path, { parents: true });
      } else if (kind === "link") {
        files.remove(path, { force: true });
        files.makeLink(path, target);
      } else {
        files.writeFile(path, content, mode);
        files.changeTime(path, process.clock.now());
      }
    } catch (error) {
      err(`tar: can't open '${below}': ${wordsOf(error)}\n`);
      status = 1;
    }
  }
  return status;
}

const octal = (value: number, width: number): string => `${Math.max(0, value).toString(8).padStart(width - 1, "0")}\0`;

/** The header and content of one entry; a name that is too long goes before it in an entry of its own, as GNU does. */
function written(entry: Entry): Uint8Array[] {
  const name = encoder.encode(entry.name);
  const long = name.length > 99 ? [header({ ...entry, name: "././@LongLink", content: new Uint8Array(name.length + 1) }, "L"), padded(joined([name, new Uint8Array(1)]))] : [];
  return [...long, header(entry, entry.kind === "folder" ? "5" : entry.kind === "link" ? "2" : "0"), padded(entry.content)];
}

function header({ name, mode, mtime, content, target }: Entry, type: string): Uint8Array {
  const bytes = new Uint8Array(block);
  const put = (at: number, text: string, length: number): void => bytes.set(encoder.encode(text).subarray(0, length), at);
  put(0, name, 99);
  put(100, octal(mode & 0o7777, 8), 8);
  put(108, octal(0, 8), 8);
  put(116, octal(0, 8), 8);
  put(124, octal(content.length, 12), 12);
  put(136, octal(Math.floor(mtime / 1000), 12), 12);
  put(148, "        ", 8);
  put(156, type, 1);
  put(157, target, 99);
  put(257, "ustar  ", 8);
  put(265, "root", 31);
  put(297, "root", 31);
  put(148, `${bytes.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0")}\0 `, 8);
  return bytes;
}

function padded(content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(content.length / block) * block);
  bytes.set(content);
  return bytes;
}

/** The entries of an archive; undefined for bytes that are none. */
function read(bytes: Uint8Array): Entry[] | undefined {
  const entries: Entry[] = [];
  let longName: string | undefined;
  let at = 0;
  for (; at + block <= bytes.length && bytes[at] !== 0; ) {
    const start = at;
    const text = (from: number, length: number): string => decoder.decode(bytes.subarray(start + from, start + from + length)).replace(/\0[^]*$/, "");
    if (!text(257, 5).startsWith("ustar")) return undefined;
    const size = Number.parseInt(text(124, 12).trim() || "0", 8);
    const type = text(156, 1);
    const content = bytes.slice(at + block, at + block + size);
    at += block + Math.ceil(size / block) * block;
    if (type === "L") longName = decoder.decode(content).replace(/\0+$/, "");
    else if (type === "x" || type === "g") longName = /\d+ path=([^\n]*)\n/.exec(decoder.decode(content))?.[1] ?? longName;
    else {
      const prefix = text(257, 6) === "ustar" ? text(345, 155) : "";
      const name = longName ?? (prefix === "" ? text(0, 100) : `${prefix}/${text(0, 100)}`);
      longName = undefined;
      entries.push({ name, kind: type === "5" || name.endsWith("/") ? "folder" : type === "2" ? "link" : "file", mode: Number.parseInt(text(100, 8).trim() || "644", 8), mtime: 0, content, target: text(157, 100) });
    }
  }
  return bytes.length === 0 ? undefined : entries;
}
