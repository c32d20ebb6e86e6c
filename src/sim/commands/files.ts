import type { CommandCall, CommandTable } from "../command.ts";
import { signalNumbers } from "../process.ts";
import { ByteReader } from "../shell/streams.ts";
import { absolute, wordsOf } from "./clock.ts";

/** Commands whose ends or times the interpreter's own cannot follow: endless reads, following tails, ages by the cluster's clock. */
const decoder = new TextDecoder();

/** How much memory an endless line costs per second of reading: the container meets its limit soon. */
const gulpBytes = 256 * 1024 * 1024;

async function swallowEndless(call: CommandCall): Promise<number> {
  for (let held = 0; ; held += gulpBytes) {
    await call.process.holdMemory(held);
    await call.process.sleep(200);
  }
}

function isEndless(call: CommandCall, path: string): boolean {
  if (!call.files.exists(path)) return false;
  const { inode } = call.files.stat(path);
  return inode.kind === "file" && (inode.device === "zero" || inode.device === "random");
}

function lastLines(text: string, count: number): string {
  const lines = text.split("\n");
  const open = lines.pop() as string;
  if (open !== "") lines.push(open);
  const kept = count === 0 ? [] : lines.slice(-count);
  return kept.length === 0 ? "" : kept.join("\n") + (open === "" ? "\n" : "");
}

async function tail(call: CommandCall): Promise<number> {
  const { args, out, err, files, cwd, process } = call;
  let count = 10;
  let from: number | undefined;
  let bytes: number | undefined;
  let fromByte = false;
  let follow = false;
  const names: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const counted = /^-(?:n|-lines=)?([+-]?\d+)$/.exec(arg);
    if (arg === "-n" || counted) {
      const text = counted ? (counted[1] as string) : (args[++i] ?? "10");
      if (text.startsWith("+")) from = Number(text.slice(1));
      else count = Math.abs(Number(text));
    } else if (/^-c[+-]?\d*$/.test(arg)) {
      const text = arg.slice(2) || (args[++i] ?? "0");
      fromByte = text.startsWith("+");
      bytes = Math.abs(Number(text));
    }
    else if (arg === "-s") i++;
    else if (/^-[fFq]+$/.test(arg) || arg === "--follow") follow ||= /f|F/.test(arg);
    else names.push(arg);
  }
  const show = (text: string): void => out(bytes !== undefined ? (fromByte ? text.slice(Math.max(0, bytes - 1)) : text.slice(-bytes)) : from !== undefined ? text.split("\n").slice(Math.max(0, from - 1)).join("\n") : lastLines(text, count));
  if (names.length === 0) {
    if (from !== undefined && bytes === undefined) return skipLines(call, from);
    show(decoder.decode(await call.input()));
    return 0;
  }
  const seen = new Map<string, number>();
  let status = 0;
  for (const name of names) {
    const path = absolute(name, cwd);
    if (isEndless(call, path)) return swallowEndless(call);
    try {
      const text = decoder.decode(files.readFile(path));
      if (names.length > 1) out(`${seen.size > 0 ? "\n" : ""}==> ${name} <==\n`);
      show(text);
      seen.set(path, text.length);
    } catch (error) {
      err(`tail: can't open '${name}': ${wordsOf(error)}\n`);
      status = 1;
    }
  }
  if (!follow) return status;
  if ([...seen.keys()].every((path) => path === "/dev/null")) await process.sleep(Infinity);
  for (;;) {
    // tail -f looks once a second, at who reads it too.
    await process.sleep(1000);
    if (!process.output("stdout", new Uint8Array(0))) return 128 + signalNumbers.PIPE;
    for (const [path, length] of seen) {
      if (!files.exists(path)) continue;
      const text = decoder.decode(files.readFile(path));
      if (text.length > length) out(text.slice(length));
      seen.set(path, text.length);
    }
  }
}

/** `tail -n +N`: all but the first lines, as they come. */
async function skipLines({ process, out }: CommandCall, from: number): Promise<number> {
  const reader = ByteReader.over(process.input);
  for (let left = from - 1; left > 0; left--) if ((await process.wait(reader.line())) === undefined) return 0;
  for (let chunk = await process.wait(reader.read()); chunk; chunk = await process.wait(reader.read())) out(chunk);
  return 0;
}

interface Candidate {
  readonly path: string;
  readonly absolute: string;
  readonly depth: number;
}

type Test = (candidate: Candidate) => boolean;

interface Find {
  readonly call: CommandCall;
  maxDepth: number;
  minDepth: number;
  acts: boolean;
  depthFirst: boolean;
  readonly commands: string[][];
}

function pattern(glob: string, flags = ""): RegExp {
  return new RegExp(`^${glob.replace(/[.+^${}()|\\]/g, "\\$&").replace(/\*/g, ".*").replace(/\?/g, ".")}$`, flags);
}

function compare(text: string, unit: number): (value: number) => boolean {
  const wanted = Number(text.replace(/^[+-]/, ""));
  if (text.startsWith("+")) return (value) => Math.floor(value / unit) > wanted;
  if (text.startsWith("-")) return (value) => Math.floor(value / unit) < wanted;
  return (value) => Math.floor(value / unit) === wanted;
}

/** One primary of find; `next` gives its argument. */
function primary(name: string, next: () => string, find: Find): Test | undefined {
  const { files, process, out, cwd } = find.call;
  const age = (candidate: Candidate): number => process.clock.now() - files.stat(candidate.absolute, { follow: false }).mtime;
  switch (name) {
    case "-name":
    case "-iname": {
      const shape = pattern(next(), name === "-iname" ? "i" : "");
      return ({ path }) => shape.test(path.replace(/\/+$/, "").split("/").pop() as string);
    }
    case "-path": {
      const shape = pattern(next());
      return ({ path }) => shape.test(path);
    }
    case "-type": {
      const kind = { f: "file", d: "folder", l: "link" }[next()];
      return (candidate) => files.stat(candidate.absolute, { follow: false }).kind === kind;
    }
    case "-mmin": {
      const matches = compare(next(), 60_000);
      return (candidate) => matches(age(candidate));
    }
    case "-mtime": {
      const matches = compare(next(), 86_400_000);
      return (candidate) => matches(age(candidate));
    }
    case "-newer": {
      const reference = files.stat(absolute(next(), cwd)).mtime;
      return (candidate) => files.stat(candidate.absolute).mtime > reference;
    }
    case "-size": {
      const text = next();
      const unit = { c: 1, k: 1024, M: 1024 ** 2, G: 1024 ** 3 }[text.slice(-1)] ?? 512;
      const matches = compare(text.replace(/[ckMG]$/, ""), unit);
      return (candidate) => matches(files.stat(candidate.absolute).size);
    }
    case "-empty":
      return (candidate) => {
        const stat = files.stat(candidate.absolute);
        return stat.kind === "folder" ? files.list(candidate.absolute).length === 0 : stat.size === 0;
      };
    case "-true":
      return () => true;
    case "-print":
    case "-print0":
      find.acts = true;
      return ({ path }) => {
        out(path + (name === "-print" ? "\n" : "\0"));
        return true;
      };
    case "-delete":
      find.acts = true;
      find.depthFirst = true;
      return (candidate) => {
        files.remove(candidate.absolute);
        return true;
      };
    case "-exec": {
      find.acts = true;
      const argv: string[] = [];
      let end = next();
      for (; end !== ";" && end !== "+" && end !== ""; end = next()) argv.push(end);
      return ({ path }) => {
        find.commands.push(argv.flatMap((arg) => (arg.includes("{}") ? [arg.replaceAll("{}", path)] : [arg])));
        return true;
      };
    }
    default:
      return undefined;
  }
}

function parseFind(words: readonly string[], find: Find): Test | string {
  let at = 0;
  const next = (): string => words[at++] ?? "";
  let wrong: string | undefined;
  const factor = (): Test => {
    const name = next();
    if (name === "!" || name === "-not") {
      const inner = factor();
      return (candidate) => !inner(candidate);
    }
    if (name === "(") {
      const inner = either();
      at++;
      return inner;
    }
    if (name === "-maxdepth" || name === "-mindepth") {
      find[name === "-maxdepth" ? "maxDepth" : "minDepth"] = Number(next());
      return () => true;
    }
    const test = primary(name, next, find);
    if (!test) wrong ??= name;
    return test ?? (() => true);
  };
  const all = (): Test => {
    const tests: Test[] = [];
    while (at < words.length && words[at] !== ")" && words[at] !== "-o") {
      if (words[at] === "-a") at++;
      else tests.push(factor());
    }
    return (candidate) => tests.every((test) => test(candidate));
  };
  const either = (): Test => {
    const tests = [all()];
    while (words[at] === "-o") {
      at++;
      tests.push(all());
    }
    return (candidate) => tests.some((test) => test(candidate));
  };
  const test = either();
  return wrong === undefined ? test : wrong;
}

async function findFiles(call: CommandCall): Promise<number> {
  const { args, out, err, files, cwd } = call;
  const first = args.findIndex((arg) => /^[-!(]/.test(arg));
  const starts = first < 0 ? args : args.slice(0, first);
  const find: Find = { call, maxDepth: Infinity, minDepth: 0, acts: false, depthFirst: false, commands: [] };
  const test = parseFind(first < 0 ? [] : args.slice(first), find);
  if (typeof test === "string") {
    err(`find: unrecognized: ${test}\n`);
    return 1;
  }
  let status = 0;
  const visit = (path: string, depth: number): void => {
    const candidate = { path, absolute: absolute(path, cwd), depth };
    const take = (): void => {
      if (depth >= find.minDepth && test(candidate) && !find.acts) out(`${path}\n`);
    };
    if (!find.depthFirst) take();
    if (depth < find.maxDepth && files.exists(candidate.absolute) && files.stat(candidate.absolute, { follow: depth === 0 }).kind === "folder") {
      for (const name of files.list(candidate.absolute)) visit(path.endsWith("/") ? path + name : `${path}/${name}`, depth + 1);
    }
    if (find.depthFirst) take();
  };
  for (const start of starts.length > 0 ? starts : ["."]) {
    try {
      files.stat(absolute(start, cwd), { follow: false });
      visit(start, 0);
    } catch (error) {
      err(`find: ${start}: ${wordsOf(error)}\n`);
      status = 1;
    }
  }
  for (const argv of find.commands) if ((await call.run(argv)) !== 0) status = 1;
  return status;
}

export const fileCommands: CommandTable = { tail, find: findFiles };
export { isEndless, swallowEndless };
