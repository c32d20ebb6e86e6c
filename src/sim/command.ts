import type { Input, Process } from "./process.ts";
import type { FileView } from "./files/file-view.ts";

/** A command of the simulated userland: a process of its own, whether a container, an exec or a script runs it. */
export interface CommandCall {
  /** Without the command's own name. */
  readonly args: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  readonly cwd: string;
  readonly process: Process;
  readonly files: FileView;
  /** All of standard input; empty when there is none. */
  input(): Promise<Uint8Array>;
  out(text: string | Uint8Array): void;
  err(text: string): void;
  /** Runs another command line beside this one, with the same output; its input and variables are this one's unless given. */
  run(argv: readonly string[], options?: { readonly env?: ReadonlyMap<string, string>; readonly input?: Input | "none"; readonly started?: (process: Process) => void }): Promise<number>;
}

/** Resolves with the exit code. */
export type SimulatedCommand = (call: CommandCall) => Promise<number>;

export type CommandTable = { readonly [name: string]: SimulatedCommand };
