import { absolute } from "../commands/clock.ts";
import type { Process, Program } from "../process.ts";
import { converse, nextCommand } from "./conversation.ts";
import { ownDescriptors } from "./descriptors.ts";
import { complaintOf, flavourOf } from "./flavours.ts";
import { Interpreter } from "./interpreter.ts";
import type { Shells } from "./shells.ts";
import type { ByteReader } from "./streams.ts";
import type { ScriptNode } from "./syntax.ts";
import { SyntaxProblem } from "./syntax.ts";

/** What `sh` does as a program: `-c SCRIPT`, a file, its standard input line by line, or a person at a terminal. */
export interface ShellOptions {
  readonly shells: Shells;
  readonly programFor: (argv: readonly string[], cwd: string) => Program | undefined;
}

const decoder = new TextDecoder();

interface Invocation {
  readonly flags: string;
  readonly interactive: boolean;
  /** From `-c` or a file; absent: standard input. */
  readonly script?: string;
  readonly name: string;
  readonly parameters: readonly string[];
}

/** What its arguments ask for, or why they cannot be followed. */
function invocationOf(process: Process): Invocation | string {
  let flags = "";
  let command = false;
  let at = 1;
  for (; at < process.argv.length; at++) {
    const arg = process.argv[at] as string;
    if (arg === "--") {
      at++;
      break;
    }
    if (/^--\w/.test(arg)) continue;
    if (!/^[-+][A-Za-z]+$/.test(arg)) break;
    if (arg.endsWith("o")) flags += process.argv[++at] === "pipefail" ? "P" : (process.argv[at] ?? "").slice(0, 1);
    command ||= arg.startsWith("-") && arg.includes("c");
    flags += arg.slice(1).replace(/o$/, "");
  }
  const [first, ...rest] = process.argv.slice(at);
  const interactive = flags.includes("i");
  const set = flags.replace(/[cilsp]/g, "");
  if (command) return first === undefined ? "sh: -c requires an argument" : { flags: set, interactive, script: first, name: rest[0] ?? process.argv[0] ?? "sh", parameters: rest.slice(1) };
  if (first === undefined || flags.includes("s")) return { flags: set, interactive, name: process.argv[0] ?? "sh", parameters: first === undefined ? [] : [first, ...rest] };
  const path = absolute(first, process.cwd);
  if (!process.world.files.exists(path)) return `sh: can't open '${first}': No such file or directory`;
  return { flags: set, interactive, script: decoder.decode(process.world.files.readFile(path)), name: first, parameters: rest };
}

const bashVersion = "GNU bash, version 5.2.37(1)-release (x86_64-pc-linux-gnu)\nCopyright (C) 2022 Free Software Foundation, Inc.\nLicense GPLv3+: GNU GPL version 3 or later <http://gnu.org/licenses/gpl.html>\n\nThis is free software; you are free to change and redistribute it.\nThere is NO WARRANTY, to the extent permitted by law.\n";

export function shellProgram(options: ShellOptions): Program {
  return async (process) => {
    if (flavourOf(process) === "bash" && process.argv[1] === "--version") {
      process.write("stdout", bashVersion);
      return 0;
    }
    const invocation = invocationOf(process);
    if (typeof invocation === "string") {
      process.write("stderr", `${invocation}\n`);
      return 2;
    }
    const { script, flags, parameters, name } = invocation;
    if (script !== undefined && parameters.length === 0 && flags === "") {
      const words = plainCommand(script);
      if (words && options.programFor(words, process.cwd)) return process.world.execute(process, words);
    }
    await options.shells.get();
    const flavour = flavourOf(process);
    const shell = new Interpreter({ process, shells: options.shells, programFor: options.programFor, descriptors: ownDescriptors(process), flavour, isAtPrompt: script === undefined && (process.tty || invocation.interactive) });
    for (const flag of flags) shell.variables.flags.add(flag);
    shell.variables.positional = parameters;
    shell.variables.scriptName = name;
    if (script === undefined) return shell.finished(() => (process.tty || invocation.interactive ? converse(shell, options.shells) : fromInput(shell, options.shells)));
    let tree: ScriptNode;
    try {
      tree = options.shells.parse(script);
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      process.write("stderr", complaintOf(error.message, { flavour, line: 1 }));
      return 2;
    }
    return shell.run(tree);
  };
}

/**
 * The words of a script that is one plain command: ash replaces itself by it, and no shell is needed. Commands that are builtins
 * of the shell, or that behave differently in it, are left to it.
 */
function plainCommand(script: string): string[] | undefined {
  const match = /^\s*(?:exec\s+)?([\w./-]+(?:[ \t]+[\w./:@%+,-]+)*)\s*;?\s*$/.exec(script);
  const words = match?.[1]?.split(/[ \t]+/);
  return words && leftToShell.has(words[0] as string) ? undefined : words;
}

const leftToShell = new Set(["exit", "cd", "set", "export", "wait", "trap", "read", "test", "return", "break", "continue", "shift", "umask", "unset", "type", "command", "exec", "eval", "echo", "printf", "kill", "time", "local", "alias", "ulimit", "source", "."]);

/** A script that comes line by line: each command runs before the next is read. */
async function fromInput(shell: Interpreter, shells: Shells): Promise<number> {
  const reader = shell.descriptors.get(0)?.reader as ByteReader;
  for (;;) {
    const tree = await shell.process.wait(nextCommand(reader, shells));
    if (!tree) return shell.variables.status;
    await shell.statements(tree.statements);
  }
}
