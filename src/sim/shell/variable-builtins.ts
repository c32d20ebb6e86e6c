import { splitAt } from "./expand.ts";
import type { Builtin, BuiltinCall } from "./shell.ts";
import { ShellError, quoted } from "./variables.ts";

/** Builtins that set, read and show variables and the shell's own flags. */

const isName = (text: string): boolean => /^[A-Za-z_]\w*$/.test(text);

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

export const variableBuiltins: { readonly [name: string]: Builtin } = {
  set, local, declare: local, typeset: local, read, getopts,
  export: declares("exported"), readonly: declares("readonly"),
  let: async ({ args, shell }) => {
    let value = 0;
    for (const arg of args) value = await shell.expander.arithmetic(shell.expander.expression(arg));
    return value === 0 ? 1 : 0;
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
};
