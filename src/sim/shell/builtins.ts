import { FileError, cleanPath } from "../files/file-view.ts";
import { wordsOf } from "../commands/clock.ts";
import { echoed, printed } from "../commands/printing.ts";
import { signalNumbers } from "../process.ts";
import type { Signal } from "../process.ts";
import { test } from "./conditions.ts";
import { splitAt } from "./expand.ts";
import type { Interpreter } from "./interpreter.ts";
import type { Descriptors } from "./streams.ts";
import { Leave, ShellError } from "./variables.ts";

/** The commands that a shell runs itself: those that change it, and those that it need not fork for. */
export interface BuiltinCall {
  readonly name: string;
  readonly args: readonly string[];
  readonly shell: Interpreter;
  readonly descriptors: Descriptors;
  out(text: string | Uint8Array): void;
  err(text: string): void;
}

/** Resolves with the status. */
export type Builtin = (call: BuiltinCall) => Promise<number>;

const levels = (args: readonly string[]): number => Math.max(1, Number(args[0] ?? 1));
const quoted = (text: string): string => `'${text.replaceAll("'", `'"'"'`)}'`;
const isName = (text: string): boolean => /^[A-Za-z_]\w*$/.test(text);

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

const longOptions: { readonly [name: string]: string } = { errexit: "e", nounset: "u", xtrace: "x", noglob: "f", allexport: "a", pipefail: "P", noexec: "n", verbose: "v" };

async function set({ args, shell, out }: BuiltinCall): Promise<number> {
  const { variables } = shell;
  if (args.length === 0) {
    for (const [name, { value }] of variables.entries()) out(`${name}=${quoted(value)}\n`);
    return 0;
  }
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg === "--" || !/^[-+]/.test(arg) || arg === "-") {
      variables.positional = args.slice(arg === "--" || arg === "-" ? i + 1 : i);
      return 0;
    }
    const letters = arg.slice(1) === "o" ? (longOptions[args[++i] ?? ""] ?? "") : arg.slice(1);
    for (const letter of letters) {
      if (letter === "o") variables.flags[arg.startsWith("-") ? "add" : "delete"](longOptions[args[++i] ?? ""] ?? "");
      else variables.flags[arg.startsWith("-") ? "add" : "delete"](letter);
    }
  }
  return 0;
}

function declares(as: "exported" | "readonly"): Builtin {
  return async ({ name, args, shell, out }) => {
    const { variables } = shell;
    const words = args.filter((arg) => !/^-[pxr]+$/.test(arg));
    if (words.length === 0) for (const [key, variable] of variables.entries()) if (variable[as]) out(`${name} ${key}=${quoted(variable.value)}\n`);
    for (const word of words) {
      const at = word.indexOf("=");
      const key = at < 0 ? word : word.slice(0, at);
      if (!isName(key)) throw new ShellError(`${name}: ${key}: bad variable name`);
      if (args.includes("-n")) continue;
      if (at >= 0) variables.set(key, word.slice(at + 1));
      variables.mark(key, as);
    }
    return 0;
  };
}

const local: Builtin = async ({ args, shell }) => {
  for (const word of args.filter((arg) => !/^-\w+$/.test(arg))) {
    const at = word.indexOf("=");
    const key = at < 0 ? word : word.slice(0, at);
    if (!shell.variables.makeLocal(key) && at < 0) continue;
    if (at >= 0) shell.variables.set(key, word.slice(at + 1));
  }
  return 0;
};

async function read({ args, shell, descriptors, err }: BuiltinCall): Promise<number> {
  const { variables, process } = shell;
  const names: string[] = [];
  let [raw, delimiter, list] = [false, "\n", ""];
  let timeoutMs: number | undefined;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (/^-[rs]+$/.test(arg)) raw ||= arg.includes("r");
    else if (arg === "-p") err(args[++i] ?? "");
    else if (arg === "-t") timeoutMs = Number(args[++i]) * 1000;
    else if (arg === "-d") delimiter = args[++i]?.[0] ?? "\0";
    else if (arg === "-a") list = args[++i] ?? "";
    else if (arg === "-n") i++;
    else names.push(arg);
  }
  const reader = descriptors.get(0)?.reader;
  const next = async (): Promise<string | undefined> => {
    let text = await reader?.line(delimiter.charCodeAt(0));
    while (!raw && text?.endsWith("\\\n")) text = text.slice(0, -2) + ((await reader?.line(delimiter.charCodeAt(0))) ?? "");
    return text;
  };
  const line = await process.wait(timeoutMs === undefined ? next() : Promise.race([next(), process.sleep(timeoutMs).then(() => undefined)]));
  const text = (line ?? "").replace(delimiter === "\n" ? /\n$/ : /[^]$/, (end) => (end === delimiter ? "" : end));
  const shown = raw ? text : text.replace(/\\(.)/g, "$1");
  const ifs = variables.get("IFS") ?? " \t\n";
  if (list !== "") variables.setList(list, splitAt(shown, ifs).fields);
  else assignFields(names.length > 0 ? names : ["REPLY"], shown, ifs, (name, value) => variables.set(name, value));
  return line === undefined || (!line.endsWith(delimiter) && line === "") ? 1 : line.endsWith(delimiter) ? 0 : 1;
}

/** The last name takes the rest of the line. */
function assignFields(names: readonly string[], text: string, ifs: string, set: (name: string, value: string) => void): void {
  const white = [...ifs].filter((char) => /\s/.test(char)).join("");
  const trim = (value: string): string => (white === "" ? value : value.replace(/^\s+|\s+$/g, (space) => [...space].filter((char) => !white.includes(char)).join("")));
  let rest = trim(text);
  names.forEach((name, index) => {
    if (index === names.length - 1) return set(name, rest);
    const at = [...rest].findIndex((char) => ifs.includes(char));
    set(name, at < 0 ? rest : rest.slice(0, at));
    rest = at < 0 ? "" : trim(rest.slice(white.includes(rest[at] as string) ? at : at + 1)).replace(/^/, "");
  });
}

function signalOf(name: string): Signal | "EXIT" | undefined {
  const plain = name.toUpperCase().replace(/^SIG/, "");
  if (plain === "EXIT" || plain === "0") return "EXIT";
  if (plain in signalNumbers) return plain as Signal;
  for (const [signal, number] of Object.entries(signalNumbers)) if (String(number) === plain) return signal as Signal;
  return undefined;
}

const trap: Builtin = async ({ args, shell, out, err }) => {
  const words = args[0] === "--" ? args.slice(1) : args;
  if (words.length === 0) for (const [signal, text] of shell.traps) out(`trap -- ${quoted(text)} ${signal}\n`);
  const [handler, ...names] = words.length === 1 ? ["-", words[0] as string] : words;
  for (const name of names) {
    const signal = signalOf(name);
    if (!signal) {
      err(`sh: trap: ${name}: invalid signal specification\n`);
      return 1;
    }
    if (handler === "-" || handler === undefined) shell.traps.delete(signal);
    else shell.traps.set(signal, handler);
  }
  shell.process.onSignal((signal) => shell.onSignal(signal));
  return 0;
};

/** Where a name leads: for `type` and `command -v`. */
function kindOf(name: string, shell: Interpreter): { readonly kind: "function" | "builtin" | "keyword" | "file"; readonly path: string } | undefined {
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
  return Object.hasOwn(builtins, name) ? (builtins[name] as Builtin)(shell.callOf(name, rest, descriptors)) : shell.program(words, descriptors);
};

const getopts: Builtin = async ({ args, shell, err }) => {
  const { variables } = shell;
  const [spec = "", name = "opt", ...given] = args;
  const words = given.length > 0 ? given : variables.positional;
  const [index, at] = (variables.get("OPTIND") ?? "1").split(".").map(Number) as [number, number | undefined];
  const word = words[index - 1];
  if (word === undefined || !/^-./.test(word) || word === "--") {
    variables.set(name, "?");
    if (word === "--") variables.set("OPTIND", String(index + 1));
    return 1;
  }
  const place = at || 1;
  const letter = word[place] as string;
  const known = spec.indexOf(letter);
  const last = place + 1 >= word.length;
  variables.set("OPTIND", last ? String(index + 1) : `${index}.${place + 1}`);
  if (known < 0 || letter === ":") {
    variables.set(name, "?");
    if (!spec.startsWith(":")) err(`sh: illegal option -${letter}\n`);
    return 0;
  }
  variables.set(name, letter);
  if (spec[known + 1] !== ":") return 0;
  const argument = last ? words[index] : word.slice(place + 1);
  variables.set("OPTARG", argument ?? "");
  variables.set("OPTIND", String(last ? index + 2 : index + 1));
  if (argument === undefined) variables.set(name, spec.startsWith(":") ? ":" : "?");
  return 0;
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

/** Jobs by number, processes by id. */
const pidOf = (word: string, shell: Interpreter): number => (word.startsWith("%") ? ([...shell.jobs.keys()][Number(word.slice(1)) - 1] ?? -1) : Number(word));

export const builtins: { readonly [name: string]: Builtin } = {
  cd, set, local, read, trap, type, command, getopts, source,
  ".": source, "[": examine, test: examine, declare: local, typeset: local,
  export: declares("exported"), readonly: declares("readonly"),
  ":": async () => 0, true: async () => 0, false: async () => 1,
  alias: async () => 0, unalias: async () => 0, hash: async () => 0, shopt: async () => 0, bg: async () => 0, fg: async ({ shell }) => shell.waitFor([...shell.jobs.keys()].slice(-1)),
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
  let: async ({ args, shell }) => {
    let value = 0;
    for (const arg of args) value = await shell.expander.arithmetic(shell.expander.expression(arg));
    return value === 0 ? 1 : 0;
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
  shift: async ({ args, shell }) => {
    const count = Number(args[0] ?? 1);
    if (count > shell.variables.positional.length) return 1;
    shell.variables.positional = shell.variables.positional.slice(count);
    return 0;
  },
  unset: async ({ args, shell }) => {
    for (const name of args.filter((arg) => arg !== "-v" && arg !== "-f")) {
      if (args[0] === "-f") shell.functions.delete(name);
      else shell.variables.unset(name);
    }
    return 0;
  },
  wait: async ({ args, shell }) => shell.waitFor(args.map((word) => pidOf(word, shell))),
  jobs: async ({ shell, out }) => {
    [...shell.jobs.keys()].forEach((pid, index) => {
      const process = shell.process.world.processes.get(pid);
      if (process) out(`[${index + 1}]${" "}  Running                    ${process.argv.join(" ")}\n`);
    });
    return 0;
  },
  kill: async ({ args, shell, descriptors }) => shell.program(["kill", ...args.map((word) => (word.startsWith("%") ? String(pidOf(word, shell)) : word))], descriptors),
};
