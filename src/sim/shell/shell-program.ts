import type { CommandTable } from "../command.ts";
import { absolute } from "../commands/clock.ts";
import type { Process, Program } from "../process.ts";
import { ShellSession } from "./session.ts";
import type { SessionOptions } from "./session.ts";
import type { Shells } from "./shells.ts";

/** What `sh` does as a program: `-c SCRIPT`, a file, its standard input, or a person at a terminal. */
export interface ShellOptions {
  readonly shells: Shells;
  readonly commands: CommandTable;
  readonly programFor: (argv: readonly string[]) => Program | undefined;
}

const decoder = new TextDecoder();

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

async function newSession(options: ShellOptions, process: Process, script?: string): Promise<ShellSession> {
  const module = await options.shells.get();
  const session: SessionOptions = { module, process, commands: options.commands, cwd: process.cwd, env: process.env, programFor: options.programFor, ...(script === undefined ? {} : { script }) };
  return new ShellSession(session);
}

export async function readAll(process: Process): Promise<Uint8Array | undefined> {
  if (!process.input) return undefined;
  const chunks: Uint8Array[] = [];
  for (let chunk = await process.wait(process.input.read()); chunk; chunk = await process.wait(process.input.read())) chunks.push(chunk);
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

export function shellProgram(options: ShellOptions): Program {
  return async (process) => {
    let flags = "";
    let at = 1;
    let isScript = false;
    for (; at < process.argv.length; at++) {
      const arg = process.argv[at] as string;
      if (arg === "-o" || arg === "+o") {
        at++;
        continue;
      }
      if (!/^[-+][a-z]+$/.test(arg)) break;
      if (arg.includes("c")) isScript = true;
      flags += arg.slice(1).replace(/[cilsp]/g, "");
    }
    const settings = flags === "" ? "" : `set -${flags}\n`;
    if (isScript) {
      const [script, , ...parameters] = process.argv.slice(at);
      if (script === undefined) {
        process.write("stderr", "sh: -c requires an argument\n");
        return 2;
      }
      return runScript(options, process, settings, script, parameters);
    }
    const file = process.argv[at];
    if (file !== undefined) {
      const path = absolute(file, process.cwd);
      if (!process.world.files.exists(path)) {
        process.write("stderr", `sh: can't open '${file}': No such file or directory\n`);
        return 2;
      }
      return runScript(options, process, settings, decoder.decode(process.world.files.readFile(path)), process.argv.slice(at + 1));
    }
    if (process.tty) return interact(options, process);
    const script = await readAll(process);
    return script && script.length > 0 ? runScript({ ...options }, process, settings, decoder.decode(script), []) : 0;
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

async function runScript(options: ShellOptions, process: Process, settings: string, script: string, parameters: readonly string[]): Promise<number> {
  const words = parameters.length === 0 && settings === "" ? plainCommand(script) : undefined;
  const direct = words && options.programFor(words);
  if (words && direct) return process.world.execute(process, words);
  const positional = parameters.length > 0 ? `set -- ${parameters.map(quoted).join(" ")}\n` : "";
  const session = await newSession(options, process, `${script} ${parameters.join(" ")}`);
  const input = process.argv.includes("-c") || process.argv.some((arg) => /^-[a-z]*c$/.test(arg)) ? await readAll(process) : undefined;
  return (await session.run(`${settings}${positional}${script}`, input)).code;
}

/** A terminal: echo, backspace, Ctrl-C and Ctrl-D, one line at a time; variables and folder last from line to line. */
async function interact(options: ShellOptions, process: Process): Promise<number> {
  const session = await newSession(options, process);
  let env: { [name: string]: string } = Object.fromEntries(process.env);
  let code = 0;
  let line = "";
  const prompt = (): void => {
    const folder = env["PWD"] ?? process.cwd;
    const own = env["PS1"]?.replaceAll("\\w", folder);
    process.write("stdout", own ?? `${folder} ${process.world.user === 0 ? "#" : "$"} `);
  };
  prompt();
  for (;;) {
    const bytes = process.input ? await process.wait(process.input.read()) : undefined;
    if (!bytes) return code;
    for (const char of decoder.decode(bytes)) {
      if (char === "\r" || char === "\n") {
        process.write("stdout", "\r\n");
        const command = line.trim();
        line = "";
        if (/^exit(\s|$)/.test(command)) return Number(command.slice(4).trim() || code);
        if (command !== "") {
          const variables = Object.entries(env).filter(([name]) => /^[A-Za-z_]\w*$/.test(name) && !["SHELLOPTS", "BASHOPTS", "PWD", "OLDPWD"].includes(name));
          const result = await session.run(`cd ${quoted(env["PWD"] ?? process.cwd)}\n${variables.map(([name, value]) => `export ${name}=${quoted(value)}`).join("\n")}\n${command}`);
          env = result.env;
          code = result.code;
        }
        prompt();
      } else if (char === "\x03") {
        line = "";
        process.write("stdout", "^C\r\n");
        prompt();
      } else if (char === "\x04") {
        if (line === "") return code;
      } else if (char === "\x7f" || char === "\b") {
        if (line !== "") process.write("stdout", "\b \b");
        line = line.slice(0, -1);
      } else {
        line += char;
        process.write("stdout", char);
      }
    }
  }
}
