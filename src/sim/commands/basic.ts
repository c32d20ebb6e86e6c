import type { CommandTable } from "../command.ts";
import { test } from "../shell/conditions.ts";
import { ShellError } from "../shell/variables.ts";
import { echoed, printed } from "./printing.ts";

/** What a shell runs itself, as programs of their own: for an exec, a probe, `xargs`. */
export const basicCommands: CommandTable = {
  async echo({ args, out }) {
    out(echoed(args));
    return 0;
  },
  async printf({ args, out, err }) {
    out(printed(args, err));
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
  async test({ args, files, cwd, process, err }) {
    const words = process.argv[0]?.endsWith("[") ? args.slice(0, -1) : args;
    try {
      return test(words, { files, cwd, tty: process.tty }) ? 0 : 1;
    } catch (error) {
      if (!(error instanceof ShellError)) throw error;
      err(`${process.argv[0]}: ${error.message}\n`);
      return 2;
    }
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
