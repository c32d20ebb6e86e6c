/** Makes folders for what a cluster leaves on disk. */
import { mkdirSync, rmdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "./failure.ts";

/**
 * Makes a folder, and those above it, for the owner alone; what is there stays as it is. Answers with those it made, uppermost first.
 * Throws Node's error when that is impossible. Node's own `recursive` never returns where a folder is there and nothing can be made in it,
 * as in /proc.
 */
export function makeFolder(path: string): readonly string[] {
  try {
    mkdirSync(path, { mode: 0o700 });
    return [path];
  } catch (error) {
    const parent = dirname(path);
    if (codeOf(error) === "ENOENT" && parent !== path && !isThere(parent)) {
      const above = makeFolder(parent);
      mkdirSync(path, { mode: 0o700 });
      return [...above, path];
    }
    if (!isFolder(path)) throw error;
    return [];
  }
}

/** Takes folders away, the last first, up to one in which something is. */
export function removeEmptyFolders(paths: readonly string[]): void {
  for (const path of paths.toReversed()) {
    try {
      rmdirSync(path);
    } catch {
      // Something is in it, or it is gone or not ours: it stays, and with it those above.
      return;
    }
  }
}

const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;
const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
