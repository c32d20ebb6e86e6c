import type { Process } from "../process.ts";
import type { Expander } from "./expand.ts";
import type { Jobs } from "./jobs.ts";
import type { Pacer } from "./pacer.ts";
import type { Programs } from "./programs.ts";
import type { Descriptors } from "./streams.ts";
import type { CompoundNode, StatementNode } from "./syntax.ts";
import type { Traps } from "./traps.ts";
import type { Variables } from "./variables.ts";

/**
 * A running shell as its parts see it: builtins, compound commands and conditions read it, change it and run scripts in it, and need not
 * know how it does so. The interpreter is one.
 */
export interface Shell {
  readonly process: Process;
  readonly variables: Variables;
  readonly expander: Expander;
  readonly functions: Map<string, CompoundNode>;
  readonly traps: Traps;
  readonly jobs: Jobs;
  readonly programs: Programs;
  readonly pacer: Pacer;
  readonly descriptors: Descriptors;
  /** What was typed, oldest first. */
  readonly history: string[];

  /** Runs text in this shell: `eval`, a trap, a file that is sourced. */
  text(script: string): Promise<number>;
  statements(statements: readonly StatementNode[]): Promise<number>;
  /** Work whose status is looked at: `set -e` does not apply. */
  guardedly<T>(work: () => Promise<T>): Promise<T>;
  /** A child that runs a part of this script, with a copy of all that this shell knows. */
  spawn(descriptors: Descriptors, work: (shell: Shell) => Promise<number>): { readonly process: Process; readonly done: Promise<number> };
}

/** One call of a command that a shell runs itself. */
export interface BuiltinCall {
  readonly name: string;
  readonly args: readonly string[];
  readonly shell: Shell;
  readonly descriptors: Descriptors;
  out(text: string | Uint8Array): void;
  err(text: string): void;
}

/** Resolves with the status. */
export type Builtin = (call: BuiltinCall) => Promise<number>;
