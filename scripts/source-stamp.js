// @ts-check
/**
 * Tells whether the bundle in .cache was made from the sources that are there now: path, size and time of change of every file, in one
 * string. Plain JavaScript, because `coracle` itself asks before anything else is loaded (some 8 ms for 750 files).
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Here lie the bundles, a folder for each and as deep in the clone as src/cli, and a file that names the newest. */
export const cacheFolder = join(root, ".cache");
export const folderPrefix = "bundle-";
export const currentPath = join(cacheFolder, "current-bundle");

/** What decides over a bundle besides the sources. */
export const madeBy = ["package-lock.json", "scripts/bundle.js", "scripts/bundle-loader.js", "scripts/compile-bundle.js"];

/**
 * @param {string} [folder] the clone
 * @returns {string}
 */
export function sourceStamp(folder = root) {
  const isTest = /\.(test|contract|golden|sim)\.ts$/;
  let stamp = `node ${process.version}\n`;
  /** @param {string} path */
  const add = (path) => {
    const { size, mtimeMs } = statSync(`${folder}/${path}`);
    stamp += `${path} ${size} ${mtimeMs}\n`;
  };
  for (const path of madeBy) add(path);
  for (const path of readdirSync(`${folder}/src`, { recursive: true, encoding: "utf8" }).sort()) if (path.endsWith(".ts") && !isTest.test(path)) add(`src/${path}`);
  return stamp;
}

/**
 * The folder of the bundle that was made from the sources as they are, if there is one. The file that names it has the folder's name in
 * its first line and the stamp behind it.
 * @returns {string | undefined}
 */
export function freshBundle() {
  try {
    const current = readFileSync(currentPath, "utf8");
    const end = current.indexOf("\n");
    return current.slice(end + 1) === sourceStamp() ? `${cacheFolder}/${current.slice(0, end)}` : undefined;
  } catch {
    return undefined;
  }
}
