// @ts-check
/**
 * Starts the command line. Plain JavaScript that every Node reads, so that a wrong one is told so in one line. Runs the bundle when it was
 * made from the sources that are there, else the sources; compiled code is kept in .cache, so that the second start does not compile.
 */
import module from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bundleEntry, isBundleFresh } from "../scripts/source-stamp.js";

if (Number(process.versions.node.split(".")[0]) < 26) {
  process.stderr.write(`coracle: Node ${process.versions.node} is too old, Node 26 or newer is needed: use bin/coracle, which brings its own\n`);
  process.exit(1);
}
module.enableCompileCache(fileURLToPath(new URL("../.cache/compiled", import.meta.url)));
await import(isBundleFresh() ? pathToFileURL(bundleEntry).href : "../src/cli/main.ts");
