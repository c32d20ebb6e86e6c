import { signalNumbers } from "../process.ts";
import type { Signal } from "../process.ts";
import type { Builtin } from "./shell.ts";
import { quoted } from "./variables.ts";

/** Builtins about signals and what runs in the background. */

function signalOf(name: string): Signal | "EXIT" | undefined {
  const plain = name.toUpperCase().replace(/^SIG/, "");
  if (plain === "EXIT" || plain === "0") return "EXIT";
  if (plain in signalNumbers) return plain as Signal;
  for (const [signal, number] of Object.entries(signalNumbers)) if (String(number) === plain) return signal as Signal;
  return undefined;
}

const trap: Builtin = async ({ args, shell, out, err }) => {
  const { handlers } = shell.traps;
  const words = args[0] === "--" ? args.slice(1) : args;
  if (words.length === 0) for (const [signal, text] of handlers) out(`trap -- ${quoted(text)} ${signal}\n`);
  const [handler, ...names] = words.length === 1 ? ["-", words[0] as string] : words;
  for (const name of names) {
    const signal = signalOf(name);
    if (!signal) {
      err(`sh: trap: ${name}: invalid signal specification\n`);
      return 1;
    }
    if (handler === "-" || handler === undefined) handlers.delete(signal);
    else handlers.set(signal, handler);
  }
  shell.traps.listen();
  return 0;
};

export const jobBuiltins: { readonly [name: string]: Builtin } = {
  trap,
  history: async ({ args, shell, out }) => {
    const { history } = shell;
    if (args[0] === "-c") history.length = 0;
    else history.slice(-(Number(args[0]) || history.length)).forEach((line, i, shown) => out(`${String(history.length - shown.length + i + 1).padStart(5)}  ${line}\n`));
    return 0;
  },
  bg: async () => 0,
  fg: async ({ shell }) => shell.jobs.waitFor(shell.jobs.pids().slice(-1)),
  wait: async ({ args, shell }) => shell.jobs.waitFor(args.map((word) => shell.jobs.pidOf(word))),
  jobs: async ({ args, shell, out }) => {
    out(args[0] === "-p" ? shell.jobs.pids().map((pid) => `${pid}\n`).join("") : shell.jobs.listed().map((line) => `${line}\n`).join(""));
    return 0;
  },
  kill: async ({ args, shell, descriptors }) => shell.programs.run(["kill", ...args.map((word) => (word.startsWith("%") ? String(shell.jobs.pidOf(word)) : word))], descriptors),
};
