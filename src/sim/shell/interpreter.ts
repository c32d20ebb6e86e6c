import { Process } from "../process.ts";
import type { Program } from "../process.ts";
import { builtins } from "./builtins.ts";
import { compound } from "./compounds.ts";
import { complaintOf } from "./flavours.ts";
import type { Flavour } from "./flavours.ts";
import { ForkError, forkRetryMs, mayFork, strayRestMs, straysPerRest } from "./fork.ts";
import { isShown, outputTo, ownDescriptor } from "./descriptors.ts";
import { Expander } from "./expand.ts";
import { Jobs } from "./jobs.ts";
import { Pacer } from "./pacer.ts";
import { Programs } from "./programs.ts";
import { redirected } from "./redirections.ts";
import type { Builtin, BuiltinCall, Shell } from "./shell.ts";
import type { Shells } from "./shells.ts";
import { ByteReader, Pipe, joined } from "./streams.ts";
import type { Descriptors } from "./streams.ts";
import type { AssignmentNode, CommandNode, CompoundNode, PipelineNode, ScriptNode, SimpleCommandNode, StatementNode } from "./syntax.ts";
import { SyntaxProblem } from "./syntax.ts";
import { Traps } from "./traps.ts";
import { Leave, ShellError, Variables } from "./variables.ts";

/** More than a shell would be given for the output of a command: it dies as it would of its container's limit. */
const substitutedBytesMax = 16 * 1024 * 1024;

/**
 * Runs parsed scripts as ash does: every program, every stage of a pipeline and every subshell is a process of its own, connected by
 * pipes that pass bytes on as they come. Whoever writes into a pipe that nobody reads any more ends by PIPE.
 */
export interface InterpreterOptions {
  readonly process: Process;
  readonly shells: Shells;
  /** Finds what execve would run. */
  readonly programFor: (argv: readonly string[], cwd: string) => Program | undefined;
  readonly descriptors: Descriptors;
  readonly variables?: Variables;
  readonly functions?: ReadonlyMap<string, CompoundNode>;
  /** It was made for one command and may become its program, as a shell's child does. */
  readonly forOne?: boolean;
  /** The shell that it plays; absent: ash. */
  readonly flavour?: Flavour;
  /** A person types at its prompt. */
  readonly isAtPrompt?: boolean;
  readonly history?: string[];
}

const callsMax = 500;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Interpreter implements Shell {
  readonly process: Process;
  readonly variables: Variables;
  readonly expander: Expander;
  readonly functions: Map<string, CompoundNode>;
  readonly traps: Traps;
  readonly jobs: Jobs;
  readonly programs: Programs;
  readonly options: InterpreterOptions;
  readonly pacer: Pacer;
  readonly flavour: Flavour;
  /** What was typed, oldest first. */
  readonly history: string[];
  /** Lines read so far. */
  line = 0;
  descriptors: Descriptors;
  /** Inside a condition: `set -e` does not apply. */
  private guarded = 0;
  private calls = 0;

  constructor(options: InterpreterOptions) {
    this.options = options;
    this.process = options.process;
    this.flavour = options.flavour ?? "ash";
    this.history = options.history ?? [];
    this.pacer = new Pacer(options.process);
    this.descriptors = options.descriptors;
    this.variables = options.variables ?? new Variables(options.process);
    this.functions = new Map(options.functions);
    this.traps = new Traps(this.process);
    this.jobs = new Jobs(this.traps, this.process);
    this.programs = new Programs({
      process: this.process, variables: this.variables, traps: this.traps, programFor: options.programFor,
      isLast: () => options.forOne === true && this.traps.handlers.size === 0 && this.calls === 0,
      complain: (message, descriptors) => this.complain(message, descriptors),
    });
    this.expander = new Expander({ process: this.process, variables: this.variables, parse: (script) => options.shells.parse(script), substitute: (script) => this.substitute(script) });
  }

  /** Runs a script to its end; resolves with its status. */
  async run(script: ScriptNode): Promise<number> {
    return this.finished(() => this.statements(script.statements));
  }

  /** Runs, takes `exit` and errors for the end, and then the EXIT trap. */
  async finished(work: () => Promise<number>): Promise<number> {
    let status = await this.ended(work);
    const farewell = this.traps.handlers.get("EXIT");
    if (farewell !== undefined && farewell !== "") {
      this.traps.handlers.delete("EXIT");
      this.variables.status = status;
      const last = await this.ended(() => this.text(farewell), status);
      status = last;
    }
    return status;
  }

  private async ended(work: () => Promise<number>, otherwise?: number): Promise<number> {
    try {
      const status = await work();
      return otherwise ?? status;
    } catch (error) {
      if (error instanceof Leave) return error.value;
      if (!(error instanceof ShellError) && !(error instanceof SyntaxProblem)) throw error;
      if (error instanceof ForkError) await this.process.sleep(forkRetryMs);
      this.complain(error.message);
      return 2;
    }
  }

  /** Runs text in this shell: `eval`, a trap, a file that is sourced. */
  async text(script: string): Promise<number> {
    return this.statements(this.options.shells.parse(script).statements);
  }

  complain(message: string, descriptors = this.descriptors): void {
    descriptors.get(2)?.write?.(encoder.encode(complaintOf(message, { flavour: this.flavour, line: this.options.isAtPrompt && this.flavour === "bash" ? undefined : Math.max(1, this.line) })));
  }

  async statements(statements: readonly StatementNode[]): Promise<number> {
    let status = 0;
    for (const statement of statements) status = await this.statement(statement);
    return status;
  }

  /** Work whose status is looked at: `set -e` does not apply. */
  async guardedly<T>(work: () => Promise<T>): Promise<T> {
    this.guarded++;
    try {
      return await work();
    } finally {
      this.guarded--;
    }
  }

  private async statement(node: StatementNode): Promise<number> {
    if (!this.process.alive) await new Promise(() => undefined);
    if (node.deferredError) throw new SyntaxProblem(`syntax error: unexpected "${node.deferredError.token}"`, false);
    if (node.background) return this.background({ ...node, background: false });
    let status = 0;
    for (const [index, pipeline] of node.pipelines.entries()) {
      const operator = index === 0 ? ";" : node.operators[index - 1];
      if ((operator === "&&" && status !== 0) || (operator === "||" && status === 0)) continue;
      const last = index === node.pipelines.length - 1;
      status = last ? await this.pipeline(pipeline) : await this.guardedly(() => this.pipeline(pipeline));
      this.variables.status = status;
      if (this.traps.areDue) await this.runTraps();
      if (status !== 0 && last && !pipeline.negated && this.variables.flags.has("e") && this.guarded === 0) throw new Leave("exit", status);
    }
    return status;
  }

  private async pipeline(node: PipelineNode): Promise<number> {
    const begun = this.process.clock.now();
    const run = (): Promise<number> => (node.commands.length === 1 ? this.command(node.commands[0] as CommandNode, this.descriptors) : this.piped(node));
    const status = node.negated ? await this.guardedly(async () => ((await run()) === 0 ? 1 : 0)) : await run();
    if (node.timed) {
      const ms = this.process.clock.now() - begun;
      this.descriptors.get(2)?.write?.(encoder.encode(`real\t${Math.floor(ms / 60_000)}m ${((ms % 60_000) / 1000).toFixed(2)}s\nuser\t0m 0.00s\nsys\t0m 0.00s\n`));
    }
    return status;
  }

  /** All stages at once. */
  private async piped({ commands, pipeStderr }: PipelineNode): Promise<number> {
    const pipes = commands.slice(1).map(() => new Pipe());
    const stages = commands.map((command, index) => {
      const [from, into] = [pipes[index - 1], pipes[index]];
      const descriptors = new Map(this.descriptors);
      if (from) descriptors.set(0, { reader: new ByteReader(from) });
      if (into) {
        descriptors.set(1, { write: (bytes) => into.write(bytes), ready: () => into.ready() });
        if (pipeStderr?.[index]) descriptors.set(2, { write: (bytes) => into.write(bytes) });
      }
      const stage = this.spawn(descriptors, (shell) => shell.command(command, shell.descriptors), { forOne: true });
      void stage.done.then(() => {
        from?.closeReading();
        into?.end();
      });
      return stage;
    });
    const codes = await this.programs.waitedFor(stages.at(-1)?.process, Promise.all(stages.map(({ done }) => done)));
    return (this.variables.flags.has("P") ? codes.findLast((code) => code !== 0) : codes.at(-1)) ?? 0;
  }

  /** A child that runs a part of this script, with a copy of all that this shell knows. */
  spawn(descriptors: Descriptors, work: (shell: Interpreter) => Promise<number>, options: { forOne?: boolean; background?: boolean } = {}): { process: Process; done: Promise<number> } {
    mayFork(this.process);
    const child = new Process({
      world: this.process.world, argv: this.process.argv, env: this.process.env, cwd: this.variables.cwd, tty: this.process.tty, initial: false, parent: this.process.pid, showsToTerminal: isShown(descriptors),
      input: options.background && descriptors.get(0) === this.descriptors.get(0) ? undefined : descriptors.get(0)?.reader, output: outputTo(descriptors), ready: () => descriptors.get(1)?.ready?.() ?? Promise.resolve(),
    });
    const own = new Map(descriptors);
    for (const fd of [1, 2]) if (own.has(fd)) own.set(fd, ownDescriptor(child, fd === 1 ? "stdout" : "stderr"));
    if (options.background) own.set(0, { reader: ByteReader.over(child.input) });
    const variables = new Variables(child, this.variables);
    const shell = new Interpreter({ ...this.options, process: child, descriptors: own, variables, functions: this.functions, forOne: options.forOne ?? false, history: this.history });
    const isSlow = options.background === true && child.world.work.stray() % straysPerRest === 0;
    const begin = (): Promise<number> => shell.finished(() => work(shell));
    return { process: child, done: child.run(isSlow ? () => child.compute(strayRestMs).then(begin) : begin) };
  }

  private background(node: StatementNode): number {
    const { process, done } = this.spawn(this.descriptors, (shell) => shell.statement(node), { forOne: true, background: true });
    const number = this.jobs.add(process, done);
    if (this.options.isAtPrompt && this.flavour === "bash") this.descriptors.get(2)?.write?.(encoder.encode(`[${number}] ${process.pid}\n`));
    this.variables.lastBackground = String(process.pid);
    return 0;
  }

  private async substitute(script: ScriptNode): Promise<string> {
    const chunks: Uint8Array[] = [];
    const descriptors = new Map(this.descriptors);
    const room = Math.min(this.process.world.memoryBytesMax, substitutedBytesMax);
    let length = 0;
    descriptors.set(1, {
      write: (bytes) => {
        length += bytes.length;
        if (length > room) this.process.killForMemory();
        else chunks.push(bytes);
        return length <= room;
      },
    });
    const only = script.statements.length === 1 && script.statements[0]?.pipelines.length === 1;
    const { done } = this.spawn(descriptors, (shell) => shell.statements(script.statements), { forOne: only });
    this.variables.status = await this.process.wait(done);
    return decoder.decode(joined(chunks)).replaceAll("\0", "");
  }

  async command(node: CommandNode, descriptors: Descriptors): Promise<number> {
    if (!this.process.alive) await new Promise(() => undefined);
    try {
      if (node.type === "SimpleCommand") return await this.simple(node, descriptors);
      if (node.type === "FunctionDef") {
        this.functions.set(node.name, node.body);
        return 0;
      }
      return await this.within(await redirected(descriptors, node.redirections, this), () => compound(node, this));
    } catch (error) {
      // A redirection that fails ends its command alone.
      if (!(error instanceof ShellError) || error.status !== 1) throw error;
      this.complain(error.message, descriptors);
      return 1;
    }
  }

  private async within<T>(descriptors: Descriptors, work: () => Promise<T>): Promise<T> {
    const before = this.descriptors;
    this.descriptors = descriptors;
    try {
      return await work();
    } finally {
      this.descriptors = before;
    }
  }

  private async simple(node: SimpleCommandNode, outer: Descriptors): Promise<number> {
    const words = node.name ? await this.expander.words([node.name, ...node.args]) : [];
    const [name, ...args] = words;
    if (name === undefined) {
      this.variables.status = 0;
      for (const assignment of node.assignments) {
        await this.assign(assignment);
        if (this.variables.flags.has("x") && !assignment.array) outer.get(2)?.write?.(encoder.encode(`+ ${assignment.name}=${this.variables.get(assignment.name) ?? ""}\n`));
      }
      await redirected(outer, node.redirections, this);
      return this.variables.status;
    }
    const assigned = new Map<string, string>();
    for (const assignment of node.assignments) assigned.set(assignment.name, await this.assigned(assignment));
    if (this.variables.flags.has("x")) outer.get(2)?.write?.(encoder.encode(`+ ${[...[...assigned].map(([key, value]) => `${key}=${value}`), ...words].join(" ")}\n`));
    const descriptors = await redirected(outer, node.redirections, this);
    const body = this.functions.get(name);
    if (body) return this.variables.during(assigned, () => this.within(descriptors, () => this.called(body, args)));
    if (name === "exec" && args.length > 0) return this.programs.replace(args, descriptors, assigned);
    if (name === "exec") {
      this.descriptors = descriptors;
      return 0;
    }
    const builtin = Object.hasOwn(builtins, name) ? (builtins[name] as Builtin) : undefined;
    if (builtin) return this.variables.during(assigned, async () => builtin(this.callOf(name, args, descriptors)));
    return this.programs.run(words, descriptors, assigned);
  }

  private callOf(name: string, args: readonly string[], descriptors: Descriptors): BuiltinCall {
    return {
      name, args, shell: this, descriptors,
      out: (text) => void descriptors.get(1)?.write?.(typeof text === "string" ? encoder.encode(text) : text),
      err: (text) => (text.startsWith("sh: ") ? this.complain(text.slice("sh: ".length, -1), descriptors) : void descriptors.get(2)?.write?.(encoder.encode(text))),
    };
  }

  private async called(body: CompoundNode, args: readonly string[]): Promise<number> {
    if (this.calls >= callsMax) throw new ShellError("maximum recursion depth exceeded");
    const before = this.variables.positional;
    this.variables.positional = args;
    this.variables.enterFunction();
    this.calls++;
    try {
      return await this.command(body, this.descriptors);
    } catch (error) {
      if (error instanceof Leave && error.kind === "return") return error.value;
      throw error;
    } finally {
      this.calls--;
      this.variables.leaveFunction();
      this.variables.positional = before;
    }
  }

  private async assigned({ value }: AssignmentNode): Promise<string> {
    return value ? this.expander.word(value) : "";
  }

  private async assign(node: AssignmentNode): Promise<void> {
    const { variables } = this;
    if (node.array) {
      const list = await this.expander.words(node.array);
      variables.setList(node.name, node.append ? [...(variables.list(node.name) ?? []), ...list] : list);
      return;
    }
    const value = await this.assigned(node);
    const element = /^(\w+)\[(.*)\]$/s.exec(node.name);
    const name = element && !/^\d+$/.test(element[2] as string) ? `${element[1]}[${await this.expander.arithmetic(this.expander.expression(element[2] as string))}]` : node.name;
    variables.set(name, node.append ? (variables.get(name) ?? "") + value : value);
  }

  private async runTraps(): Promise<void> {
    const { status } = this.variables;
    for (let handler = this.traps.takeDue(); handler !== undefined; handler = this.traps.takeDue()) await this.text(handler);
    this.variables.status = status;
  }
}
