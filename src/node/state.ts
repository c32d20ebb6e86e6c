/**
 * What `coracle up` leaves for `coracle down` and `coracle time`: a folder per cluster under the state directory, with the process, the
 * way to reach it and the log. The folder belongs to one process at a time; what a crashed one left behind is recognised by the start time of
 * its process and taken over.
 */
import { spawnSync } from "node:child_process";
import { existsSync, linkSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { codeOf, Failure, reasonOf } from "./failure.ts";
import { makeFolder, removeEmptyFolders } from "./folder.ts";
import { homeFolder } from "./home-folder.ts";
import type { Access, Merged } from "./kubeconfig.ts";

export interface ClusterState {
  readonly name: string;
  readonly pid: number;
  /** Tells the process from a later one with the same number. */
  readonly startTime: string;
  readonly clock: "system" | "virtual";
  /** Folders that were made for it, uppermost first: they go with it when nothing else has come into them. */
  readonly folders?: readonly string[];
  /** Present once the port is open. */
  readonly access?: Access;
  /** Present once the context is in the kubeconfig. */
  readonly merged?: Merged;
}

/** `$XDG_STATE_HOME/coracle/<name>`, the same from whatever folder: a relative path there or in HOME counts as none. */
export function stateFolder(name: string, env: NodeJS.ProcessEnv = process.env): string {
  const given = env["XDG_STATE_HOME"] ?? "";
  return join(isAbsolute(given) ? given : join(homeFolder(env), ".local", "state"), "coracle", name);
}

export const logPath = (name: string): string => join(stateFolder(name), "log");
const recordPath = (name: string): string => join(stateFolder(name), "cluster.json");

/** When a process began, in a form that only it has; undefined when it is not there. */
export function processStartTime(pid: number): string | undefined {
  try {
    // Field 22 of proc(5) stat; the name in parentheses may hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch (error) {
    if (existsSync("/proc/self/stat")) return undefined;
    if (codeOf(error) !== "ENOENT") return undefined;
    const ran = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
    return ran.status === 0 ? ran.stdout.trim() : undefined;
  }
}

/** What is no record, or was cut off by a crash, counts as none. */
function readRecord(path: string): ClusterState | undefined {
  const text = readFileSync(path, "utf8");
  try {
    const record = JSON.parse(text) as Partial<ClusterState> | null;
    return Number.isInteger(record?.pid) && typeof record?.startTime === "string" ? (record as ClusterState) : undefined;
  } catch {
    return undefined;
  }
}

export function isRunning(state: ClusterState): boolean {
  return processStartTime(state.pid) === state.startTime;
}

/** What is recorded of a cluster, running or not; undefined when nothing is. */
export function readState(name: string): ClusterState | undefined {
  try {
    return readRecord(recordPath(name));
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return undefined;
    throw new Failure(`the state of cluster "${name}" cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

/** Names of the clusters that have a record. */
export function recordedClusters(): readonly string[] {
  const folder = stateFolder("");
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => existsSync(recordPath(name))).sort();
}

/**
 * Takes the cluster's folder for this process. Fails when a running process has it; `stale` is what a crashed one left, for the
 * caller to clean up.
 */
export function claimState(name: string, clock: ClusterState["clock"]): { state: ClusterState; stale: ClusterState | undefined } {
  const made = touching(name, "written", () => makeFolder(stateFolder(name)));
  try {
    const stale = takeOver(name);
    const state: ClusterState = { name, pid: process.pid, startTime: processStartTime(process.pid) ?? "", clock, folders: [...made, ...(stale?.folders ?? [])] };
    writeNew(recordPath(name), JSON.stringify(state));
    return { state, stale };
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (codeOf(error) === "EEXIST") throw inUse(name, readState(name));
    removeEmptyFolders(foldersOf(name, made));
    throw folderFailure(name, "written", error);
  }
}

/** The file appears whole or, with EEXIST where there is one, not at all: nobody finds a record half written. */
function writeNew(path: string, text: string): void {
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(unfinished, text, { mode: 0o600 });
    linkSync(unfinished, path);
  } catch (error) {
    // Some file systems know no second name of a file.
    if (!["EPERM", "ENOTSUP", "ENOSYS"].includes(codeOf(error) ?? "")) throw error;
    writeFileSync(path, text, { mode: 0o600, flag: "wx" });
  } finally {
    rmSync(unfinished, { force: true });
  }
}

const folderFailure = (name: string, what: string, error: unknown) => new Failure(`the state folder ${stateFolder(name)} cannot be ${what}: ${reasonOf(error)}`, { cause: error });

function touching<T>(name: string, what: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw folderFailure(name, what, error);
  }
}

/** Moves a dead process's record away. Of two that try, one finds nothing, or what the other has just written and puts it back. */
function takeOver(name: string): ClusterState | undefined {
  const found = readState(name);
  if (found !== undefined && isRunning(found)) throw inUse(name, found);
  const aside = `${recordPath(name)}.${process.pid}`;
  try {
    renameSync(recordPath(name), aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
  const moved = readRecord(aside);
  if (moved !== undefined && isRunning(moved)) {
    renameSync(aside, recordPath(name));
    throw inUse(name, moved);
  }
  rmSync(aside, { force: true });
  return moved;
}

const inUse = (name: string, found: ClusterState | undefined) =>
  new Failure(`cluster "${name}" is already running (process ${found?.pid ?? "unknown"}): end it with \`coracle down --name ${name}\`, or choose another --name`);

/** Records more of a cluster that this process has claimed; replaced whole. */
export function writeState(state: ClusterState): void {
  const path = recordPath(state.name);
  const unfinished = `${path}.tmp`;
  touching(state.name, "written", () => {
    writeFileSync(unfinished, JSON.stringify(state), { mode: 0o600 });
    renameSync(unfinished, path);
  });
}

/**
 * The record goes, and with it the log, unless it is worth keeping and says something. Answers whether a log stays: until a later cluster of
 * that name ends in good order.
 */
export function releaseState(name: string, options: { readonly keepLog: boolean }): boolean {
  const folders = foldersOf(name, readState(name)?.folders);
  const isKept = options.keepLog && (statSync(logPath(name), { throwIfNoEntry: false })?.size ?? 0) > 0;
  touching(name, "cleared", () => {
    rmSync(recordPath(name), { force: true });
    rmSync(`${recordPath(name)}.tmp`, { force: true });
    if (!isKept) for (const path of [logPath(name), `${logPath(name)}.1`]) rmSync(path, { force: true });
  });
  // Another cluster's folder stays, and with it the one above.
  removeEmptyFolders(folders);
  return isKept;
}

/** A cluster's folder, that of all clusters, and what was made above them; uppermost first. */
function foldersOf(name: string, made: readonly string[] = []): string[] {
  return [...new Set([...made, stateFolder(""), stateFolder(name)])].sort();
}
