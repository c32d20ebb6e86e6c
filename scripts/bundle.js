// @ts-check
/**
 * Puts the command line and everything it loads into a few files under .cache/bundle, with the code of all functions that a start calls
 * compiled beside them: a cluster starts in less than half of the time that 700 sources take. `bin/coracle` uses a bundle only while the
 * sources are the ones it was made from, so nothing depends on it. Of several that make one at once, the last counts.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { closing, codePath, opening } from "./bundle-loader.js";
import { cacheFolder, currentPath, folderPrefix, freshBundle, sourceStamp } from "./source-stamp.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Older bundles that stay: a cluster that runs from one may yet load a file of it. */
const keptMax = 4;
/** A start and a few requests, on a machine that is busy. */
const warmUpMsMax = 30_000;

/** In ASCII: a text with one other character takes two bytes for each. @param {string} code */
const ascii = (code) => code.replace(/[^\0-\x7f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** @param {string} folder where the files go */
async function write(folder) {
  // Not above: most often there is nothing to do.
  const { rolldown } = await import("rolldown");
  const build = await rolldown({
    input: { main: join(root, "src", "cli", "main.ts") },
    platform: "node",
    // Loaded when the first simulated command runs; it finds its own files.
    external: ["just-bash", /^just-bash\//],
    logLevel: "silent",
  });
  const { output } = await build.generate({ format: "cjs", strict: true, entryFileNames: "[name].cjs", chunkFileNames: "[name]-[hash].cjs", comments: false });
  await build.close();
  mkdirSync(folder, { recursive: true });
  for (const file of output) if (file.type === "chunk") writeFileSync(join(folder, file.fileName), `${opening}${ascii(file.code)}${closing}`);
}

/** Has a process start a cluster from the bundle and keep what it compiled. Without that the bundle works as well, more slowly. @param {string} folder */
function compile(folder) {
  const home = mkdtempSync(join(tmpdir(), "coracle-bundle-"));
  const env = { ...process.env, HOME: home, XDG_STATE_HOME: home, KUBECONFIG: join(home, "config") };
  const ran = spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", join(root, "scripts", "compile-bundle.js"), folder], { env, stdio: ["ignore", "ignore", "inherit"], timeout: warmUpMsMax, killSignal: "SIGKILL" });
  rmSync(home, { recursive: true, force: true });
  if (ran.status !== 0) for (const name of readdirSync(folder)) if (name.endsWith(codePath(".cjs"))) rmSync(join(folder, name));
}

/** The newest ones stay. @param {string} current name of the bundle that was just made */
function forget(current) {
  const others = readdirSync(cacheFolder, { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name.startsWith(folderPrefix) && entry.name !== current);
  const byAge = others.map(({ name }) => ({ name, at: statSync(join(cacheFolder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 })).sort((a, b) => b.at - a.at);
  for (const { name } of byAge.slice(keptMax)) rmSync(join(cacheFolder, name), { recursive: true, force: true });
}

const made = freshBundle();
if (made === undefined) {
  const stamp = sourceStamp();
  const folder = join(cacheFolder, `${folderPrefix}${Date.now().toString(36)}-${process.pid}`);
  await write(folder);
  compile(folder);
  const unfinished = join(folder, "current");
  writeFileSync(unfinished, `${basename(folder)}\n${stamp}`);
  renameSync(unfinished, currentPath);
  forget(basename(folder));
} else if (!existsSync(codePath(join(made, "main.cjs")))) {
  // The machine was too busy when it was made.
  compile(made);
}
