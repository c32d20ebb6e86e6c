/**
 * Runs every gate in order and stops at the first that fails: `npm test`. `npm test -- lint floors` runs the named ones only.
 * A gate is a command; a test checks that each of them notices a planted fault.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";

interface Gate {
  readonly name: string;
  /** What it promises when it passes. */
  readonly promise: string;
  readonly command: readonly string[];
}

const root = join(import.meta.dirname, "..");
const bin = (name: string) => join(root, "node_modules", ".bin", name);
const script = (name: string) => [process.execPath, join(root, "scripts", name)];

export const gates: readonly Gate[] = [
  { name: "kubectl", promise: "the real kubectl and helm stand in .cache", command: script("fetch-kubectl.ts") },
  { name: "types:core", promise: "the core compiles without the names of Node or a browser", command: [bin("tsc"), "-p", "tsconfig.core.json"] },
  { name: "types", promise: "everything compiles", command: [bin("tsc"), "-p", "tsconfig.json"] },
  { name: "floors", promise: "folders import only from floors below", command: script("check-floors.ts") },
  { name: "lint", promise: "no floating promise, no ambient time or chance", command: [bin("oxlint"), "--type-aware", "--deny-warnings"] },
  { name: "unused", promise: "no file, export or dependency is unused", command: [bin("knip")] },
  {
    name: "tests",
    promise: "unit, contract, golden, simulation and scenario tests pass",
    command: [bin("vitest"), "run", "--reporter=default", "--reporter=./scripts/skip-reporter.ts"],
  },
];

/** Node that npm and vitest start must be the pinned one, whoever started us. */
const environment = { ...process.env, PATH: `${join(root, "node_modules", ".bin")}:${process.env["PATH"] ?? ""}` };

function run(gate: Gate): Promise<number> {
  return new Promise((resolve) => {
    const [program = "", ...args] = gate.command;
    const child = spawn(program, args, { cwd: root, env: environment, stdio: "inherit" });
    child.on("error", (error) => {
      process.stderr.write(`${error.message}\n`);
      resolve(1);
    });
    child.on("close", (code, signal) => resolve(signal === null ? (code ?? 1) : 1));
  });
}

function chosen(names: readonly string[]): readonly Gate[] {
  const unknown = names.find((name) => !gates.some((gate) => gate.name === name));
  if (unknown !== undefined) {
    process.stderr.write(`gates: there is no gate "${unknown}"; there are ${gates.map((gate) => gate.name).join(", ")}\n`);
    process.exit(2);
  }
  return names.length === 0 ? gates : gates.filter((gate) => names.includes(gate.name));
}

async function main(): Promise<void> {
  const seconds = (from: number) => `${((performance.now() - from) / 1000).toFixed(1)} s`;
  const start = performance.now();
  for (const gate of chosen(process.argv.slice(2))) {
    const begun = performance.now();
    process.stdout.write(`── ${gate.name}: ${gate.promise}\n`);
    const code = await run(gate);
    if (code !== 0) {
      process.stderr.write(`── ${gate.name} FAILED after ${seconds(begun)}; repeat it alone with: npm test -- ${gate.name}\n`);
      process.exit(1);
    }
    process.stdout.write(`── ${gate.name} passed in ${seconds(begun)}\n`);
  }
  process.stdout.write(`── all gates passed in ${seconds(start)}\n`);
}

if (import.meta.main) await main();
