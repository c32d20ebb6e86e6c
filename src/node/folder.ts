/** Makes folders for what a cluster leaves on disk. */
import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "./failure.ts";

/**
 * Makes a folder, and those above it, for the owner alone; what is there stays as it is. Throws Node's error when that is impossible.
 * Node's own `recursive` never returns where a folder is there and nothing can be made in it, as in /proc.
 */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const parent = dirname(path);
    if (codeOf(error) === "ENOENT" && parent !== path && !isThere(parent)) {
      makeFolder(parent);
      mkdirSync(path, { mode: 0o700 });
    } else if (!isFolder(path)) throw error;
  }
}

const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;
const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
