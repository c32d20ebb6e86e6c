/**
 * `npm run bench [name …]`: measures and prints; with `--write` it also replaces the table in bench/results.md. Names: start, requests,
 * nodes, workloads, proxy; none means all. Each runs in processes of its own, as often as `--rounds=N` says (once), and of each figure the
 * best is kept: other work on the machine only ever adds.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import type { Figure } from "./figures.ts";
import { best, header, row } from "./figures.ts";
import { nodes } from "./nodes.ts";
import { proxy } from "./proxy.ts";
import { requests } from "./requests.ts";
import { start } from "./start.ts";
import { workloads } from "./workloads.ts";

const all: { readonly [name: string]: () => Promise<Figure[]> } = { start, requests, nodes, workloads, proxy };
const roundsMax = 20;
const args = process.argv.slice(2);
const names = args.filter((arg) => !arg.startsWith("--"));
const unknown = names.find((name) => all[name] === undefined);
if (unknown !== undefined) fail(`no benchmark is called ${unknown}; there are: ${Object.keys(all).join(", ")}`);
const rounds = Number(args.find((arg) => arg.startsWith("--rounds="))?.slice("--rounds=".length) ?? 1);
if (!(Number.isInteger(rounds) && rounds >= 1 && rounds <= roundsMax)) fail(`--rounds is a number from 1 to ${roundsMax}`);

if (args.includes("--figures")) {
  // A round, in a process of its own.
  for (const name of names) console.log(JSON.stringify(await (all[name] as () => Promise<Figure[]>)()));
} else {
  report(names.length > 0 ? names : Object.keys(all));
}

function report(asked: readonly string[]): void {
  const lines: string[] = [];
  for (const name of asked) {
    const measured: Figure[][] = [];
    for (let round = 1; round <= rounds; round++) {
      process.stderr.write(`measuring ${name}${rounds === 1 ? "" : `, round ${round} of ${rounds}`} …\n`);
      measured.push(JSON.parse(execFileSync(process.execPath, [import.meta.filename, name, "--figures"], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] })) as Figure[]);
    }
    for (const [i] of (measured[0] as Figure[]).entries()) lines.push(row(best(measured.map((figures) => figures[i] as Figure))));
  }
  const table = `${machine()}\n\n${header}\n${lines.join("\n")}`;
  console.log(table);
  if (args.includes("--write")) write(table);
}

function machine(): string {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: import.meta.dirname, encoding: "utf8" }).trim();
  const kept = rounds === 1 ? "one round" : `best of ${rounds} rounds`;
  return `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB; Node ${process.version}; commit ${commit}; ${new Date().toISOString().slice(0, 10)}; ${kept}`;
}

function write(table: string): void {
  const path = join(import.meta.dirname, "results.md");
  const marker = /(<!-- figures -->\n)[\s\S]*?(\n<!-- end -->)/;
  const text = existsSync(path) ? readFileSync(path, "utf8") : "# Figures\n\n<!-- figures -->\n\n<!-- end -->\n";
  writeFileSync(path, text.replace(marker, `$1${table}$2`));
}

function fail(message: string): never {
  console.error(`bench: ${message}`);
  process.exit(2);
}
