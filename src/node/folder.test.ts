import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { platform, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeFolder } from "./folder.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "coracle-folder-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test("makes what is missing, for the owner alone, and leaves what is there", () => {
  const path = join(root, "a", "b", "c");
  makeFolder(path);
  expect(statSync(join(root, "a")).mode & 0o777).toBe(0o700);
  expect(statSync(path).isDirectory()).toBe(true);
  makeFolder(path);
  expect(existsSync(path)).toBe(true);
});

test("a file in the way is told", () => {
  writeFileSync(join(root, "file"), "");
  expect(() => makeFolder(join(root, "file"))).toThrow("EEXIST");
  expect(() => makeFolder(join(root, "file", "below"))).toThrow("ENOTDIR");
});

test.runIf(platform() === "linux")("a file system that makes no folders is told, instead of being asked for ever", () => {
  expect(() => makeFolder("/proc/coracle/x")).toThrow(/ENOENT|EACCES|EPERM/);
});
