import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openFileLog } from "./file-log.ts";
import { mergeContext } from "./kubeconfig.ts";
import { leaveKubeconfig } from "./leave-kubeconfig.ts";
import { claimState, isRunning, logPath, processStartTime, readState, recordedClusters, releaseState, stateFolder, writeState } from "./state.ts";

let folder: string;
let before: string | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "coracle-state-"));
  before = process.env["XDG_STATE_HOME"];
  process.env["XDG_STATE_HOME"] = folder;
});
afterEach(() => {
  if (before === undefined) delete process.env["XDG_STATE_HOME"];
  else process.env["XDG_STATE_HOME"] = before;
  rmSync(folder, { recursive: true, force: true });
});

test("the folder is the same from wherever it is asked", () => {
  expect(stateFolder("a", { XDG_STATE_HOME: "/state", HOME: "/home/jane" })).toBe("/state/coracle/a");
  expect(stateFolder("a", { XDG_STATE_HOME: "state", HOME: "/home/jane" })).toBe("/home/jane/.local/state/coracle/a");
  for (const HOME of [undefined, "", "home"]) expect(stateFolder("a", { HOME })).toBe(join(userInfo().homedir, ".local/state/coracle/a"));
});

test("a claim is recorded, completed and released", () => {
  const { state, stale } = claimState("local", "system");
  expect(stale).toBeUndefined();
  expect(readState("local")).toEqual(state);
  expect(isRunning(state)).toBe(true);
  writeState({ ...state, access: { url: "https://x", authority: "a", certificate: "c", key: "k" } });
  expect(readState("local")?.access?.url).toBe("https://x");
  expect(recordedClusters()).toEqual(["local"]);
  expect(releaseState("local", { keepLog: true })).toBe(false);
  expect(readState("local")).toBeUndefined();
});

test("folders that were made for a cluster go with it, those that were there stay", () => {
  for (const there of [false, true]) {
    process.env["XDG_STATE_HOME"] = join(folder, "home", "state");
    if (there) mkdirSync(join(folder, "home", "state"), { recursive: true });
    claimState("local", "system");
    releaseState("local", { keepLog: false });
    expect(readdirSync(folder, { recursive: true }).sort()).toEqual(there ? ["home", "home/state"] : []);
  }
});

test("what was released leaves nothing, unless its log is worth keeping and says something, or another cluster is there", () => {
  const claimWithLog = (name: string, line?: string) => {
    claimState(name, "system");
    const log = openFileLog(logPath(name));
    if (line !== undefined) log.warn(line);
    log.close();
  };
  claimWithLog("local");
  expect(releaseState("local", { keepLog: true })).toBe(false);
  expect(readdirSync(folder)).toEqual([]);
  claimWithLog("local", "something");
  claimWithLog("other", "something");
  writeFileSync(`${logPath("other")}.1`, "something older");
  expect(releaseState("local", { keepLog: true })).toBe(true);
  expect(releaseState("other", { keepLog: false })).toBe(false);
  expect(readdirSync(join(folder, "coracle"))).toEqual(["local"]);
  expect(readdirSync(stateFolder("local"))).toEqual(["log"]);
});

test("clusters that end in any order give the current context back that was there before them", async () => {
  const path = join(folder, "config");
  writeFileSync(path, "current-context: prod\ncontexts:\n- name: prod\n  context: { cluster: prod, user: prod }\n");
  const enter = async (name: string) => {
    const { state } = claimState(name, "system");
    const merged = await mergeContext([path], `coracle-${name}`, { url: "https://x", authority: "a", certificate: "c", key: "k" });
    writeState({ ...state, merged });
    return merged;
  };
  const [first, second, third] = [await enter("first"), await enter("second"), await enter("third")];
  await leaveKubeconfig("second", second);
  await leaveKubeconfig("first", first);
  await leaveKubeconfig("third", third);
  expect(readFileSync(path, "utf8")).toContain("current-context: prod");
  expect(readFileSync(path, "utf8")).not.toContain("coracle");
});

test("a name that is in use is refused, another one is not", () => {
  claimState("local", "system");
  expect(() => claimState("local", "system")).toThrow(/cluster "local" is already running \(process \d+\)/);
  expect(() => claimState("other", "system")).not.toThrow();
});

test("what a dead process left is handed over", async () => {
  const child = spawn(process.execPath, ["-e", "0"]);
  const pid = child.pid as number;
  await new Promise((resolve) => child.once("close", resolve));
  mkdirSync(stateFolder("local"), { recursive: true });
  writeFileSync(join(stateFolder("local"), "cluster.json"), JSON.stringify({ name: "local", pid, startTime: "1", clock: "system" }));
  const { stale } = claimState("local", "system");
  expect(stale?.pid).toBe(pid);
  expect(readState("local")?.pid).toBe(process.pid);
});

test("a later process with the same number is not mistaken for it", () => {
  expect(isRunning({ name: "local", pid: process.pid, startTime: "1", clock: "system" })).toBe(false);
  expect(processStartTime(2 ** 22 + 1)).toBeUndefined();
});

test.each(['{"name":"lo', "", "null", "[]", "{}", '{"name":"local","pid":"x","startTime":"1"}'])("a record that was cut off, or is none, counts as none: %j", (text) => {
  mkdirSync(stateFolder("local"), { recursive: true });
  writeFileSync(join(stateFolder("local"), "cluster.json"), text);
  expect(readState("local")).toBeUndefined();
  expect(() => claimState("local", "system")).not.toThrow();
});

test("a state folder that cannot be written is named", () => {
  writeFileSync(join(folder, "coracle"), "");
  expect(() => claimState("local", "system")).toThrow(/the state folder .* cannot be written: a part of the path is not a directory/);
  rmSync(join(folder, "coracle"));
  mkdirSync(join(folder, "coracle"));
  writeFileSync(stateFolder("local"), "");
  expect(() => claimState("local", "system")).toThrow(/the state folder .* cannot be written: a file is in its place/);
});

test("the log keeps its lines, and one older file", () => {
  const path = join(folder, "log");
  const log = openFileLog(path, 250);
  log.debug("dropped");
  for (let i = 0; i < 4; i++) log.info("message", { i });
  log.close();
  log.error("after the end");
  const lines = [`${path}.1`, path].flatMap((file) => readFileSync(file, "utf8").trim().split("\n")).map((line) => JSON.parse(line) as { i: number; level: string });
  expect(lines.map((line) => line.i)).toEqual([0, 1, 2, 3].slice(-lines.length));
  expect(lines.every((line) => line.level === "info")).toBe(true);
});
