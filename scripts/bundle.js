// @ts-check
/**
 * Puts the command line and everything it loads into a few files under .cache/bundle: a cluster starts 100 ms sooner from them than
 * from 400 sources. `bin/coracle` uses them only while the sources are the ones they were made from, so nothing depends on them.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { bundleFolder, isBundleFresh, sourceStamp } from "./source-stamp.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (!isBundleFresh()) {
  const stamp = sourceStamp();
  const unfinished = `${bundleFolder}.${process.pid}`;
  const build = await rolldown({
    input: { main: join(root, "src", "cli", "main.ts") },
    platform: "node",
    // Loaded when the first simulated command runs; it finds its own files.
    external: ["just-bash", /^just-bash\//],
    logLevel: "silent",
  });
  await build.write({ dir: unfinished, format: "esm", entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" });
  await build.close();
  mkdirSync(unfinished, { recursive: true });
  writeFileSync(join(unfinished, "sources"), stamp);
  rmSync(bundleFolder, { recursive: true, force: true });
  renameSync(unfinished, bundleFolder);
}
