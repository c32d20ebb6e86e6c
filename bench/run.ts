/**
 * `npm run bench [name …]`: measures and prints; with `--write` it also replaces the table in bench/results.md. Names: start, requests,
 * nodes, workloads, proxy; none means all.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import type { Figure } from "./figures.ts";
import { header, row } from "./figures.ts";
import { nodes } from "./nodes.ts";
import { proxy } from "./proxy.ts";
import { requests } from "./requests.ts";
import { start } from "./start.ts";
import { workloads } from "./workloads.ts";

const all: { readonly [name: string]: () => Promise<Figure[]> } = { start, requests, nodes, workloads, proxy };
const args = process.argv.slice(2);
const names = args.filter((arg) => !arg.startsWith("--"));
const unknown = names.find((name) => all[name] === undefined);
if (unknown !== undefined) {
  console.error(`bench: no benchmark is called ${unknown}; there are: ${Object.keys(all).join(", ")}`);
  process.exit(2);
}

const lines: string[] = [];
for (const name of names.length > 0 ? names : Object.keys(all)) {
  process.stderr.write(`measuring ${name} …\n`);
  for (const figure of await (all[name] as () => Promise<Figure[]>)()) lines.push(row(figure));
}
const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: import.meta.dirname, encoding: "utf8" }).trim();
const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB; Node ${process.version}; commit ${commit}; ${new Date().toISOString().slice(0, 10)}`;
const table = `${machine}\n\n${header}\n${lines.join("\n")}`;
console.log(table);
if (args.includes("--write")) {
  const path = join(import.meta.dirname, "results.md");
  const marker = /(<!-- figures -->\n)[\s\S]*?(\n<!-- end -->)/;
  const text = existsSync(path) ? readFileSync(path, "utf8") : "# Figures\n\n<!-- figures -->\n\n<!-- end -->\n";
  writeFileSync(path, text.replace(marker, `$1${table}$2`));
}
