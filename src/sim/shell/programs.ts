import { Process } from "../process.ts";
import type { Program } from "../process.ts";
import { isShown, outputTo } from "./descriptors.ts";
import { mayFork } from "./fork.ts";
import type { Descriptors } from "./streams.ts";
import type { Traps } from "./traps.ts";
import type { Variables } from "./variables.ts";
import { Leave } from "./variables.ts";

export interface ProgramsMeans {
  readonly process: Process;
  readonly variables: Variables;
  readonly traps: Traps;
  /** Finds what execve would run. */
  readonly programFor: (argv: readonly string[], cwd: string) => Program | undefined;
  /** Whether the shell has nothing left to do but to run this program. */
  isLast(): boolean;
  complain(message: string, descriptors: Descriptors): void;
}

/** How a shell runs programs: beside itself, as a child, or in its place. */
export class Programs {
  /** What runs in the foreground gets a terminal's signals. */
  foreground: Process | undefined;
  private readonly means: ProgramsMeans;

  constructor(means: ProgramsMeans) {
    this.means = means;
  }

  /** Runs a program beside the shell, or in its place where nothing else is left to do. */
  async run(argv: readonly string[], descriptors: Descriptors, assigned: ReadonlyMap<string, string> = new Map()): Promise<number> {
    const { process, variables } = this.means;
    const program = this.means.programFor(argv, variables.cwd);
    if (!program) return this.notFound(argv[0] as string, descriptors);
    if (this.means.isLast()) return this.become(argv, program, descriptors, assigned);
    mayFork(process);
    const child = new Process({
      world: process.world, argv, env: variables.environment(assigned), cwd: variables.cwd, tty: process.tty, initial: false, parent: process.pid, showsToTerminal: isShown(descriptors),
      input: descriptors.get(0)?.reader, output: outputTo(descriptors), ready: () => descriptors.get(1)?.ready?.() ?? Promise.resolve(),
    });
    return this.waitedFor(child, child.run(program));
  }

  /** `exec` with words: the shell leaves with the program's status, or because there is none. */
  async replace(argv: readonly string[], descriptors: Descriptors, assigned: ReadonlyMap<string, string>): Promise<never> {
    const program = this.means.programFor(argv, this.means.variables.cwd);
    if (!program) throw new Leave("exit", this.notFound(argv[0] as string, descriptors, "exec: "));
    this.means.traps.handlers.clear();
    throw new Leave("exit", await this.become(argv, program, descriptors, assigned));
  }

  /** What it comes to, with a child in the foreground meanwhile. */
  async waitedFor<T>(child: Process | undefined, done: Promise<T>): Promise<T> {
    this.foreground = child;
    const end = await this.means.process.wait(done);
    this.foreground = undefined;
    return end;
  }

  private become(argv: readonly string[], program: Program, descriptors: Descriptors, assigned: ReadonlyMap<string, string>): Promise<number> {
    const { process, variables } = this.means;
    const before = process.takesMore;
    const out = descriptors.get(1);
    const ready = (): Promise<void> => (out?.own?.process === process ? before?.() : out?.ready?.()) ?? Promise.resolve();
    process.showsToTerminal = isShown(descriptors);
    process.become({ argv, env: variables.environment(assigned), cwd: variables.cwd, input: descriptors.get(0)?.reader, output: outputTo(descriptors, process), ready });
    return program(process);
  }

  private notFound(name: string, descriptors: Descriptors, prefix = ""): number {
    const { process, variables } = this.means;
    const path = name.includes("/") ? name : undefined;
    const there = path !== undefined && process.world.files.exists(path.startsWith("/") ? path : `${variables.cwd}/${path}`);
    this.means.complain(`${prefix}${name}: ${there ? "Permission denied" : "not found"}`, descriptors);
    return there ? 126 : 127;
  }
}
