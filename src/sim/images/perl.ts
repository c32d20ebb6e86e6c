import type { Process, Program } from "../process.ts";
import { image } from "./image.ts";

/**
 * perl, as far as the Job of Kubernetes' own documentation needs it: one-liners that print texts and digits of pi
 * (`perl -Mbignum=bpi -wle 'print bpi(2000)'`), sleep and exit. What it does not know it says, and ends with 255.
 */

/** Digits of pi, the first one included; the last is rounded. Machin's formula, in whole numbers with ten digits to spare. */
function digitsOfPi(digits: number): string {
  const spare = 10;
  const one = 10n ** BigInt(digits + spare);
  const arcTangent = (inverse: bigint): bigint => {
    const square = inverse * inverse;
    let power = one / inverse;
    let sum = power;
    for (let n = 3n, sign = -1n; power > 0n; n += 2n, sign = -sign) {
      power /= square;
      sum += sign * (power / n);
    }
    return sum;
  };
  const scaled = 4n * (4n * arcTangent(5n) - arcTangent(239n));
  const unit = 10n ** BigInt(spare + 1);
  const text = String((scaled + unit / 2n) / unit);
  return digits === 1 ? text : `${text[0]}.${text.slice(1)}`;
}

/** Most digits that are worked out: as many as the event loop has time for. */
const digitsMax = 5000;
/** A digit takes perl about so long at this size: bpi(2000) some six seconds. */
const digitMs = 3;

const escapes: { readonly [letter: string]: string } = { n: "\n", t: "\t", r: "\r", '"': '"', "\\": "\\", $: "$", "@": "@" };
const quoted = /^(?:"((?:[^"\\$@]|\\.)*)"|'((?:[^'\\]|\\.)*)')$/s;

/** What an expression is worth; undefined: it is not understood. */
async function valueOf(process: Process, expression: string, modules: readonly string[]): Promise<string | undefined> {
  const [, inDouble, inSingle] = quoted.exec(expression) ?? [];
  if (inDouble !== undefined) return inDouble.replace(/\\(.)/gs, (_, letter: string) => escapes[letter] ?? letter);
  if (inSingle !== undefined) return inSingle.replace(/\\(['\\])/g, "$1");
  if (/^\d+$/.test(expression)) return String(Number(expression));
  const [, asked] = /^bpi\((\d+)\)$/.exec(expression) ?? [];
  const digits = Number(asked ?? 0);
  if (digits < 1 || digits > digitsMax || !modules.some((name) => /^big(num|int|rat|float)=.*\bbpi\b/.test(name))) return undefined;
  await process.sleep(digits * digitMs);
  return digitsOfPi(digits);
}

const perl: Program = async (process) => {
  const args = process.argv.slice(1);
  if (args.includes("-v") || args.includes("--version")) {
    process.write("stdout", "\nThis is perl 5, version 42, subversion 0 (v5.42.0) built for x86_64-linux-gnu\n");
    return 0;
  }
  const modules = args.filter((arg) => arg.startsWith("-M")).map((arg) => arg.slice(2));
  const at = args.findIndex((arg) => /^-[a-zA-Z]*e$/.test(arg));
  const ending = at >= 0 && args.slice(0, at + 1).some((arg) => /^-[a-zA-Z]*l/.test(arg) && !arg.startsWith("-M")) ? "\n" : "";
  for (const statement of at < 0 ? [] : (args[at + 1] ?? "").split(/;(?=(?:[^"']|"[^"]*"|'[^']*')*$)/).map((each) => each.trim())) {
    if (statement === "") continue;
    const [, verb = "", rest = ""] = /^(print|say|sleep|exit|die)\b\s*(.*)$/s.exec(statement) ?? [];
    const value = await valueOf(process, rest === "" ? "0" : rest.replace(/^\((.*)\)$/s, "$1").trim(), modules);
    if (verb === "" || value === undefined) {
      process.write("stderr", `perl: this simulated image knows print, say, sleep, exit and die of texts, numbers and bpi; not: ${statement}\n`);
      return 255;
    }
    if (verb === "print" || verb === "say") process.write("stdout", `${value}${verb === "say" ? "\n" : ending}`);
    else if (verb === "sleep") await process.sleep(Number(value) * 1000);
    else if (verb === "exit") return Number(value) & 255;
    else {
      process.write("stderr", value.endsWith("\n") ? value : `${value} at -e line 1.\n`);
      return 255;
    }
  }
  return 0;
};

export const perlImage = image({ repositories: ["docker.io/library/perl"], sizeBytes: 350_224_384, command: ["perl", "-de0"], programs: { perl } });
