import type { CommandTable, SimulatedCommand } from "./command.ts";
import { directCommands } from "./commands/basic.ts";
import { absolute, clockCommands } from "./commands/clock.ts";
import { fileCommands } from "./commands/files.ts";
import { ls } from "./commands/ls.ts";
import { netCommands } from "./commands/net.ts";
import { systemCommands } from "./commands/system.ts";
import { webCommands } from "./commands/web.ts";
import { interpreterCommands } from "./files/userland.ts";
import { Process } from "./process.ts";
import type { Program, World } from "./process.ts";
import { ShellSession } from "./shell/session.ts";
import { readAll, shellProgram } from "./shell/shell-program.ts";
import type { ShellOptions } from "./shell/shell-program.ts";
import type { Shells } from "./shell/shells.ts";

/**
 * Finds the program that a command line names, as execve with a search path does: a binary of the image, a command of the
 * userland, the shell, or a script among the files.
 */
export const scriptCommands: CommandTable = { ...clockCommands, ...fileCommands, ls, ...netCommands, ...systemCommands, ...webCommands };
const standalone: CommandTable = { ...scriptCommands, ...directCommands };
export const userlandNames = Object.keys(standalone).filter((name) => !name.startsWith("__"));

const shellNames = new Set(["sh", "ash", "bash", "dash", "zsh"]);
const interpreted: ReadonlySet<string> = new Set(interpreterCommands);

/** Why a command line cannot be executed, in runc's words. */
export class ExecError extends Error {}

export interface Finder {
  readonly shells: Shells;
  readonly programs: { readonly [name: string]: Program };
  readonly userland: boolean;
  /** Commands beside those of the userland; they come first. */
  readonly commands?: CommandTable;
  readonly world: () => World;
}

export function findProgram(finder: Finder, argv: readonly string[], cwd: string): Program {
  const [name] = argv;
  if (name === undefined || name === "") throw new ExecError('exec: "": executable file not found in $PATH');
  const last = name.split("/").pop() as string;
  const own = finder.programs[last];
  if (own) return own;
  const options: ShellOptions = {
    shells: finder.shells,
    commands: finder.commands ? { ...scriptCommands, ...finder.commands } : scriptCommands,
    programFor: (words) => {
      try {
        return findProgram(finder, words, cwd);
      } catch {
        return undefined;
      }
    },
  };
  if (finder.userland) {
    const simulated = finder.commands?.[last] ?? standalone[last];
    if (shellNames.has(last)) return shellProgram(options);
    if (simulated && !last.startsWith("__")) return commandProgram(simulated, finder);
    if (interpreted.has(last)) return interpreterProgram(options);
  }
  return fileProgram(finder, options, name, cwd);
}

/** A script among the container's files. */
function fileProgram(finder: Finder, options: ShellOptions, name: string, cwd: string): Program {
  const { files } = finder.world();
  const path = name.includes("/") ? absolute(name, cwd) : ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"].map((folder) => `${folder}/${name}`).find((each) => files.exists(each));
  if (path === undefined) throw new ExecError(`exec: "${name}": executable file not found in $PATH`);
  if (!files.exists(path)) throw new ExecError(`exec: "${name}": stat ${path}: no such file or directory`);
  const stat = files.stat(path);
  if (stat.kind === "folder") throw new ExecError(`exec: "${name}": is a directory`);
  if ((stat.mode & 0o111) === 0) throw new ExecError(`exec: "${name}": permission denied`);
  if (!finder.userland) throw new ExecError(`exec ${path}: no such file or directory`);
  const shell = shellProgram(options);
  return (process) => {
    process.argv = ["sh", path, ...process.argv.slice(1)];
    return shell(process);
  };
}

function commandProgram(command: SimulatedCommand, finder: Finder): Program {
  return (process) =>
    command({
      args: process.argv.slice(1),
      env: process.env,
      cwd: process.cwd,
      process,
      files: process.world.files,
      input: async () => (await readAll(process)) ?? new Uint8Array(0),
      out: (text) => process.write("stdout", text),
      err: (text) => process.write("stderr", text),
      inScript: false,
      run: async (argv) => {
        const child = new Process({ world: process.world, argv, env: process.env, cwd: process.cwd, tty: process.tty, input: undefined, output: process.output });
        try {
          return await process.wait(child.run(findProgram(finder, argv, process.cwd)));
        } catch (error) {
          process.write("stderr", `${process.argv[0]}: ${error instanceof Error ? error.message : String(error)}\n`);
          return 127;
        }
      },
    });
}

/** A command that only the interpreter knows: it is started for this one line. */
function interpreterProgram(options: ShellOptions): Program {
  return async (process) => {
    const module = await options.shells.get();
    const session = new ShellSession({ module, process, commands: options.commands, cwd: process.cwd, env: process.env, programFor: options.programFor });
    return session.runCommand(process.argv, await readAll(process));
  };
}
