// @ts-check
/**
 * Tells whether the bundle in .cache was made from the sources that are there now: path, size and time of change of every file, in one
 * string. Plain JavaScript, because `coracle` itself asks before anything else is loaded (some 4 ms for 500 files).
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const bundleFolder = join(root, ".cache", "bundle");
export const bundleEntry = join(bundleFolder, "main.js");
const stampPath = join(bundleFolder, "sources");

/**
 * @param {string} [folder] the clone
 * @returns {string}
 */
export function sourceStamp(folder = root) {
  const paths = readdirSync(join(folder, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !/\.(test|contract|golden|sim)\.ts$/.test(path))
    .sort()
    .map((path) => join("src", path));
  const lines = [...paths, "package-lock.json"].map((path) => {
    const { size, mtimeMs } = statSync(join(folder, path));
    return `${path} ${size} ${mtimeMs}`;
  });
  return lines.join("\n");
}

/** @returns {boolean} */
export function isBundleFresh() {
  try {
    return readFileSync(stampPath, "utf8") === sourceStamp();
  } catch {
    return false;
  }
}
