import type { CommandCall } from "../command.ts";
import { ByteReader } from "../shell/streams.ts";
import { absolute, wordsOf } from "./clock.ts";

/** grep: line by line as they come. */
interface Asked {
  readonly flags: ReadonlySet<string>;
  readonly patterns: readonly string[];
  readonly names: readonly string[];
  readonly max: number;
  readonly before: number;
  readonly after: number;
}

function parse(args: readonly string[], read: (name: string) => string): Asked | string {
  const flags = new Set<string>();
  const patterns: string[] = [];
  const names: string[] = [];
  const numbers: { [flag: string]: number } = { m: Infinity, A: 0, B: 0 };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg === "--") names.push(...args.slice(++i));
    if (arg === "--" || /^--(color|line-buffered|colour)/.test(arg)) continue;
    if (!arg.startsWith("-") || arg === "-") names.push(arg);
    else {
      for (let at = 1; at < arg.length; at++) {
        const letter = arg[at] as string;
        if (!"efmABC".includes(letter)) {
          flags.add(letter);
          continue;
        }
        const value = arg.slice(at + 1) || (args[++i] ?? "");
        if (letter === "e") patterns.push(value);
        else if (letter === "f") patterns.push(...read(value).replace(/\n$/, "").split("\n"));
        else if (letter === "C") numbers["A"] = numbers["B"] = Number(value);
        else numbers[letter] = Number(value);
        break;
      }
    }
  }
  if (patterns.length === 0) {
    const pattern = names.shift();
    if (pattern === undefined) return "BusyBox v1.36.1 multi-call binary.\n\nUsage: grep [-HhnlLoqvsrRiwFE] [-m N] [-A|B|C N] { PATTERN | -e PATTERN... | -f FILE... } [FILE]...\n";
    patterns.push(...pattern.split("\n"));
  }
  return { flags, patterns, names, max: numbers["m"] as number, before: numbers["B"] as number, after: numbers["A"] as number };
}

/** A POSIX expression as one of JavaScript. In basic ones `\(`, `\{`, `\|`, `\+`, `\?` are active and the plain signs are not. */
export function expressionSource(pattern: string, kind: "basic" | "extended" | "fixed"): string {
  if (kind === "fixed") return pattern.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  let out = "";
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i] as string;
    if (char === "[") {
      const end = pattern.indexOf("]", pattern[i + 1] === "^" ? i + 3 : i + 2);
      const classEnd = /^\[\^?\]?(?:\[:\w+:\]|[^\]])*\]/.exec(pattern.slice(i))?.[0];
      const whole = classEnd ?? pattern.slice(i, end + 1);
      out += whole.replace(/\\/g, "\\\\").replace(/\[:(\w+):\]/g, (_all, name: string) => ({ alnum: "A-Za-z0-9", alpha: "A-Za-z", digit: "0-9", lower: "a-z", upper: "A-Z", space: "\\s", blank: " \\t", xdigit: "0-9A-Fa-f", punct: "!-\\/:-@\\[-`{-~" })[name] ?? "").replace(/^\[(\^?)\]/, "[$1\\]");
      i += whole.length - 1;
    } else if (char === "\\" && i + 1 < pattern.length) {
      const next = pattern[++i] as string;
      if (kind === "basic" && "(){}|+?".includes(next)) out += next;
      else if (next === "<" || next === ">") out += "\\b";
      else out += `\\${next}`;
    } else if (kind === "basic" && "(){}|+?".includes(char)) out += `\\${char}`;
    else if (char === "*" && (i === 0 || (i === 1 && pattern[0] === "^"))) out += "\\*";
    else out += char;
  }
  return out;
}

export async function grep(call: CommandCall): Promise<number> {
  const { args, out, err, files, cwd, process } = call;
  const asked = parse(args, (name) => new TextDecoder().decode(files.readFile(absolute(name, cwd))));
  if (typeof asked === "string") {
    err(asked);
    return 2;
  }
  const { flags, patterns } = asked;
  const kind = flags.has("F") ? "fixed" : flags.has("E") || flags.has("P") ? "extended" : "basic";
  let source = patterns.map((pattern) => expressionSource(pattern, kind)).map((each) => (flags.has("w") ? `\\b(?:${each})\\b` : flags.has("x") ? `^(?:${each})$` : each)).join("|");
  if (patterns.every((pattern) => pattern === "")) source = "";
  let shape: RegExp;
  try {
    shape = new RegExp(source, `g${flags.has("i") ? "i" : ""}`);
  } catch {
    err(`grep: bad regex '${patterns.join("\\n")}': Invalid regexp\n`);
    return 2;
  }
  const recursive = flags.has("r") || flags.has("R");
  const targets = recursive ? filesBelow(call, asked.names.length > 0 ? asked.names : ["."]) : asked.names.length > 0 ? asked.names : ["-"];
  const named = (flags.has("H") || recursive || targets.length > 1) && !flags.has("h");
  let [found, failed] = [false, false];
  for (const name of targets) {
    let reader;
    try {
      reader = name === "-" ? ByteReader.over(process.input) : new ByteReader(undefined, files.readFile(absolute(name, cwd)));
    } catch (error) {
      if (!flags.has("s")) err(`grep: ${name}: ${wordsOf(error)}\n`);
      failed = true;
      continue;
    }
    const hit = await search({ next: () => process.wait(reader.line()), shape, asked, prefix: named ? `${name === "-" ? "(standard input)" : name}:` : "", name, out });
    if (hit && flags.has("q")) return 0;
    found ||= hit;
  }
  return failed && !found ? 2 : found ? 0 : 1;
}

function filesBelow({ files, cwd }: CommandCall, names: readonly string[]): string[] {
  return names.flatMap((name): string[] => {
    const path = absolute(name, cwd);
    if (!files.exists(path) || files.stat(path).kind !== "folder") return [name];
    return filesBelow({ files, cwd } as CommandCall, files.list(path).map((child) => (name.endsWith("/") ? name + child : `${name}/${child}`)));
  });
}

interface Search {
  readonly next: () => Promise<string | undefined>;
  readonly shape: RegExp;
  readonly asked: Asked;
  readonly prefix: string;
  readonly name: string;
  readonly out: (text: string) => void;
}

async function search({ next, shape, asked, prefix, name, out }: Search): Promise<boolean> {
  const { flags, max, before, after } = asked;
  const quiet = flags.has("q") || flags.has("c") || flags.has("l") || flags.has("L");
  const earlier: [number, string][] = [];
  let [count, trailing, number] = [0, 0, 0];
  let shown = 0;
  const show = (at: number, text: string, sign: string): void => {
    if ((before > 0 || after > 0) && shown > 0 && at > shown + 1) out("--\n");
    shown = at;
    out(`${sign === ":" ? prefix : prefix.replace(/:$/, "-")}${flags.has("n") ? `${at}${sign}` : ""}${text}\n`);
  };
  while (count < max) {
    const raw = await next();
    if (raw === undefined) break;
    number++;
    const line = raw.replace(/\n$/, "");
    shape.lastIndex = 0;
    if (shape.test(line) === flags.has("v")) {
      if (trailing-- > 0 && !quiet) show(number, line, "-");
      else if (before > 0) {
        earlier.push([number, line]);
        if (earlier.length > before) earlier.shift();
      }
      continue;
    }
    count++;
    if (flags.has("q") || flags.has("l")) break;
    if (quiet) continue;
    for (const [at, text] of earlier.splice(0)) show(at, text, "-");
    shape.lastIndex = 0;
    if (flags.has("o")) for (const [match] of line.matchAll(shape)) out(match === "" ? "" : `${prefix}${flags.has("n") ? `${number}:` : ""}${match}\n`);
    else show(number, line, ":");
    trailing = after;
  }
  if (flags.has("c")) out(`${prefix}${count}\n`);
  if ((flags.has("l") && count > 0) || (flags.has("L") && count === 0)) out(`${name === "-" ? "(standard input)" : name}\n`);
  return count > 0;
}
