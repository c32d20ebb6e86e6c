import { limits } from "../base/limits.ts";
import type { CommandTable, SimulatedCommand } from "./command.ts";
import { basicCommands } from "./commands/basic.ts";
import { byteCommands } from "./commands/bytes.ts";
import { absolute, clockCommands } from "./commands/clock.ts";
import { curl } from "./commands/curl.ts";
import { fileCommands } from "./commands/files.ts";
import { filterCommands } from "./commands/filters.ts";
import { inGnuWords } from "./commands/gnu.ts";
import { ls } from "./commands/ls.ts";
import { netCommands } from "./commands/net.ts";
import { processCommands } from "./commands/processes.ts";
import { rootCommands } from "./commands/roots.ts";
import { routeCommands } from "./commands/routes.ts";
import { sessionCommands } from "./commands/session.ts";
import { socketCommands } from "./commands/sockets.ts";
import { systemCommands } from "./commands/system.ts";
import { tar } from "./commands/tar.ts";
import { textCommands } from "./commands/text.ts";
import { treeCommands } from "./commands/tree.ts";
import { wget } from "./commands/wget.ts";
import { isGnu } from "./files/is-gnu.ts";
import { borrowedCommands } from "./files/userland.ts";
import { Process } from "./process.ts";
import type { Program, World } from "./process.ts";
import { borrowedProgram, readAll } from "./shell/borrowed.ts";
import { shellProgram } from "./shell/shell-program.ts";
import type { ShellOptions } from "./shell/shell-program.ts";
import type { Shells } from "./shell/shells.ts";

/**
 * Finds the program that a command line names, as execve with a search path does: a binary of the image, a command of the
 * userland, the shell, or a script among the files.
 */
const userland: CommandTable = { ...clockCommands, ...fileCommands, ...filterCommands, ...basicCommands, "[": basicCommands["test"] as SimulatedCommand, ls, tar, ...treeCommands, ...textCommands, ...netCommands, ...routeCommands, ...socketCommands, ...systemCommands, ...processCommands, ...rootCommands, ...byteCommands, ...sessionCommands, wget, curl };
export const userlandNames = Object.keys(userland);

const shellNames = new Set(["sh", "ash", "bash", "dash", "zsh"]);
const borrowed: ReadonlySet<string> = new Set(borrowedCommands);

/** Whether a command line of an image with a userland needs what `Shells` loads. Others may in the end: by a script among the files, or by an exec. */
export function runsScripts([name = ""]: readonly string[]): boolean {
  const last = name.slice(name.lastIndexOf("/") + 1);
  return shellNames.has(last) || borrowed.has(last);
}

/** Why a command line cannot be executed, in runc's words. */
export class ExecError extends Error {}

export interface Finder {
  readonly shells: Shells;
  readonly programs: { readonly [name: string]: Program };
  readonly userland: boolean;
  /** Commands beside those of the userland; they come first. */
  readonly commands?: CommandTable;
  /** Commands of the userland that are there only once somebody has put them into /usr/bin. */
  readonly lacks?: ReadonlySet<string>;
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
    programFor: (words, folder) => {
      try {
        return findProgram(finder, words, folder);
      } catch {
        return undefined;
      }
    },
  };
  if (finder.userland && !(finder.lacks?.has(last) && !finder.world().files.exists(`/usr/bin/${last}`))) {
    const simulated = finder.commands?.[last] ?? (Object.hasOwn(userland, last) ? userland[last] : undefined);
    if (shellNames.has(last)) return shellProgram(options);
    if (simulated) return commandProgram(simulated, finder);
    if (borrowed.has(last)) return borrowedProgram(finder.shells);
  }
  return fileProgram(finder, options, name, cwd);
}

/** Replaces what a process runs, as exec does; 127 and the reason on its standard error when there is nothing to run. */
export async function replaceProgram(finder: Finder, process: Process, argv: readonly string[]): Promise<number> {
  process.argv = argv;
  process.onSignal(undefined);
  try {
    return await findProgram(finder, argv, process.cwd)(process);
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    process.write("stderr", `${error.message}\n`);
    return 127;
  }
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
      err: (text) => process.write("stderr", isGnu(process.world.files) ? inGnuWords(text) : text),
      run: async (argv, { env = process.env, input = process.input, started } = {}) => {
        if (process.world.processes.size >= limits.processesMax) {
          process.write("stderr", `${process.argv[0]}: can't fork: Resource temporarily unavailable\n`);
          return 127;
        }
        const child = new Process({ world: process.world, argv, env, cwd: process.cwd, tty: process.tty, initial: false, parent: process.pid, showsToTerminal: process.showsToTerminal, input: input === "none" ? undefined : input, output: process.output, ready: () => process.ready() });
        started?.(child);
        try {
          return await process.wait(child.run(findProgram(finder, argv, process.cwd)));
        } catch (error) {
          process.write("stderr", `${process.argv[0]}: ${error instanceof ExecError ? `can't execute '${argv[0]}': No such file or directory` : String(error)}\n`);
          return 127;
        }
      },
    });
}
