import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Script } from "node:vm";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BundleLoader, closing, codePath, opening } from "./bundle-loader.js";
import { freshBundle } from "./source-stamp.js";

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "coracle-loader-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFileSync(join(folder, name), `${opening}${text}${closing}`);

test("files of a bundle require each other once, and what Node has", () => {
  write("main.cjs", `exports.name = "main"; exports.other = require("./other.cjs").of; exports.again = require("./other.cjs").of; exports.base = require("node:path").basename(__filename);`);
  write("other.cjs", `exports.of = { name: require("./main.cjs").name };`);
  const main = new BundleLoader(folder).load("main.cjs") as { [name: string]: unknown };
  expect(main).toEqual({ name: "main", other: { name: "main" }, again: { name: "main" }, base: "main.cjs" });
  expect(main["again"]).toBe(main["other"]);
});

test("compiled code that V8 does not take is compiled anew", () => {
  write("main.cjs", `exports.twice = (n) => 2 * n;`);
  const first = new BundleLoader(folder);
  first.load("main.cjs");
  const code = first.scripts.get(`${folder}/main.cjs`)?.createCachedData() ?? Buffer.alloc(0);
  const cut = code.subarray(0, code.length / 2);
  const foreign = Buffer.from(code).fill(0xff, 0, 16);
  for (const kept of [code, cut, foreign, Buffer.alloc(0), Buffer.from("nonsense")]) {
    writeFileSync(codePath(join(folder, "main.cjs")), kept);
    expect((new BundleLoader(folder).load("main.cjs") as { twice(n: number): number }).twice(21)).toBe(42);
  }
});

test("the bundle of these sources is there after it is made, and V8 takes its code", () => {
  const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, "bundle.js")], { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const made = freshBundle();
  const path = join(made ?? "none", "main.cjs");
  expect(existsSync(codePath(path))).toBe(true);
  expect(new Script(readFileSync(path, "latin1"), { filename: path, cachedData: readFileSync(codePath(path)) }).cachedDataRejected).toBe(false);
});
