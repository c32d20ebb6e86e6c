import type { CommandTable } from "../command.ts";
import { isEndless, swallowEndless } from "./files.ts";
import { absolute, wordsOf } from "./clock.ts";

/**
 * Frequent commands as main process or in an exec, where loading a shell for them would be waste. Inside scripts the
 * interpreter's own are used.
 */
export const directCommands: CommandTable = {
  async echo({ args, out }) {
    const plain = args[0] === "-n";
    const escaped = args[0] === "-e" || args[0] === "-ne" || args[0] === "-en";
    const text = args.slice(plain || escaped ? 1 : 0).join(" ");
    const shown = escaped ? text.replace(/\\([ntr\\])/g, (_whole, letter: string) => ({ n: "\n", t: "\t", r: "\r" })[letter] ?? "\\") : text;
    out(plain || args[0] === "-ne" || args[0] === "-en" ? shown : `${shown}\n`);
    return 0;
  },
  async true() {
    return 0;
  },
  async false() {
    return 1;
  },
  async pwd({ cwd, out }) {
    out(`${cwd}\n`);
    return 0;
  },
  async cat(call) {
    const { args, out, err, files, cwd, process } = call;
    const names = args.filter((arg) => arg === "-" || !arg.startsWith("-"));
    if (names.length === 0 || (names.length === 1 && names[0] === "-")) {
      for (let chunk = await process.input?.read(); chunk; chunk = await process.input?.read()) out(chunk);
      return 0;
    }
    let status = 0;
    for (const name of names) {
      const path = absolute(name, cwd);
      if (isEndless(call, path)) return swallowEndless(call);
      try {
        out(files.readFile(path));
      } catch (error) {
        err(`cat: can't open '${name}': ${wordsOf(error)}\n`);
        status = 1;
      }
    }
    return status;
  },
  async env({ args, env, out }) {
    if (args.length > 0) return 127;
    for (const [name, value] of env) out(`${name}=${value}\n`);
    return 0;
  },
  async printenv({ args, env, out }) {
    if (args.length === 0) for (const [name, value] of env) out(`${name}=${value}\n`);
    let status = 0;
    for (const name of args) {
      const value = env.get(name);
      if (value === undefined) status = 1;
      else out(`${value}\n`);
    }
    return status;
  },
};
