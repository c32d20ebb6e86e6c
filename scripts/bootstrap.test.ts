import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

/** A clone with a lock file, and an npm that writes down what it is asked and brings a pinned Node that says `version`. */
let clone: string;
const path = (...parts: string[]) => join(clone, ...parts);

function programs(options: { version: string; exit?: number }): void {
  const node = `#!/bin/sh\necho ${options.version}\n`;
  const npm = `#!/bin/sh\necho "$@" >> calls\necho "npm speaks"\nmkdir -p node_modules/.bin\nprintf '%s' '${node}' > node_modules/.bin/node\nchmod +x node_modules/.bin/node\nexit ${options.exit ?? 0}\n`;
  writeFileSync(path("bin", "npm"), npm);
  chmodSync(path("bin", "npm"), 0o755);
}

function bootstrap() {
  const env = { PATH: `${path("bin")}:${path("node_modules", ".bin")}:/usr/bin:/bin`, HOME: clone };
  const ran = spawnSync(process.execPath, [path("scripts", "bootstrap.js")], { encoding: "utf8", env });
  return { status: ran.status, stdout: ran.stdout, stderr: ran.stderr };
}

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), "coracle-bootstrap-"));
  mkdirSync(path("scripts"));
  mkdirSync(path("bin"));
  cpSync(join(import.meta.dirname, "bootstrap.js"), path("scripts", "bootstrap.js"));
  writeFileSync(path("package.json"), '{ "type": "module" }');
  writeFileSync(path("package-lock.json"), "{}");
});
afterEach(() => rmSync(clone, { recursive: true, force: true }));

test("installs once, with the install script of the package node only, and then says nothing", () => {
  programs({ version: "v26.1.2" });
  const first = bootstrap();
  expect(first).toMatchObject({ status: 0, stderr: "" });
  expect(first.stdout).toContain("ready with Node v26.1.2");
  const calls = readFileSync(path("calls"), "utf8").trim().split("\n");
  expect(calls).toEqual([expect.stringContaining("install --no-save --ignore-scripts"), expect.stringContaining("rebuild node --ignore-scripts=false")]);
  expect(bootstrap()).toEqual({ status: 0, stdout: "", stderr: "" });
});

test("installs again when the lock file changes", () => {
  programs({ version: "v26.1.2" });
  bootstrap();
  writeFileSync(path("package-lock.json"), '{ "changed": true }');
  expect(bootstrap().stdout).toContain("installing");
});

test("npm's failure is shown with its output and one line, and is not taken for an installation", () => {
  programs({ version: "v26.1.2", exit: 7 });
  const { status, stderr } = bootstrap();
  expect(status).toBe(1);
  expect(stderr).toMatch(/npm speaks\ncoracle: `npm install .*` failed with exit code 7/);
  programs({ version: "v26.1.2" });
  expect(bootstrap().stdout).toContain("installing");
});

test("a pinned Node of another version, a missing npm and a missing lock file are named", () => {
  programs({ version: "v20.0.0" });
  expect(bootstrap()).toMatchObject({ status: 1, stderr: expect.stringContaining("is v20.0.0, Node 26 is needed") as string });
  rmSync(path("bin", "npm"));
  writeFileSync(path("package-lock.json"), '{ "changed": true }');
  const env = { PATH: path("bin"), HOME: clone };
  const ran = spawnSync(process.execPath, [path("scripts", "bootstrap.js")], { encoding: "utf8", env });
  expect(ran.stderr).toContain("npm does not start");
  rmSync(path("package-lock.json"));
  expect(bootstrap().stderr).toContain("package-lock.json is missing");
});

test("the launcher says what to do before anything is installed", () => {
  cpSync(join(import.meta.dirname, "..", "bin", "coracle"), path("bin", "coracle"));
  const ran = spawnSync(path("bin", "coracle"), ["version"], { encoding: "utf8" });
  expect(ran.status).toBe(1);
  expect(ran.stderr).toMatch(/^coracle: the pinned Node is not installed yet: .*\n$/);
  expect(existsSync(path("node_modules"))).toBe(false);
});
