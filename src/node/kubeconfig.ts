/**
 * Puts a cluster's context into a kubeconfig and takes it out again. Foreign entries stay as they are; comments and layout return with the
 * file that was there, if nobody else has changed it meanwhile. A file is replaced whole or not at all; kubectl's own lock file keeps two writers apart. A file that cannot be read or understood is left alone and
 * named in one line.
 */
import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { CORE_SCHEMA, dump, load } from "js-yaml";
import { codeOf, Failure, reasonOf } from "./failure.ts";
import { makeFolder, removeEmptyFolders } from "./folder.ts";
import { homeFolder } from "./home-folder.ts";
import { assertReplaceable, replaceFile, targetOf } from "./whole-file.ts";

/** What a client needs to reach a cluster as its administrator. */
export interface Access {
  readonly url: string;
  /** PEM. */
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** What was done, so that it can be undone, from whatever folder. Fields that an older version did not record are optional. */
export interface Merged {
  readonly context: string;
  /** All files that kubectl reads. */
  readonly paths?: readonly string[];
  readonly path: string;
  /** The file that holds `current-context`; differs from `path` only with a list in KUBECONFIG. */
  readonly currentPath: string;
  /** What `current-context` was. */
  readonly former: string;
  /** What stood in the files before, and the sum of what was written there. */
  readonly originals?: readonly Original[];
  /** The file was not there before, and neither were these folders. */
  readonly created: boolean;
  readonly madeFolders?: readonly string[];
}

export interface Original {
  readonly path: string;
  readonly text: string;
  readonly writtenSum: string;
}

type Named = { name?: unknown; [key: string]: unknown };
interface Config {
  clusters?: Named[] | null;
  contexts?: Named[] | null;
  users?: Named[] | null;
  "current-context"?: string | null;
  [key: string]: unknown;
}
const lists = ["clusters", "contexts", "users"] as const;

/** How long another writer's lock is waited for. kubectl holds it for milliseconds. */
const lockMsMax = 2000;
const lockPauseMs = 20;

/** The files that kubectl would read, first one first: `explicit`, or those of KUBECONFIG, or `~/.kube/config`. Absolute. */
export function kubeconfigPaths(explicit: string | undefined, env: NodeJS.ProcessEnv = process.env): readonly string[] {
  if (explicit !== undefined) return [resolve(explicit)];
  const listed = (env["KUBECONFIG"] ?? "").split(delimiter).filter((path) => path !== "");
  return (listed.length > 0 ? listed : [join(env["HOME"] ?? homeFolder(env), ".kube", "config")]).map((path) => resolve(path));
}

function parse(path: string, text: string): Config {
  if (/^(\s*(#.*)?\n?)*$/.test(text)) return {};
  let value: unknown;
  try {
    value = load(text, { schema: CORE_SCHEMA, json: true });
  } catch (error) {
    throw new Failure(`kubeconfig ${path} is not valid YAML: ${String((error as Error).message).split("\n")[0]}`, { cause: error });
  }
  if (value === null || value === undefined) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw new Failure(`kubeconfig ${path} is not a kubeconfig: it holds no mapping`);
  const wrong = wrongIn(value as Config);
  if (wrong !== undefined) throw new Failure(`kubeconfig ${path} is not a kubeconfig: ${wrong}`);
  return value as Config;
}

/** What keeps a mapping from being a kubeconfig that could be written again. */
function wrongIn(config: Config): string | undefined {
  const { kind = "Config", apiVersion = "v1", "current-context": current } = config;
  if (kind !== "Config" || apiVersion !== "v1") return `it is of ${JSON.stringify(apiVersion)}, kind ${JSON.stringify(kind)}`;
  if (typeof (current ?? "") !== "string") return '"current-context" is not the name of one';
  for (const name of lists) {
    const list: unknown = config[name] ?? [];
    const isList = Array.isArray(list) && list.every((entry) => typeof entry === "object" && entry !== null);
    if (!isList) return `"${name}" is not a list of entries`;
  }
  try {
    JSON.stringify(config);
  } catch {
    return "an alias in it means what it stands in";
  }
  return undefined;
}

/** The content of a kubeconfig, undefined when there is no file. Throws a Failure when it cannot be read or understood. */
function read(path: string): Config | undefined {
  let text: string;
  try {
    const found = statSync(path);
    // A device or a pipe would be replaced by a file, or hold us up for ever.
    if (!found.isFile() && !found.isDirectory()) throw new Failure(`kubeconfig ${path} is not a regular file: name another with --kubeconfig, or in KUBECONFIG`);
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (codeOf(error) === "ENOENT") return undefined;
    throw new Failure(`kubeconfig ${path} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  return parse(path, text);
}

/** Where entries go: where kubectl would put new ones, into the first file that exists, else into the last. */
const entriesPath = (paths: readonly string[]): string => paths.find((candidate) => existsSync(candidate)) ?? (paths.at(-1) as string);
const currentContextPath = (paths: readonly string[]): string | undefined => paths.find((candidate) => read(candidate)?.["current-context"]);

/** Throws a Failure unless all files can be read and understood, and those that would be changed can be written. */
export function checkKubeconfig(paths: readonly string[]): void {
  for (const path of paths) read(path);
  const path = entriesPath(paths);
  for (const changed of new Set([path, currentContextPath(paths) ?? path])) writing(changed, () => assertReplaceable(changed));
}

/** What goes wrong while a kubeconfig is written, in a person's words. */
function writing<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new Failure(`kubeconfig ${path} cannot be written: ${reasonOf(error)}`, { cause: error });
  }
}

const textOf = (config: Config): string => dump(config, { noRefs: true, lineWidth: -1 });
const replace = (path: string, config: Config): void => writing(path, () => replaceFile(path, textOf(config)));
const sumOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Changes a file and keeps what stood there; nothing of it where there was no file, or one from which our own context shall go. */
function replaceKeeping(path: string, change: (config: Config) => Config, context: string): Original | undefined {
  const config = read(path);
  const before = config === undefined ? undefined : readFileSync(path, "utf8");
  const text = textOf(change(config ?? {}));
  writing(path, () => replaceFile(path, text));
  const isOurs = config?.["current-context"] === context || lists.some((name) => config?.[name]?.some((entry) => entry.name === context));
  return before === undefined || isOurs ? undefined : { path, text: before, writtenSum: sumOf(text) };
}

/** Puts back what stood in a file, if all that stands there now was written by `replaceKeeping`. */
function isPutBack(path: string, originals: readonly Original[] = []): boolean {
  const original = originals.find((candidate) => candidate.path === path);
  if (original === undefined || sumOf(readFileSync(path, "utf8")) !== original.writtenSum) return false;
  writing(path, () => replaceFile(path, original.text));
  return true;
}

/** Runs `change` while `<path>.lock` is ours, as kubectl takes it. */
async function withLock<T>(path: string, change: () => T): Promise<T> {
  const lock = `${path}.lock`;
  for (let waited = 0; ; waited += lockPauseMs) {
    try {
      closeSync(openSync(lock, "wx"));
      break;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw new Failure(`kubeconfig ${path} cannot be written: ${reasonOf(error)}`, { cause: error });
      if (waited >= lockMsMax) throw new Failure(`kubeconfig ${path} is being changed by another program; if none is at work, delete ${lock}`);
      await wait(lockPauseMs);
    }
  }
  try {
    return change();
  } finally {
    rmSync(lock, { force: true });
  }
}

function put(list: Named[] | null | undefined, entry: Named): Named[] {
  return [...(list ?? []).filter((other) => other.name !== entry.name), entry];
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

/** Cluster, user and context of one cluster, all under the name of the context. */
function withAccess(config: Config, context: string, access: Access): Config {
  const cluster = { "certificate-authority-data": base64(access.authority), server: access.url };
  const user = { "client-certificate-data": base64(access.certificate), "client-key-data": base64(access.key) };
  return {
    apiVersion: "v1",
    kind: "Config",
    ...config,
    clusters: put(config.clusters, { name: context, cluster }),
    contexts: put(config.contexts, { name: context, context: { cluster: context, user: context } }),
    users: put(config.users, { name: context, user }),
  };
}

/** A kubeconfig with this one cluster, as text. */
export function kubeconfigText(context: string, access: Access): string {
  return dump({ ...withAccess({}, context, access), "current-context": context }, { noRefs: true, lineWidth: -1 });
}

/** Adds or replaces the context and makes it the current one. Paths are those of `kubeconfigPaths`. */
export async function mergeContext(paths: readonly string[], context: string, access: Access): Promise<Merged> {
  const path = entriesPath(paths);
  const currentPath = currentContextPath(paths) ?? path;
  const madeFolders = writing(path, () => [dirname(path), dirname(targetOf(path))].flatMap(makeFolder));
  const created = !existsSync(path);
  const originals: Original[] = [];
  let former = "";
  const change = (changed: string, entries: (config: Config) => Config): Promise<void> =>
    withLock(changed, () => {
      const original = replaceKeeping(changed, (config) => {
        if (changed === currentPath) former = config["current-context"] ?? "";
        return { ...entries(config), ...(changed === currentPath ? { "current-context": context } : {}) };
      }, context);
      if (original !== undefined) originals.push(original);
    });
  try {
    await change(path, (config) => withAccess(config, context, access));
  } catch (error) {
    removeEmptyFolders(madeFolders);
    throw error;
  }
  if (currentPath !== path) await change(currentPath, (config) => config);
  // A context that a crash left behind is nobody's former one.
  return { context, paths, path, currentPath, former: former === context ? "" : former, originals, created, madeFolders };
}

/** Takes the context out again; the current context returns to what it was if it is still ours and the former still exists. */
export async function removeContext(merged: Merged): Promise<void> {
  const { context, path, currentPath, originals, created, madeFolders = [] } = merged;
  if (existsSync(path)) {
    await withLock(path, () => {
      if (isPutBack(path, originals)) return;
      const config = read(path) ?? {};
      for (const name of lists) if (config[name]) config[name] = config[name].filter((entry) => entry.name !== context);
      restore(config, merged);
      if (created && lists.every((name) => !config[name]?.length) && !config["current-context"]) rmSync(targetOf(path), { force: true });
      else replace(path, config);
    });
    if (created) removeEmptyFolders(madeFolders);
  }
  if (currentPath === path || !existsSync(currentPath)) return;
  await withLock(currentPath, () => {
    if (isPutBack(currentPath, originals)) return;
    const config = read(currentPath) ?? {};
    if (restore(config, merged)) replace(currentPath, config);
  });
}

function restore(config: Config, merged: Merged): boolean {
  if (config["current-context"] !== merged.context) return false;
  config["current-context"] = (merged.paths ?? [merged.path]).some((path) => defines(path, merged.former)) ? merged.former : "";
  return true;
}

/** Whether a file has this context; one that cannot be read now may have it. */
function defines(path: string, context: string): boolean {
  try {
    return read(path)?.contexts?.some((entry) => entry.name === context) ?? false;
  } catch {
    return true;
  }
}
