import type { Bash, Command, ExecResult, ResolvedCommandContext } from "just-bash/browser";
import type { CommandCall, CommandTable, SimulatedCommand } from "../command.ts";
import { Process } from "../process.ts";
import type { Signal } from "../process.ts";
import { signalNumbers } from "../process.ts";
import { ShellFiles, asAsh, bytesOfLatin1, latin1OfBytes } from "./bridge.ts";
import { interpreterCommands } from "../files/userland.ts";
import type { ShellModule } from "./shells.ts";
import type { ScriptNode } from "./syntax.ts";
import { ScriptRewriter, backgroundCommand, backgroundVariable, pendingVariable, streamCommand, tickCommand, trapCommand, waitCommand, writtenCommand } from "./transform.ts";

/** The interpreter's own limits are lifted where ticks take their place; loops inside one awk, sed or jq run without ticks and keep one. */
const limits = {
  maxCommandCount: 1e15, maxLoopIterations: 1e15, maxAwkIterations: 1e6, maxSedIterations: 1e6, maxJqIterations: 1e6, maxOutputSize: 1e15,
  maxInputBytes: 1e15, maxTraversalWork: 1e15, maxGlobOperations: 1e15, maxExecutionTimeMs: Infinity,
} as const;

/** A loop that never sleeps is made to: after this many rounds it rests, each time twice as long, up to the longest. */
const roundsPerRest = 256;
const restMsMax = 10_000;

/** Runs programs of the image and of the userland in place of a shell command, with the streams of the script. */
export type Streamed = (process: Process) => Promise<number>;

export interface SessionOptions {
  readonly module: ShellModule;
  readonly process: Process;
  readonly commands: CommandTable;
  readonly cwd: string;
  readonly env: ReadonlyMap<string, string>;
  /** The script to be run, where it is known: only the commands that it can name are set up. Absent: all. */
  readonly script?: string;
  /** Finds what `sh` itself would execute: for commands whose output leaves at once. */
  readonly programFor: (argv: readonly string[]) => Streamed | undefined;
}

type Variables = Map<string, string>;

type CommandNames = NonNullable<NonNullable<ConstructorParameters<ShellModule["Bash"]>[0]>["commands"]>;

/** Words that a script could use as a command name: its own and those of its variables. Undefined when it can read others. */
function wordsIn(script: string, env: ReadonlyMap<string, string>): ReadonlySet<string> | undefined {
  const words = new Set<string>();
  for (const text of [script, ...env.values()]) for (const word of text.split(/[^\w.[-]+/)) words.add(word);
  return words.has(".") || words.has("source") || words.has("eval") || words.has("read") ? undefined : words;
}

/** One shell: runs scripts in a process, with traps and background jobs. */
export class ShellSession {
  private readonly options: SessionOptions;
  private readonly bash: Bash;
  private readonly files: ShellFiles;
  private readonly process: Process;
  private readonly backgrounds: ScriptNode[] = [];
  private readonly traps = new Map<Signal | "EXIT", string>();
  private readonly jobs = new Map<number, Promise<number>>();
  private replacement: ScriptNode | undefined;
  /** The next command line is one that a command runs: its output is that command's, not the script's. */
  private nextIsCollected = false;
  private variables: Variables | undefined;
  private wakeWait: (() => void) | undefined;
  private rounds = 0;
  private restMs = 1;

  constructor(options: SessionOptions) {
    this.options = options;
    const { module, process } = options;
    this.process = process;
    const words = options.script === undefined ? undefined : wordsIn(options.script, options.env);
    this.files = new ShellFiles(process.world.files, (stream, bytes) => process.write(stream, bytes));
    this.bash = new module.Bash({
      fs: this.files,
      env: Object.fromEntries(options.env),
      cwd: options.cwd,
      defenseInDepth: false,
      executionLimits: limits,
      sleep: (ms) => this.sleep(ms),
      processInfo: { pid: process.pid, ppid: process.pid === 1 ? 0 : 1, uid: process.world.user, gid: 0 },
      customCommands: this.customCommands(words),
      ...(words ? { commands: interpreterNames.filter((name) => words.has(name)) as CommandNames } : {}),
    });
    this.bash.registerTransformPlugin({
      name: "coracle",
      transform: ({ ast }) => {
        if (this.nextIsCollected) {
          this.nextIsCollected = false;
          return { ast };
        }
        const script = this.replacement ?? (ast as unknown as ScriptNode);
        this.replacement = undefined;
        const rewriter = new ScriptRewriter({ backgrounds: this.backgrounds, programs: Object.keys(process.world.programs) });
        return { ast: rewriter.rewrite(script) as unknown as typeof ast };
      },
    });
  }

  /** Runs a script to its end. */
  async run(script: string, input?: Uint8Array): Promise<{ code: number; env: { [name: string]: string } }> {
    const result = await this.bash.exec(script, { rawScript: true, ...(input ? { stdin: latin1OfBytes(input), stdinKind: "bytes" as const } : {}) });
    this.show(result);
    const farewell = this.traps.get("EXIT");
    if (farewell) {
      this.traps.delete("EXIT");
      this.show(await this.bash.exec(farewell, { rawScript: true, env: result.env }));
    }
    return { code: result.exitCode, env: result.env };
  }

  /** Runs a script that has been parsed already: a background job. */
  runParsed(script: ScriptNode): Promise<{ code: number }> {
    this.replacement = structuredClone(script);
    return this.run(":");
  }

  /** Runs one command with its arguments as they are. */
  async runCommand(argv: readonly string[], input?: Uint8Array): Promise<number> {
    const [name, ...args] = argv;
    const result = await this.bash.exec(name as string, { args, ...(input ? { stdin: latin1OfBytes(input), stdinKind: "bytes" as const } : {}) });
    this.show(result);
    return result.exitCode;
  }

  private show(result: ExecResult): void {
    this.process.write("stdout", bytesOfResult(result));
    if (result.stderr) this.process.write("stderr", asAsh(result.stderr));
  }

  private async sleep(ms: number): Promise<void> {
    this.rounds = 0;
    this.restMs = 1;
    await this.process.sleep(ms);
  }

  private customCommands(words: ReadonlySet<string> | undefined): Command[] {
    const table = this.options.commands;
    const names = Object.keys(table).filter((name) => !words || words.has(name) || name.startsWith("__"));
    const commands = names.map((name) => this.command(name, table[name] as SimulatedCommand));
    commands.push(
      this.raw(tickCommand, async () => this.tick()),
      this.raw(writtenCommand, async ([status]) => {
        const refusal = this.files.takeRefusal();
        return refusal === undefined ? { ...nothing, exitCode: Number(status) } : { ...nothing, stderr: refusal, exitCode: 1 };
      }),
      this.raw(trapCommand, async (args, ctx) => this.trap(args, ctx.env)),
      this.raw(waitCommand, async (args, ctx) => this.waitFor(args, ctx.env)),
      this.raw(backgroundCommand, async ([index], ctx) => this.background(Number(index), ctx)),
      this.raw(streamCommand, (args, ctx) => this.stream(args, ctx)),
      this.raw("timeout", (args, ctx) => this.timeout(args, ctx)),
      this.raw("env", (args, ctx) => this.env(args, ctx)),
    );
    return commands;
  }

  private raw(name: string, execute: (args: string[], ctx: ResolvedCommandContext) => Promise<ExecResult>): Command {
    return { name, execute };
  }

  private command(name: string, command: SimulatedCommand): Command {
    return this.raw(name, async (args, ctx) => {
      if (name === "sleep") {
        this.rounds = 0;
        this.restMs = 1;
        this.variables = ctx.env;
      }
      const out: string[] = [];
      const err: string[] = [];
      const call: CommandCall = {
        args,
        env: new Map(Object.entries(ctx.exportedEnv ?? {})),
        cwd: ctx.cwd,
        process: this.process,
        files: this.process.world.files,
        input: async () => bytesOfLatin1(ctx.stdin as unknown as string),
        out: (text) => void out.push(latin1OfBytes(typeof text === "string" ? encoder.encode(text) : text)),
        err: (text) => void err.push(text),
        inScript: true,
        run: async ([program, ...rest]) => {
          const own = this.options.commands[program as string];
          if (own) return own({ ...call, args: rest });
          this.nextIsCollected = true;
          const result = ctx.exec ? await ctx.exec(program as string, { cwd: ctx.cwd, args: rest }) : { stdout: "", stderr: "", exitCode: 127 };
          out.push(latin1OfBytes(bytesOfResult(result)));
          err.push(result.stderr);
          return result.exitCode;
        },
      };
      const exitCode = await command(call);
      return { stdout: out.join(""), stdoutKind: "bytes", stdoutEncoding: "binary", stderr: err.join(""), exitCode };
    });
  }

  /** A round of a loop. Gives way to others now and then, in cluster time, so that no script can hold the host. */
  private async tick(): Promise<ExecResult> {
    if (++this.rounds % roundsPerRest === 0) {
      await this.process.compute(this.restMs);
      this.restMs = Math.min(this.restMs * 2, restMsMax);
    }
    return nothing;
  }

  private trap(args: readonly string[], variables: Variables): ExecResult {
    const words = args[0] === "--" ? args.slice(1) : args;
    if (words.length === 0) {
      return { ...nothing, stdout: [...this.traps].map(([signal, text]) => `trap -- '${text}' ${signal}\n`).join("") };
    }
    const [handler, ...names] = words.length === 1 ? ["-", words[0] as string] : (words as [string, ...string[]]);
    for (const name of names) {
      const signal = signalOf(name);
      if (!signal) return { ...nothing, stderr: `trap: ${name}: invalid signal specification\n`, exitCode: 1 };
      if (handler === "-") this.traps.delete(signal);
      else this.traps.set(signal, handler);
    }
    this.variables = variables;
    this.process.onSignal((signal) => this.onSignal(signal));
    return nothing;
  }

  private onSignal(signal: Signal): void {
    const handler = this.traps.get(signal);
    if (handler === "") return;
    if (handler === undefined) {
      if (this.process.pid !== 1) this.process.exit(128 + signalNumbers[signal]);
      return;
    }
    this.variables?.set(pendingVariable, `${pendingVariable}=; ${this.bash.transform(handler).script}`);
    this.wakeWait?.();
  }

  private async waitFor(args: readonly string[], variables: Variables): Promise<ExecResult> {
    this.variables = variables;
    const wanted = args.length > 0 ? args.map((arg) => this.jobs.get(Number(arg))) : [...this.jobs.values()];
    const jobs = wanted.filter((job) => job !== undefined);
    let exitCode = wanted.length > jobs.length ? 127 : 0;
    if (jobs.length > 0) {
      const interrupted = new Promise<number>((resolve) => {
        this.wakeWait = () => resolve(143);
      });
      const all = Promise.all(jobs).then((codes) => (args.length > 0 ? (codes.at(-1) as number) : 0));
      exitCode = await this.process.wait(Promise.race([all, interrupted]));
      this.wakeWait = undefined;
    }
    return { ...nothing, exitCode };
  }

  private background(index: number, ctx: ResolvedCommandContext): ExecResult {
    const script = this.backgrounds[index];
    if (!script) return { ...nothing, exitCode: 1 };
    const { world } = this.process;
    const env = new Map(ctx.env);
    const child = new Process({ world, argv: this.process.argv, env, cwd: ctx.cwd, tty: false, input: undefined, output: (stream, bytes) => this.process.write(stream, bytes) });
    const job = child.run(async () => (await new ShellSession({ ...this.options, process: child, env, cwd: ctx.cwd }).runParsed(script)).code);
    this.jobs.set(child.pid, job);
    ctx.env.set(backgroundVariable, String(child.pid));
    return nothing;
  }

  /** A command whose output is the script's own writes to it as it goes. */
  private async stream(args: readonly string[], ctx: ResolvedCommandContext): Promise<ExecResult> {
    const replaces = args[0] === "exec";
    const argv = replaces ? args.slice(1) : args;
    const program = this.options.programFor(argv);
    if (!program) return { ...nothing, stderr: `sh: ${argv[0]}: not found\n`, exitCode: 127 };
    const env = new Map(Object.entries(ctx.exportedEnv ?? {}));
    const child = new Process({
      world: this.process.world, argv, env, cwd: ctx.cwd, tty: this.process.tty, input: this.process.input, initial: replaces && this.process.pid === 1,
      output: (stream, bytes) => this.process.write(stream, bytes),
    });
    if (replaces) this.process.onSignal((signal) => child.signal(signal));
    return { ...nothing, exitCode: await this.process.wait(child.run(program)) };
  }

  /** The exported variables alone, which the interpreter's own command does not tell from a script's others. */
  private async env(args: readonly string[], ctx: ResolvedCommandContext): Promise<ExecResult> {
    const { OLDPWD: _, ...exported } = ctx.exportedEnv ?? {};
    const variables = new Map(Object.entries(exported));
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
    const [name, ...rest] = words;
    if (name === undefined) return { ...nothing, stdout: [...variables].map(([key, value]) => `${key}=${value}\n`).join("") };
    if (!ctx.exec) return { ...nothing, exitCode: 127 };
    this.nextIsCollected = true;
    return await ctx.exec(name, { cwd: ctx.cwd, args: rest, env: Object.fromEntries(variables), replaceEnv: true });
  }

  private async timeout(args: readonly string[], ctx: ResolvedCommandContext): Promise<ExecResult> {
    const words = [...args];
    while (words[0]?.startsWith("-")) {
      const flag = words.shift() as string;
      if (flag === "-s" || flag === "-k") words.shift();
    }
    const seconds = Number.parseFloat(words.shift() ?? "0");
    const [name, ...rest] = words;
    if (name === undefined || !ctx.exec) return { ...nothing, exitCode: 125 };
    const late = this.process.sleep(seconds * 1000).then(() => undefined);
    const done = await Promise.race([ctx.exec(name, { cwd: ctx.cwd, args: rest }), late]);
    return done ?? { ...nothing, stderr: "Terminated\n", exitCode: 143 };
  }
}

/** Commands of the interpreter that it does not count among its builtins. */
const interpreterNames: readonly string[] = [...interpreterCommands, "echo", "cat", "true", "false", "pwd", "env", "printenv", "sh", "bash", "time", "help"];
const encoder = new TextEncoder();
const nothing: ExecResult = { stdout: "", stderr: "", exitCode: 0 };

function bytesOfResult(result: ExecResult): Uint8Array {
  return result.stdoutKind === "bytes" || result.stdoutEncoding === "binary" ? bytesOfLatin1(result.stdout) : encoder.encode(result.stdout);
}

function signalOf(name: string): Signal | "EXIT" | undefined {
  const plain = name.toUpperCase().replace(/^SIG/, "");
  if (plain === "EXIT" || plain === "0") return "EXIT";
  if (plain in signalNumbers) return plain as Signal;
  for (const [signal, number] of Object.entries(signalNumbers)) if (String(number) === plain) return signal as Signal;
  return undefined;
}
