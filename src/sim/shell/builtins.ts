import { FileError, cleanPath } from "../files/file-view.ts";
import { wordsOf } from "../commands/clock.ts";
import { echoed, printed } from "../commands/printing.ts";
import { test } from "./conditions.ts";
import { jobBuiltins } from "./job-builtins.ts";
import type { Builtin, BuiltinCall, Shell } from "./shell.ts";
import { variableBuiltins } from "./variable-builtins.ts";
import { Leave, ShellError } from "./variables.ts";

/** The commands that a shell runs itself: those that change it, and those that it need not fork for. */
const levels = (args: readonly string[]): number => Math.max(1, Number(args[0] ?? 1));

async function cd({ args, shell, out, err }: BuiltinCall): Promise<number> {
  const { variables, process } = shell;
  const [given] = args.filter((arg) => arg !== "-P" && arg !== "-L" && arg !== "--");
  const target = given === undefined ? (variables.get("HOME") ?? "/") : given === "-" ? (variables.get("OLDPWD") ?? variables.cwd) : given;
  const path = cleanPath(target, variables.cwd);
  try {
    if (process.world.files.stat(path).kind !== "folder") throw new FileError("ENOTDIR", path);
  } catch (error) {
    err(`sh: cd: can't cd to ${target}: ${wordsOf(error)}\n`);
    return 1;
  }
  variables.set("OLDPWD", variables.cwd);
  variables.cwd = path;
  variables.set("PWD", path);
  if (given === "-") out(`${path}\n`);
  return 0;
}

/** Where a name leads: for `type` and `command -v`. */
function kindOf(name: string, shell: Shell): { readonly kind: "function" | "builtin" | "keyword" | "file"; readonly path: string } | undefined {
  if (["if", "then", "else", "fi", "for", "while", "until", "do", "done", "case", "esac", "{", "}", "!", "[["].includes(name)) return { kind: "keyword", path: name };
  if (shell.functions.has(name)) return { kind: "function", path: name };
  if (Object.hasOwn(builtins, name) || name === "exec") return { kind: "builtin", path: name };
  const { files } = shell.process.world;
  if (name.includes("/")) return files.exists(cleanPath(name, shell.variables.cwd)) ? { kind: "file", path: name } : undefined;
  const path = (shell.variables.get("PATH") ?? "").split(":").map((folder) => `${folder}/${name}`).find((each) => files.exists(each));
  return path === undefined ? undefined : { kind: "file", path };
}

const type: Builtin = async ({ args, shell, out }) => {
  let status = 0;
  for (const name of args) {
    const found = kindOf(name, shell);
    if (found) out(`${name} is ${found.kind === "file" ? found.path : `a shell ${found.kind}`}\n`);
    else {
      out(`${name}: not found\n`);
      status = 127;
    }
  }
  return status;
};

const command: Builtin = async (call) => {
  const { args, shell, out, descriptors } = call;
  if (args[0] === "-v" || args[0] === "-V") {
    const found = kindOf(args[1] ?? "", shell);
    if (found) out(`${found.path}\n`);
    return found ? 0 : 127;
  }
  const words = args[0] === "-p" || args[0] === "--" ? args.slice(1) : args;
  const [name, ...rest] = words;
  if (name === undefined) return 0;
  return Object.hasOwn(builtins, name) ? (builtins[name] as Builtin)({ ...call, name, args: rest }) : shell.programs.run(words, descriptors);
};

const source: Builtin = async ({ name, args, shell }) => {
  const [file, ...parameters] = args;
  const { variables, process } = shell;
  const path = cleanPath(file ?? "", variables.cwd);
  if (file === undefined || !process.world.files.exists(path)) throw new ShellError(`${name}: can't open '${file ?? ""}': No such file or directory`);
  const before = variables.positional;
  if (parameters.length > 0) variables.positional = parameters;
  try {
    return await shell.text(new TextDecoder().decode(process.world.files.readFile(path)));
  } catch (error) {
    if (error instanceof Leave && error.kind === "return") return error.value;
    throw error;
  } finally {
    variables.positional = before;
  }
};

const examine: Builtin = async ({ name, args, shell, err }) => {
  const closed = name === "[" ? args.at(-1) === "]" : true;
  if (!closed) {
    err("sh: [: missing ]\n");
    return 2;
  }
  try {
    return test(name === "[" ? args.slice(0, -1) : args, { files: shell.process.world.files, cwd: shell.variables.cwd, tty: shell.process.tty }) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ShellError)) throw error;
    err(`sh: ${error.message}\n`);
    return 2;
  }
};

export const builtins: { readonly [name: string]: Builtin } = {
  ...variableBuiltins, ...jobBuiltins,
  cd, type, command, source, ".": source, "[": examine, test: examine,
  ":": async () => 0, true: async () => 0, false: async () => 1,
  alias: async () => 0, unalias: async () => 0, hash: async () => 0, shopt: async () => 0,
  umask: async ({ args, out }) => {
    if (args.length === 0) out("0022\n");
    return 0;
  },
  ulimit: async ({ out }) => {
    out("unlimited\n");
    return 0;
  },
  times: async ({ out }) => {
    out("0m0.00s 0m0.00s\n0m0.00s 0m0.00s\n");
    return 0;
  },
  pwd: async ({ shell, out }) => {
    out(`${shell.variables.cwd}\n`);
    return 0;
  },
  echo: async ({ args, out }) => {
    out(echoed(args));
    return 0;
  },
  printf: async ({ args, out, err, shell }) => {
    const words = args[0] === "--" ? args.slice(1) : args;
    if (words[0] === "-v" && words[1] !== undefined) {
      shell.variables.set(words[1], printed(words.slice(2), err));
      return 0;
    }
    if (words.length === 0) {
      err("sh: printf: usage: printf FORMAT [ARG]...\n");
      return 2;
    }
    out(printed(words, err));
    return 0;
  },
  eval: async ({ args, shell }) => shell.text(args.join(" ")),
  exit: async ({ args, shell }) => {
    throw new Leave("exit", Number(args[0] ?? shell.variables.status) & 255);
  },
  return: async ({ args, shell }) => {
    throw new Leave("return", Number(args[0] ?? shell.variables.status) & 255);
  },
  break: async ({ args }) => {
    throw new Leave("break", levels(args));
  },
  continue: async ({ args }) => {
    throw new Leave("continue", levels(args));
  },
};
