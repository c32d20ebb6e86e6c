/**
 * Files that are replaced whole or not at all: what is new is written beside them and takes their place. A symbolic link keeps pointing where
 * it does, also where nothing is yet; the owner stays. Whatever goes wrong is thrown as Node's error.
 */
import { accessSync, chmodSync, chownSync, constants, existsSync, lstatSync, readlinkSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { makeFolder } from "./folder.ts";

/** Linux follows as many. */
const linksMax = 40;

/** The file that a path means, behind all links. */
export function targetOf(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  let target = path;
  for (let followed = 0; followed < linksMax; followed++) {
    if (!lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink()) return target;
    target = resolve(realpathSync(dirname(target)), readlinkSync(target));
  }
  throw Object.assign(new Error(`too many symbolic links at ${path}`), { code: "ELOOP" });
}

/** Throws unless `replaceFile` may be expected to succeed, and a file beside `path` can be made. Changes nothing. */
export function assertReplaceable(path: string): void {
  const target = targetOf(path);
  if (existsSync(target)) accessSync(target, constants.W_OK);
  for (const folder of new Set([dirname(path), dirname(target)])) accessSync(join(nearest(folder), "."), constants.W_OK | constants.X_OK);
}

/** The folder itself, or the one above it in which it could be made. */
function nearest(folder: string): string {
  let there = resolve(folder);
  while (!existsSync(there)) there = dirname(there);
  return there;
}

/** The file may be read by its owner alone. */
export function replaceFile(path: string, text: string): void {
  const target = targetOf(path);
  const former = statSync(target, { throwIfNoEntry: false });
  const unfinished = `${target}.${process.pid}.tmp`;
  try {
    makeFolder(dirname(target));
    writeFileSync(unfinished, text, { mode: 0o600 });
    chmodSync(unfinished, 0o600);
    if (former !== undefined && former.uid !== process.getuid?.()) chownSync(unfinished, former.uid, former.gid);
    renameSync(unfinished, target);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}
