import type { Bash, ExecResult } from "just-bash/browser";
import type { Process, Program } from "../process.ts";
import { BorrowedFiles, bytesOfLatin1, latin1OfBytes } from "./bridge.ts";
import type { Shells } from "./shells.ts";
import { joined } from "./streams.ts";

/**
 * Text tools that come with the parser's library (awk, sed, sort …). They take all of their input before they begin; what they print comes
 * at their end.
 */

/**
 * The library's own limits are lifted where the container's memory takes their place; loops inside one awk, sed or jq run without pause and keep one.
 * A round of sed may copy all that it has gathered: 20,000 rounds that add a few letters each take under a second.
 */
const limits = {
  maxCommandCount: 1e15, maxLoopIterations: 1e15, maxAwkIterations: 1e6, maxSedIterations: 20_000, maxJqIterations: 1e6, maxOutputSize: 1e15,
  maxInputBytes: 1e15, maxTraversalWork: 1e15, maxGlobOperations: 1e15, maxExecutionTimeMs: Infinity,
} as const;

type CommandNames = NonNullable<NonNullable<ConstructorParameters<typeof Bash>[0]>["commands"]>;

const encoder = new TextEncoder();
/** More than a tool would be given: it dies as it would of its container's limit. */
const inputBytesMax = 256 * 1024 * 1024;

/** All of standard input; undefined where there is none. */
export async function readAll(process: Process): Promise<Uint8Array | undefined> {
  if (!process.input) return undefined;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let chunk = await process.wait(process.input.read()); chunk; chunk = await process.wait(process.input.read())) {
    chunks.push(chunk);
    length += chunk.length;
    await process.holdMemory(length > inputBytesMax ? process.world.memoryBytesMax + 1 : length);
  }
  return joined(chunks);
}

export function borrowedProgram(shells: Shells): Program {
  return async (process) => {
    const module = await shells.get();
    const [path, ...args] = process.argv;
    const name = (path as string).split("/").pop() as string;
    const words = name === "awk" ? withSeed(args, process) : args;
    const tool = new module.Bash({
      fs: new BorrowedFiles(process.world.files), env: Object.fromEntries(process.env), cwd: process.cwd, defenseInDepth: false, executionLimits: limits, sleep: (ms) => process.sleep(ms),
      processInfo: { pid: process.pid, ppid: process.pid === 1 ? 0 : 1, uid: process.world.user, gid: 0 }, commands: [name, "echo", "cat", "true", "false"] as CommandNames,
    });
    const input = readsInput(name, words) ? await readAll(process) : undefined;
    const result = await process.wait(tool.exec(name, { args: words, ...(input ? { stdin: latin1OfBytes(input), stdinKind: "bytes" as const } : {}) }));
    process.write("stdout", name === "diff" ? plainDiff(result.stdout) : bytesOfResult(result));
    if (result.stderr) process.write("stderr", result.stderr.replace(/^bash: (?:line \d+: )?/gm, "sh: "));
    return result.exitCode;
  };
}

/** Tools that never look at their input: they must not wait for it. */
const deaf = new Set(["basename", "dirname", "expr", "seq", "readlink", "which", "du", "tree", "clear", "file", "diff"]);
/** Flags that a value follows, and how many words before the files are no files. */
const shapes: { readonly [tool: string]: { readonly values: string; readonly texts?: number } } = {
  awk: { values: "vFf", texts: 1 }, sed: { values: "ef", texts: 1 }, jq: { values: "", texts: 1 },
  cut: { values: "dfcb" }, sort: { values: "ktoS" }, uniq: { values: "fsw" }, fold: { values: "w" }, od: { values: "AtNj" }, base64: { values: "w" }, split: { values: "bln" }, nl: { values: "bsw" },
};

/** Whether a tool with these arguments reads standard input. */
function readsInput(name: string, args: readonly string[]): boolean {
  if (deaf.has(name)) return args.includes("-");
  if (args.includes("-")) return true;
  const { values, texts = 0 } = shapes[name] ?? { values: "" };
  const operands: string[] = [];
  let scripts = false;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (!arg.startsWith("-")) operands.push(arg);
    else if (!arg.startsWith("--") && values.includes(arg.at(-1) as string)) {
      scripts ||= /[ef]$/.test(arg);
      i++;
    }
  }
  if (name === "awk" && /^\s*BEGIN\s*\{[^]*\}\s*$/.test(operands[0] ?? "") && !/\}\s*(?:END|\{|\/|NR|\$)/.test(operands[0] ?? "")) return false;
  return operands.length <= (scripts ? 0 : texts);
}

/** As busybox prints a comparison: without the library's line above it, and the length of a range only where it is not one. */
function plainDiff(text: string): string {
  return text.replace(/^=+\n(?=--- )/gm, "").replace(/^((?:---|\+\+\+) .*)\t$/gm, "$1").replace(/^@@ .* @@/gm, (line) => line.replace(/(\d+),1(?= )/g, "$1"));
}

function bytesOfResult(result: ExecResult): Uint8Array {
  return result.stdoutKind === "bytes" || result.stdoutEncoding === "binary" ? bytesOfLatin1(result.stdout) : encoder.encode(result.stdout);
}

/** awk's chance comes from the cluster's seed: its `rand` and `srand` become functions of the program itself. */
function withSeed(args: readonly string[], process: Process): string[] {
  const words = [...args];
  const at = words.findIndex((arg, index) => !arg.startsWith("-") && !/^-[vF]$/.test(words[index - 1] ?? ""));
  const program = words[at];
  if (at < 0 || program === undefined || words.includes("-f") || !/\bs?rand\s*\(/.test(program)) return words;
  const renamed = program.replace(/("(?:[^"\\]|\\.)*")|\b(s?rand)\s*\(\s*(\)?)/g, (_whole, text: string | undefined, name: string, empty: string) => text ?? `__${name}(${name === "srand" && empty === ")" ? `${Math.floor(process.clock.now() / 1000)})` : empty}`);
  const seed = process.world.random.below(2_147_483_646) + 1;
  words[at] = `function __rand() { __seed = (__seed * 16807) % 2147483647; return __seed / 2147483647 } function __srand(s,  old) { old = __given; __given = s; __seed = (s * 7919 + 1) % 2147483647; if (__seed <= 0) __seed = 1; return old } BEGIN { __seed = ${seed}; __given = 0 } ${renamed}`;
  return words;
}
