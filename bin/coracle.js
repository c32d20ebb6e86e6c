// @ts-check
/**
 * Starts the command line. Plain JavaScript that every Node reads, so that a wrong one is told so in one line. Runs the bundle when it was
 * made from the sources that are there, else the sources, whose compiled code is kept in .cache for the next time.
 */
import module from "node:module";
import { fileURLToPath } from "node:url";
import { BundleLoader } from "../scripts/bundle-loader.js";
import { freshBundle } from "../scripts/source-stamp.js";

if (Number(process.versions.node.split(".")[0]) < 26) {
  process.stderr.write(`coracle: Node ${process.versions.node} is too old, Node 26 or newer is needed: use bin/coracle, which brings its own\n`);
  process.exit(1);
}
const bundle = freshBundle();
if (bundle === undefined) {
  module.enableCompileCache(fileURLToPath(new URL("../.cache/compiled", import.meta.url)));
  await import("../src/cli/main.ts");
} else {
  new BundleLoader(bundle).load("main.cjs");
}
