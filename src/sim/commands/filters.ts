import type { CommandCall, CommandTable } from "../command.ts";
import type { Input, Process } from "../process.ts";
import { signalNumbers } from "../process.ts";
import { ByteReader, joined } from "../shell/streams.ts";
import { absolute, sleepMs, wordsOf } from "./clock.ts";
import { isEndless, swallowEndless } from "./files.ts";
import { grep } from "./grep.ts";

/** Commands that pass on what they read as it comes, and those that run other commands. */
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** What `yes` writes at once. */
const linesPerWrite = 1000;
const restMsMax = 10_000;
/** A file that dd makes is held in the host's memory: this is where the simulated disk is full. */
const ddBytesMax = 1024 ** 3;
/** dd itself holds one block at a time. */
const ddHeldBytesMax = 1024 ** 2;

/** The next piece of standard input; undefined at its end. */
function nextOf(process: Process): Promise<Uint8Array | undefined> {
  return process.wait(process.input?.read() ?? Promise.resolve(undefined));
}

async function cat(call: CommandCall): Promise<number> {
  const { args, out, err, files, cwd, process } = call;
  const names = args.filter((arg) => arg === "-" || !arg.startsWith("-"));
  const numbered = args.some((arg) => /^-\w*n/.test(arg));
  let line = 0;
  const show = (bytes: Uint8Array): void => out(numbered ? decoder.decode(bytes).replace(/^(?=[^])/gm, () => `${String(++line).padStart(6)}\t`) : bytes);
  let status = 0;
  for (const name of names.length > 0 ? names : ["-"]) {
    if (name === "-") {
      for (let chunk = await nextOf(process); chunk; chunk = await nextOf(process)) {
        show(chunk);
        await process.ready();
      }
      continue;
    }
    const path = absolute(name, cwd);
    if (isEndless(call, path)) return swallowEndless(call);
    try {
      show(files.readFile(path));
    } catch (error) {
      err(`cat: ${/EISDIR/.test(String(error)) ? "read error" : `can't open '${name}'`}: ${wordsOf(error)}\n`);
      status = 1;
    }
  }
  return status;
}

async function head(call: CommandCall): Promise<number> {
  const { args, out, err, files, cwd, process } = call;
  let count = 10;
  let bytes: number | undefined;
  const names: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const counted = /^-(?:n|-lines=)?(-?\d+)$/.exec(arg);
    if (arg === "-n" || counted) count = Number(counted ? counted[1] : args[++i]);
    else if (/^-c\d*$/.test(arg)) bytes = Number(arg.slice(2) || args[++i]);
    else if (arg !== "-q") names.push(arg);
  }
  let status = 0;
  for (const name of names.length > 0 ? names : ["-"]) {
    let reader;
    try {
      const path = absolute(name, cwd);
      // There is no end of a line in it, or no last one.
      if (name !== "-" && bytes === undefined && (count < 0 || path.endsWith("zero")) && isEndless(call, path)) return swallowEndless(call);
      reader = name === "-" ? ByteReader.over(process.input) : isEndless(call, path) ? new ByteReader(endless(call, path)) : new ByteReader(undefined, files.readFile(path));
    } catch (error) {
      err(`head: ${name}: ${wordsOf(error)}\n`);
      status = 1;
      continue;
    }
    if (names.length > 1) out(`${name === names[0] ? "" : "\n"}==> ${name} <==\n`);
    if (count < 0) {
      const lines: string[] = [];
      for (let line = await process.wait(reader.line()); line !== undefined; line = await process.wait(reader.line())) lines.push(line);
      out(lines.slice(0, count).join(""));
    } else if (bytes === undefined) {
      for (let left = count; left > 0; left--) {
        const line = await process.wait(reader.line());
        if (line === undefined) break;
        out(line);
      }
    } else {
      for (let left = bytes; left > 0; ) {
        const chunk = await process.wait(reader.read());
        if (!chunk) break;
        out(chunk.subarray(0, left));
        left -= chunk.length;
      }
    }
  }
  return status;
}

/** /dev/zero or /dev/urandom, a block at a time. Every 4 MiB it rests, longer each time up to a disk's 40 MB/s, for a reader may want no end of it. */
function endless({ process }: CommandCall, path: string): Input {
  const { random } = process.world;
  let blocks = 0;
  let restMs = 1;
  return {
    read: async () => {
      if (++blocks % 1024 === 0) {
        await process.compute(restMs);
        restMs = Math.min(restMs * 2, 100);
      }
      return path.endsWith("zero") ? new Uint8Array(4096) : Uint8Array.from({ length: 4096 }, () => random.below(256));
    },
  };
}

/** `1M`, `4k`, `512`: bytes. */
function sizeOf(text: string): number {
  const match = /^(\d+)(c|w|b|kB|k|K|MB|M|GB|G)?$/.exec(text);
  return match ? Number(match[1]) * ({ c: 1, w: 2, b: 512, kB: 1000, k: 1024, K: 1024, MB: 1e6, M: 1024 ** 2, GB: 1e9, G: 1024 ** 3 }[match[2] ?? "c"] ?? 1) : Number.NaN;
}

async function dd(call: CommandCall): Promise<number> {
  const { args, out, err, files, cwd, process } = call;
  const operands = new Map(args.map((arg) => [arg.slice(0, arg.indexOf("=")), arg.slice(arg.indexOf("=") + 1)] as const));
  const blockBytes = sizeOf(operands.get("bs") ?? operands.get("ibs") ?? "512");
  const bytesMax = (operands.has("count") ? sizeOf(operands.get("count") as string) : Infinity) * blockBytes;
  if (!(blockBytes > 0) || Number.isNaN(bytesMax)) {
    err(`dd: invalid number '${["bs", "ibs", "count"].map((name) => operands.get(name)).find((text) => text !== undefined && !(sizeOf(text) > 0)) ?? ""}'\n`);
    return 1;
  }
  const [from, to] = [operands.get("if"), operands.get("of")];
  let total = 0;
  try {
    const source = from === undefined ? ByteReader.over(process.input) : isEndless(call, absolute(from, cwd)) ? new ByteReader(endless(call, absolute(from, cwd))) : new ByteReader(undefined, files.readFile(absolute(from, cwd)).subarray(Number(operands.get("skip") ?? 0) * blockBytes));
    if (to !== undefined && operands.get("conv") !== "notrunc") files.writeFile(absolute(to, cwd), new Uint8Array(0));
    const chunks: Uint8Array[] = [];
    for (let chunk = await process.wait(source.read()); chunk && total < bytesMax; chunk = await process.wait(source.read())) {
      const part = chunk.subarray(0, bytesMax - total);
      total += part.length;
      if (to === undefined) out(part);
      else chunks.push(part);
      await process.holdMemory(Math.min(total, ddHeldBytesMax));
      if (to !== undefined && total > ddBytesMax) throw new Error("No space left on device");
    }
    if (to !== undefined) files.appendFile(absolute(to, cwd), joined(chunks));
  } catch (error) {
    const words = wordsOf(error);
    err(`dd: ${words === "No space left on device" ? "error writing" : "can't open"} '${to ?? from ?? ""}': ${words}\n`);
    return 1;
  }
  const blocks = `${Math.floor(total / blockBytes)}+${total % blockBytes === 0 ? 0 : 1}`;
  if (operands.get("status") !== "none") err(`${blocks} records in\n${blocks} records out\n${total} bytes (${(total / 1e6).toFixed(1)}MB) copied, 0.001000 seconds, ${(total / 1e6).toFixed(1)}GB/s\n`);
  return 0;
}

async function tee({ args, out, err, files, cwd, process }: CommandCall): Promise<number> {
  const append = args.includes("-a");
  let status = 0;
  const paths = args.filter((arg) => !arg.startsWith("-")).flatMap((name) => {
    const path = absolute(name, cwd);
    try {
      if (append) files.appendFile(path, new Uint8Array(0));
      else files.writeFile(path, new Uint8Array(0));
      return [path];
    } catch (error) {
      err(`tee: ${name}: ${wordsOf(error)}\n`);
      status = 1;
      return [];
    }
  });
  for (let chunk = await nextOf(process); chunk; chunk = await nextOf(process)) {
    for (const path of paths) files.appendFile(path, chunk);
    out(chunk);
  }
  return status;
}

async function yes({ args, out, process }: CommandCall): Promise<number> {
  const lines = encoder.encode(`${args.length > 0 ? args.join(" ") : "y"}\n`.repeat(linesPerWrite));
  for (let restMs = 1; ; restMs = Math.min(restMs * 2, restMsMax)) {
    out(lines);
    await process.ready();
    await process.compute(restMs);
  }
}

/** `shuf`, its chance from the cluster's seed. */
async function shuf({ args, out, err, files, cwd, process, input }: CommandCall): Promise<number> {
  let [count, lines, name]: [number, string[] | undefined, string | undefined] = [Infinity, undefined, undefined];
  const repeat = args.includes("-r");
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const range = /^(?:-i)?(\d+)-(\d+)$/.exec(arg === "-i" ? (args[i + 1] ?? "") : arg);
    if (/^-n\d*$/.test(arg)) count = Number(arg.slice(2) || args[++i]);
    else if (arg.startsWith("-i") && range) {
      if (arg === "-i") i++;
      lines = Array.from({ length: Number(range[2]) - Number(range[1]) + 1 }, (_, at) => String(Number(range[1]) + at));
    } else if (arg === "-e") {
      lines = args.slice(i + 1);
      break;
    } else if (!arg.startsWith("-")) name = arg;
  }
  try {
    lines ??= decoder.decode(name === undefined ? await input() : files.readFile(absolute(name, cwd))).replace(/\n$/, "").split("\n");
  } catch (error) {
    err(`shuf: ${name}: ${wordsOf(error)}\n`);
    return 1;
  }
  const { random } = process.world;
  const left = [...lines];
  const drawn: string[] = [];
  while (left.length > 0 && drawn.length < Math.min(count, repeat ? (Number.isFinite(count) ? count : 0) : Infinity)) {
    const at = random.below(left.length);
    drawn.push(repeat ? (left[at] as string) : (left.splice(at, 1)[0] as string));
  }
  out(drawn.map((line) => `${line}\n`).join(""));
  return 0;
}

async function env({ args, env: before, out, run }: CommandCall): Promise<number> {
  const variables = new Map(before);
  const words = [...args];
  for (let flag = words[0]; flag?.startsWith("-"); flag = words[0]) {
    words.shift();
    if (flag === "-i" || flag === "-") variables.clear();
    else if (flag === "-u") variables.delete(words.shift() ?? "");
  }
  for (let set = /^([^=]+)=([^]*)$/.exec(words[0] ?? ""); set; set = /^([^=]+)=([^]*)$/.exec(words[0] ?? "")) {
    variables.set(set[1] as string, set[2] as string);
    words.shift();
  }
  if (words.length > 0) return run(words, { env: variables });
  for (const [name, value] of variables) out(`${name}=${value}\n`);
  return 0;
}

async function timeout({ args, process, run, err }: CommandCall): Promise<number> {
  const words = [...args];
  let signal: "TERM" | "KILL" = "TERM";
  while (words[0]?.startsWith("-")) {
    const flag = words.shift() as string;
    if (flag === "-s") signal = /9|KILL/.test(words.shift() ?? "") ? "KILL" : "TERM";
    else if (flag === "-k") words.shift();
  }
  const ms = sleepMs(words.shift() ?? "");
  if (ms === undefined || words.length === 0) {
    err("BusyBox v1.36.1 multi-call binary.\n\nUsage: timeout [-s SIG] [-k KILL_SECS] SECS PROG ARGS\n");
    return 1;
  }
  let child: Process | undefined;
  const done = run(words, { started: (started) => void (child = started) });
  const first = await process.wait(Promise.race([done, process.sleep(ms).then(() => "late" as const)]));
  if (first !== "late") return first;
  child?.signal(signal);
  child?.exit(128 + signalNumbers[signal]);
  return 128 + signalNumbers[signal];
}

async function xargs({ args, run, input, err }: CommandCall): Promise<number> {
  let [each, replaced, zero, skipEmpty]: [number, string, boolean, boolean] = [Infinity, "", false, false];
  let at = 0;
  for (; at < args.length && (args[at] as string).startsWith("-"); at++) {
    const arg = args[at] as string;
    if (/^-[nL]\d*$/.test(arg)) each = Number(arg.slice(2) || args[++at]);
    else if (/^-P\d*$/.test(arg)) at += arg === "-P" ? 1 : 0;
    else if (arg.startsWith("-I")) replaced = arg.slice(2) || (args[++at] ?? "{}");
    else if (arg === "-0") zero = true;
    else if (arg === "-r") skipEmpty = true;
    else if (arg !== "-t") {
      err(`xargs: unrecognized option: ${arg.slice(1)}\n`);
      return 1;
    }
  }
  const command = args.length > at ? args.slice(at) : ["echo"];
  const text = decoder.decode(await input());
  const items = zero ? text.split("\0").filter((item) => item !== "") : replaced === "" ? (text.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((item) => item.replace(/^(["'])(.*)\1$/s, "$2")) : text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const lines = replaced === "" ? chunked(items, each).map((some) => [...command, ...some]) : items.map((item) => command.map((word) => word.replaceAll(replaced, item)));
  if (lines.length === 0 && !skipEmpty && replaced === "") lines.push([...command]);
  let status = 0;
  for (const line of lines) if ((await run(line, { input: "none" })) !== 0) status = 123;
  return status;
}

function chunked(items: readonly string[], size: number): string[][] {
  const out: string[][] = [];
  for (let at = 0; at < items.length; at += size) out.push(items.slice(at, at + size));
  return out;
}

/** Runs the rest of its words as a command: `nohup`, `nice` and the like, which change nothing here. */
const passing = (skipsValue: readonly string[] = []) => async ({ args, run }: CommandCall): Promise<number> => {
  let at = 0;
  while (args[at]?.startsWith("-")) at += skipsValue.includes(args[at] as string) ? 2 : 1;
  return run(args.slice(at));
};

/** The one binary that they all are. */
async function busybox(call: CommandCall): Promise<number> {
  if (call.args.length > 0 && !(call.args[0] as string).startsWith("--")) return passing()(call);
  call.out("BusyBox v1.36.1 (2024-06-12 00:00:00 UTC) multi-call binary.\nBusyBox is copyrighted by many authors between 1998-2015.\nLicensed under GPLv2. See source distribution for detailed\ncopyright notices.\n\nUsage: busybox [function [arguments]...]\n   or: busybox --list[-full]\n   or: function [arguments]...\n\n");
  return 0;
}

export const filterCommands: CommandTable = { cat, dd, head, tee, yes, shuf, env, timeout, xargs, grep, egrep: (call) => grep({ ...call, args: ["-E", ...call.args] }), fgrep: (call) => grep({ ...call, args: ["-F", ...call.args] }), nohup: passing(), nice: passing(["-n"]), setsid: passing(), stdbuf: passing(["-o", "-i", "-e"]), busybox };
