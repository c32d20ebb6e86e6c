// @ts-check
/**
 * Starts the command line. Plain JavaScript that every Node reads, so that a wrong one is told so in one line. Compiled code is kept in
 * .cache: the second start reads it instead of compiling.
 */
import module from "node:module";
import { fileURLToPath } from "node:url";

if (Number(process.versions.node.split(".")[0]) < 26) {
  process.stderr.write(`coracle: Node ${process.versions.node} is too old, Node 26 or newer is needed: use bin/coracle, which brings its own\n`);
  process.exit(1);
}
module.enableCompileCache(fileURLToPath(new URL("../.cache/compiled", import.meta.url)));
await import("../src/cli/main.ts");
