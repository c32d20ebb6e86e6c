import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { unzipEntry } from "./fetch-kubectl.ts";
import { gates } from "./gates.ts";
import { judgeSkips } from "./skip-reporter.ts";

const root = join(import.meta.dirname, "..");
const bin = (name: string) => join(root, "node_modules", ".bin", name);

describe("planted faults", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "coracle-gates-"));
    for (const name of [".oxlintrc.json", "knip.json", "tsconfig.json", "tsconfig.core.json", "package.json"]) cpSync(join(root, name), join(folder, name));
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    mkdirSync(join(folder, "src", "base"), { recursive: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Puts every fault into a file of its own and runs the gate once: what it says of each, by file. */
  function judged(sources: readonly string[], program: string, args: readonly string[]): readonly string[] {
    const core = join(folder, "src", "base");
    rmSync(core, { recursive: true, force: true });
    mkdirSync(core);
    for (const [i, source] of sources.entries()) writeFileSync(join(core, `plant-${i}.ts`), source);
    const ran = spawnSync(bin("node"), [bin(program), ...args], { cwd: folder, encoding: "utf8" });
    expect(ran.status, ran.stdout).not.toBe(0);
    const findings = ran.stdout.split(program === "oxlint" ? "\n\n" : "\n");
    return sources.map((_, i) => findings.filter((finding) => finding.includes(`plant-${i}.ts`)).join("\n"));
  }

  /** What is planted, and what the gate says of it. */
  type Faults = { readonly [what: string]: readonly [source: string, expected: string] };

  function check(faults: Faults, program: string, args: readonly string[]): void {
    const found = judged(Object.values(faults).map(([source]) => source), program, args);
    for (const [i, [what, [, expected]]] of Object.entries(faults).entries()) expect(found[i], what).toContain(expected);
  }

  test("lint finds what is not allowed", () => {
    const faults: Faults = {
      "a floating promise": ["export async function f(): Promise<void> {}\nexport function g(): void {\n  f();\n}\n", "no-floating-promises"],
      "the machine's time": ["export const now: number = Date.now();\n", "Environment.clock"],
      "a timer": ["export const timer: unknown = setTimeout(() => {}, 1);\n", "Environment.clock.after"],
      chance: ["export const chance: number = Math.random();\n", "Environment.random"],
      "chance by another way": ["export const id: string = crypto.randomUUID();\n", "Environment.random"],
      any: ["export const x: any = 1;\n", "no-explicit-any"],
    };
    check(faults, "oxlint", ["--type-aware", "--deny-warnings"]);
  });

  test("the core's types find names of a host", () => {
    const faults: Faults = {
      "a name of Node": ["export const home: unknown = process.env;\n", "'process'"],
      "a name of the browser": ["export const title: string = document.title;\n", "'document'"],
    };
    check(faults, "tsc", ["-p", "tsconfig.core.json", "--pretty", "false"]);
  });

  test("types find what is unused or may miss", () => {
    const faults: Faults = {
      "an unused local": ["export function f(): void {\n  const unused = 1;\n}\n", "'unused'"],
      "an index that may miss": ["export const first = (all: readonly string[]): string => all[0];\n", "undefined"],
    };
    check(faults, "tsc", ["-p", "tsconfig.json", "--pretty", "false"]);
  });

  test("knip finds what nothing uses", () => {
    mkdirSync(join(folder, "src", "cli"));
    writeFileSync(join(folder, "src", "cli", "main.ts"), 'import { used } from "../base/plant-1.ts";\nused();\n');
    const faults: Faults = {
      "a file": ["export const alone = 1;\n", "src/base/plant-0.ts"],
      "an export": ["export function used(): void {}\nexport const unused = 1;\n", "unused"],
    };
    check(faults, "knip", []);
  });
});

test("a skipped test needs a reason, and a reason needs a skipped test", () => {
  expect(judgeSkips(["a"], ["b"], { a: "slow disk" })).toEqual([]);
  expect(judgeSkips(["a"], [], {})).toEqual(["skipped without a reason in test/allowed-skips.json: a"]);
  expect(judgeSkips([], ["a"], { a: "slow disk" })).toEqual(["listed in test/allowed-skips.json, but it runs now: a"]);
  expect(judgeSkips([], ["b"], { a: "slow disk" })).toEqual(["listed in test/allowed-skips.json, but there is no such test: a"]);
});

test("every gate has a name of its own and a promise", () => {
  expect(new Set(gates.map((gate) => gate.name)).size).toBe(gates.length);
  for (const gate of gates) expect(gate.promise).not.toBe("");
});

test("the lock file records no download addresses", () => {
  expect(readFileSync(join(root, "package-lock.json"), "utf8")).not.toContain('"resolved"');
});

test("every dependency is pinned and has its line in docs/dependencies.md", () => {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<"dependencies" | "devDependencies", Record<string, string>>;
  const documented = readFileSync(join(root, "docs", "dependencies.md"), "utf8");
  for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
    expect(documented, name).toContain(`\`${name}\``);
  }
});

test("an entry comes out of a zip archive whole, stored or packed", () => {
  const content = Buffer.from("kubectl ".repeat(100));
  for (const method of [0, 8]) expect(unzipEntry(zipOf("bin/kubectl", content, method), "bin/kubectl").equals(content)).toBe(true);
  expect(() => unzipEntry(zipOf("a", content, 8), "b")).toThrow("no entry b");
  expect(() => unzipEntry(Buffer.from("not a zip"), "b")).toThrow("not a zip archive");
});

/** An archive of one file, after APPNOTE.TXT 4.3.7, 4.3.12 and 4.3.16. */
function zipOf(name: string, content: Buffer, method: number): Buffer {
  const packed = method === 0 ? content : deflateRawSync(content);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(method, 10);
  central.writeUInt32LE(packed.length, 20);
  central.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(local.length + name.length + packed.length, 16);
  return Buffer.concat([local, Buffer.from(name), packed, central, Buffer.from(name), end]);
}
