import type { Process } from "./process.ts";
import type { FileView } from "./files/file-view.ts";

/**
 * A command of the simulated userland: it works the same as the main process of a container, in an exec, and inside a shell
 * script. In a script, `write` collects, unless the command's output is the script's own.
 */
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
  /** Called by a shell script, whose process this is; otherwise the process is the command's own. */
  readonly inScript: boolean;
  /** Runs another command line beside this one, with the same output. */
  run(argv: readonly string[]): Promise<number>;
}

/** Resolves with the exit code. */
export type SimulatedCommand = (call: CommandCall) => Promise<number>;

export type CommandTable = { readonly [name: string]: SimulatedCommand };
