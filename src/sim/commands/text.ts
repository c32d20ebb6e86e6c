import type { CommandCall, CommandTable } from "../command.ts";
import { absolute, wordsOf } from "./clock.ts";
import { unescaped } from "./printing.ts";

/** Text tools of which the library's know too little: tr byte by byte as it comes, paste with its flags in any form. */
const decoder = new TextDecoder();

const classes: { readonly [name: string]: (code: number) => boolean } = {
  alpha: (code) => /[A-Za-z]/.test(String.fromCharCode(code)), digit: (code) => code >= 48 && code <= 57, alnum: (code) => /[A-Za-z0-9]/.test(String.fromCharCode(code)),
  upper: (code) => code >= 65 && code <= 90, lower: (code) => code >= 97 && code <= 122, space: (code) => (code >= 9 && code <= 13) || code === 32, blank: (code) => code === 9 || code === 32,
  punct: (code) => code > 32 && code < 127 && !/[A-Za-z0-9]/.test(String.fromCharCode(code)), cntrl: (code) => code < 32 || code === 127, print: (code) => code >= 32 && code < 127, graph: (code) => code > 32 && code < 127, xdigit: (code) => /[0-9A-Fa-f]/.test(String.fromCharCode(code)),
};

/** The bytes that a set of tr stands for, in order. */
function setOf(text: string): number[] {
  const plain = unescaped(text.replace(/\[:(\w+):\]/g, (whole, name: string) => (classes[name] ? String.fromCharCode(...Array.from({ length: 128 }, (_, code) => code).filter(classes[name])) : whole)).replace(/\\([0-7]{1,3})/g, "\\0$1")).text;
  const bytes: number[] = [];
  for (let i = 0; i < plain.length; i++) {
    const from = plain.charCodeAt(i);
    if (plain[i + 1] === "-" && i + 2 < plain.length) {
      for (let code = from; code <= plain.charCodeAt(i + 2); code++) bytes.push(code);
      i += 2;
    } else bytes.push(from);
  }
  return bytes;
}

async function tr({ args, out, err, process }: CommandCall): Promise<number> {
  const flags = args.filter((arg) => /^-[cCds]+$/.test(arg)).join("");
  const [first, second] = args.filter((arg) => !/^-[cCds]+$/.test(arg));
  if (first === undefined) {
    err("BusyBox v1.36.1 multi-call binary.\n\nUsage: tr [-cds] STRING1 [STRING2]\n");
    return 1;
  }
  const named = new Set(setOf(first));
  const from = /[cC]/.test(flags) ? Array.from({ length: 256 }, (_, code) => code).filter((code) => !named.has(code)) : setOf(first);
  const to = second === undefined ? [] : setOf(second);
  const deletes = flags.includes("d");
  const instead = new Map(deletes || to.length === 0 ? [] : from.map((code, at) => [code, to[Math.min(at, to.length - 1)] as number]));
  const gone = new Set(deletes ? from : []);
  const squeezed = new Set(flags.includes("s") ? (to.length > 0 ? to : from) : []);
  let last = -1;
  for (let chunk = await process.wait(process.input?.read() ?? Promise.resolve(undefined)); chunk; chunk = await process.wait(process.input?.read() ?? Promise.resolve(undefined))) {
    const made: number[] = [];
    for (const byte of chunk) {
      if (gone.has(byte)) continue;
      const next = instead.get(byte) ?? byte;
      if (next === last && squeezed.has(next)) continue;
      made.push(next);
      last = next;
    }
    out(Uint8Array.from(made));
  }
  return 0;
}

async function paste({ args, out, err, files, cwd, input }: CommandCall): Promise<number> {
  let [delimiters, serial] = ["\t", false];
  const names: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const flag = /^-(s?)(?:d(.*))?$/s.exec(arg);
    if (arg === "-" || !flag) names.push(arg);
    else {
      serial ||= flag[1] === "s";
      if (flag[2] !== undefined) delimiters = unescaped(flag[2] || (args[++i] ?? "")).text;
    }
  }
  let rest: string[] | undefined;
  const columns: string[][] = [];
  for (const name of names.length > 0 ? names : ["-"]) {
    try {
      if (name === "-") columns.push((rest ??= decoder.decode(await input()).replace(/\n$/, "").split("\n")));
      else columns.push(decoder.decode(files.readFile(absolute(name, cwd))).replace(/\n$/, "").split("\n"));
    } catch (error) {
      err(`paste: ${name}: ${wordsOf(error)}\n`);
      return 1;
    }
  }
  const joinLine = (words: readonly string[]): string => words.map((word, at) => (at === 0 ? word : (delimiters[(at - 1) % Math.max(1, delimiters.length)] ?? "") + word)).join("");
  if (serial) for (const column of columns) out(`${joinLine(column)}\n`);
  else if (columns.every((column) => column === rest)) for (let at = 0; rest && at < rest.length; at += columns.length) out(`${joinLine(columns.map((_, i) => rest?.[at + i] ?? ""))}\n`);
  else for (let at = 0; at < Math.max(...columns.map(({ length }) => length)); at++) out(`${joinLine(columns.map((column) => column[at] ?? ""))}\n`);
  return 0;
}

export const textCommands: CommandTable = { tr, paste };
