import type { CommandCall, CommandTable } from "../command.ts";
import { absolute, formatDate, wordsOf } from "./clock.ts";

/** Commands that look at files as bytes, and some that make or measure them. */
const decoder = new TextDecoder();

/** The bytes of a file, or of standard input for none and "-"; undefined, with the reason told, where it cannot be read. */
async function bytesOf(call: CommandCall, name: string | undefined): Promise<Uint8Array | undefined> {
  if (name === undefined || name === "-") return call.input();
  try {
    return call.files.readFile(absolute(name, call.cwd));
  } catch (error) {
    call.err(`${call.process.argv[0]}: can't open '${name}': ${wordsOf(error)}\n`);
    return undefined;
  }
}

const hex = (value: number, width: number): string => value.toString(16).padStart(width, "0");
const visible = (bytes: Uint8Array): string => [...bytes].map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
const rowsOf = (bytes: Uint8Array): Uint8Array[] => Array.from({ length: Math.ceil(bytes.length / 16) }, (_, i) => bytes.subarray(i * 16, i * 16 + 16));
const operands = (args: readonly string[]): string[] => args.filter((arg, i) => !arg.startsWith("-") && !/^-[nsl]$/.test(args[i - 1] ?? ""));
const limited = (args: readonly string[], flag: string): number => Number(args.map((arg, i) => (arg === flag ? args[i + 1] : arg.startsWith(flag) ? arg.slice(flag.length) : undefined)).find((each) => each !== undefined && each !== "") ?? Infinity);

async function hexdump(call: CommandCall): Promise<number> {
  const given = await bytesOf(call, operands(call.args)[0]);
  if (!given) return 1;
  const bytes = given.subarray(0, limited(call.args, "-n"));
  const canonical = call.args.some((arg) => /^-\w*C/.test(arg));
  rowsOf(bytes).forEach((row, i) => {
    const pairs = [...row].map((byte) => hex(byte, 2));
    if (canonical) call.out(`${hex(i * 16, 8)}  ${pairs.slice(0, 8).join(" ").padEnd(23)}  ${pairs.slice(8).join(" ").padEnd(23)}  |${visible(row)}|\n`);
    else call.out(`${hex(i * 16, 7)}${Array.from({ length: Math.ceil(row.length / 2) }, (_, at) => ` ${hex((row[at * 2] ?? 0) + 256 * (row[at * 2 + 1] ?? 0), 4)}`).join("").padEnd(40)}\n`);
  });
  if (bytes.length > 0) call.out(`${hex(bytes.length, canonical ? 8 : 7)}\n`);
  return 0;
}

async function xxd(call: CommandCall): Promise<number> {
  const given = await bytesOf(call, operands(call.args)[0]);
  if (!given) return 1;
  const bytes = given.subarray(0, limited(call.args, "-l"));
  if (call.args.includes("-r")) {
    const digits = decoder.decode(bytes).replace(/^[\da-f]+: /gim, "").replace(/ {2}.*$/gm, "").replace(/\s/g, "");
    call.out(Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)));
  } else if (call.args.includes("-p")) {
    const text = [...bytes].map((byte) => hex(byte, 2)).join("");
    call.out((text.match(/.{1,60}/g) ?? []).map((line) => `${line}\n`).join(""));
  } else rowsOf(bytes).forEach((row, i) => call.out(`${hex(i * 16, 8)}: ${([...row].map((byte) => hex(byte, 2)).join("").match(/.{1,4}/g) ?? []).join(" ").padEnd(39)}  ${visible(row)}\n`));
  return 0;
}

async function cmp(call: CommandCall): Promise<number> {
  const [first, second = "-"] = operands(call.args);
  const [a, b] = [await bytesOf(call, first), await bytesOf(call, second)];
  if (!a || !b) return 2;
  const isSilent = call.args.includes("-s");
  const at = a.findIndex((byte, i) => byte !== b[i]);
  if (at < 0 && a.length === b.length) return 0;
  const line = 1 + a.subarray(0, at < 0 ? a.length : at).filter((byte) => byte === 10).length;
  if (isSilent) return 1;
  if (at >= 0 && at < b.length) call.out(`${first} ${second} differ: char ${at + 1}, line ${line}\n`);
  else call.err(`cmp: EOF on ${a.length < b.length ? first : second}\n`);
  return 1;
}

const sizes: { readonly [unit: string]: number } = { "": 1, k: 1024, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

async function truncate(call: CommandCall): Promise<number> {
  const size = /^(\d+)([kKMG]?)$/.exec(call.args[call.args.indexOf("-s") + 1] ?? "");
  const names = operands(call.args);
  if (!size || names.length === 0) {
    call.err("BusyBox v1.36.1 multi-call binary.\n\nUsage: truncate [-c] -s SIZE FILE...\n");
    return 1;
  }
  const length = Number(size[1]) * (sizes[size[2] as string] as number);
  for (const name of names) {
    const path = absolute(name, call.cwd);
    const next = new Uint8Array(length);
    if (call.files.exists(path)) next.set(call.files.readFile(path).subarray(0, length));
    else if (call.args.includes("-c")) continue;
    call.files.writeFile(path, next);
  }
  return 0;
}

const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

async function mktemp({ args, cwd, env, files, out, err, process }: CommandCall): Promise<number> {
  const at = args.indexOf("-p");
  const folder = at >= 0 ? (args[at + 1] ?? "") : (env.get("TMPDIR") ?? "/tmp");
  const given = args.find((arg, i) => !arg.startsWith("-") && (at < 0 || i !== at + 1));
  const template = given === undefined ? `${folder}/tmp.XXXXXX` : args.some((arg) => /^-\w*t/.test(arg)) || at >= 0 ? `${folder}/${given}` : given;
  if (!template.endsWith("XXXXXX")) {
    err(`mktemp: ${template}: Invalid argument\n`);
    return 1;
  }
  const path = template.replace(/X+$/, (all) => [...all].map(() => alphabet[process.world.random.below(alphabet.length)]).join(""));
  try {
    if (args.some((arg) => /^-\w*d/.test(arg))) files.makeFolder(absolute(path, cwd), { mode: 0o700 });
    else files.writeFile(absolute(path, cwd), new Uint8Array(0), 0o600);
  } catch (error) {
    err(`mktemp: ${template}: ${wordsOf(error)}\n`);
    return 1;
  }
  out(`${path}\n`);
  return 0;
}

async function realpath({ args, cwd, files, out, err }: CommandCall): Promise<number> {
  let status = 0;
  for (const name of args.filter((arg) => !arg.startsWith("-"))) {
    try {
      out(`${files.realPath(absolute(name, cwd))}\n`);
    } catch (error) {
      err(`realpath: ${name}: ${wordsOf(error)}\n`);
      status = 1;
    }
  }
  return status;
}

const kinds = { file: "regular file", folder: "directory", link: "symbolic link" } as const;
const letters = { file: "-", folder: "d", link: "l" } as const;

function permissions(kind: keyof typeof letters, mode: number): string {
  const three = (bits: number): string => `${bits & 4 ? "r" : "-"}${bits & 2 ? "w" : "-"}${bits & 1 ? "x" : "-"}`;
  return `${letters[kind]}${three(mode >> 6)}${three(mode >> 3)}${three(mode)}${mode & 0o1000 ? "" : ""}`;
}

async function stat({ args, cwd, files, out, err }: CommandCall): Promise<number> {
  const at = args.indexOf("-c");
  const format = at >= 0 ? args[at + 1] : args.find((arg) => arg.startsWith("--format="))?.slice("--format=".length);
  let status = 0;
  for (const name of args.filter((arg, i) => !arg.startsWith("-") && (at < 0 || i !== at + 1))) {
    const path = absolute(name, cwd);
    let found;
    try {
      found = files.stat(path, { follow: args.some((arg) => /^-\w*L/.test(arg)) });
    } catch (error) {
      err(`stat: can't stat '${name}': ${wordsOf(error)}\n`);
      status = 1;
      continue;
    }
    const { kind, mode, size, mtime, inode } = found;
    const who = (id: number): string => (id === 0 ? "root" : "UNKNOWN");
    const [user, group] = [inode.owner ?? 0, inode.group ?? 0];
    const when = formatDate(mtime, "%Y-%m-%d %H:%M:%S.000000000 +0000");
    const letter: { readonly [letter: string]: string } = {
      a: (mode & 0o7777).toString(8), A: permissions(kind, mode), s: String(size), n: name, N: kind === "link" ? `${name} -> ${files.readLink(path)}` : name, u: String(user), g: String(group), U: who(user), G: who(group), F: size === 0 && kind === "file" ? "regular empty file" : kinds[kind],
      y: when, x: when, z: when, Y: String(Math.floor(mtime / 1000)), X: String(Math.floor(mtime / 1000)), Z: String(Math.floor(mtime / 1000)), h: kind === "folder" ? "2" : "1", b: String(Math.ceil(size / 4096) * 8), B: "512", o: "4096", "%": "%",
    };
    if (format !== undefined) out(`${format.replace(/%(.)/g, (whole, each: string) => letter[each] ?? whole)}\n`);
    else {
      out(`  File: ${letter["N"]}\n  Size: ${String(size).padEnd(10)}\tBlocks: ${(letter["b"] as string).padEnd(10)} IO Block: 4096   ${letter["F"]}\n`);
      out(`Device: 38h/56d\tInode: ${String(1000 + ((path.length * 7919) % 90_000)).padEnd(10)}  Links: ${letter["h"]}\n`);
      out(`Access: (${(mode & 0o7777).toString(8).padStart(4, "0")}/${letter["A"]})  Uid: (${String(user).padStart(5)}/${who(user).padStart(8)})   Gid: (${String(group).padStart(5)}/${who(group).padStart(8)})\n`);
      out(`Access: ${when}\nModify: ${when}\nChange: ${when}\n`);
    }
  }
  return status;
}

/** Pagers show all at once: who asks through a pipe reads it so anyway. */
async function page(call: CommandCall): Promise<number> {
  const names = operands(call.args);
  let status = 0;
  for (const name of names.length > 0 ? names : [undefined]) {
    const bytes = await bytesOf(call, name);
    if (bytes) call.out(bytes);
    else status = 1;
  }
  return status;
}

export const byteCommands: CommandTable = { hexdump, hd: (call) => hexdump({ ...call, args: ["-C", ...call.args] }), xxd, cmp, truncate, mktemp, realpath, stat, less: page, more: page };
