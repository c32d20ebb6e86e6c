// @ts-check
/**
 * Makes a fresh clone ready, before `npm start` and `npm test`: plain JavaScript that any Node from 20 on runs. Installs what the
 * lock file names when that is not what stands in node_modules, and with it the pinned Node under which everything else runs.
 * Says in one line what it does; a second run does nothing and says nothing. With `--bundle` it prepares a quick start as well.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stampPath = join(root, "node_modules", ".coracle-stamp");
const pinnedNode = join(root, "node_modules", ".bin", "node");
const wantedMajor = 26;

/** Ends with one line on stderr. @param {string} text @returns {never} */
function fail(text) {
  process.stderr.write(`coracle: ${text}\n`);
  process.exit(1);
}

/** What an installation depends on: the lock file and the machine. */
function wantedStamp() {
  const lockPath = join(root, "package-lock.json");
  if (!existsSync(lockPath)) fail("package-lock.json is missing: get it back with `git checkout package-lock.json`");
  return createHash("sha256").update(readFileSync(lockPath)).update(`${process.platform} ${process.arch}`).digest("hex");
}

/** The version line of the pinned Node, or undefined when it is not there or does not run. */
function pinnedVersion() {
  const ran = spawnSync(pinnedNode, ["--version"], { encoding: "utf8" });
  return ran.status === 0 ? ran.stdout.trim() : undefined;
}

/** npm must not run under the Node that it is about to replace. */
function cleanEnvironment() {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => !folder.includes("node_modules"));
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$)/.test(name) || name.startsWith("npm_config_"));
  return { ...Object.fromEntries(kept), PATH: folders.join(delimiter) };
}

/**
 * Runs npm quietly; its output is shown only when it fails.
 * @param {string[]} args
 * @returns {Promise<void>}
 */
function npm(args) {
  return new Promise((resolve) => {
    const child = spawn("npm", args, { cwd: root, env: cleanEnvironment(), stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("error", (error) => fail(`npm does not start (${error.message}): install npm 10 or newer`));
    child.on("close", (code) => {
      if (code === 0) return resolve();
      process.stderr.write(output);
      fail(`\`npm ${args.join(" ")}\` failed with exit code ${code}: its output is above; check the network and the free disk space`);
    });
  });
}

async function install() {
  const start = Date.now();
  process.stdout.write("coracle: installing what package-lock.json names (some 400 MB, once) …\n");
  rmSync(stampPath, { force: true });
  // Not `npm ci`: it refuses a lock file that lacks an optional package which the registry did not have for another platform when
  // the lock was written (npm/cli#9846; some platforms' builds of oxlint). `--no-save` keeps to the lock and leaves it as it is.
  // No install script runs but that of the package `node`, which fetches the Node of this machine's platform.
  await npm(["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"]);
  process.stdout.write("coracle: fetching the pinned Node …\n");
  await npm(["rebuild", "node", "--ignore-scripts=false", "--foreground-scripts"]);
  const version = pinnedVersion();
  if (version === undefined) fail(`the package node brought no program that runs on ${process.platform}-${process.arch}`);
  writeFileSync(stampPath, wantedStamp());
  process.stdout.write(`coracle: ready with Node ${version} after ${((Date.now() - start) / 1000).toFixed(1)} s\n`);
}

/** A convenience: when it fails, the sources run as they are. */
function bundle() {
  spawnSync(pinnedNode, [join(root, "scripts", "bundle.js")], { stdio: "ignore" });
}

const major = Number(process.versions.node.split(".")[0]);
if (!(major >= 20)) fail(`Node ${process.versions.node} is too old to begin with: Node 20 or newer is needed`);
const upToDate = existsSync(stampPath) && readFileSync(stampPath, "utf8") === wantedStamp() && existsSync(pinnedNode);
if (!upToDate) await install();
const version = upToDate && major === wantedMajor ? process.version : pinnedVersion();
if (!version?.startsWith(`v${wantedMajor}.`)) {
  fail(`node_modules/.bin/node is ${version ?? "missing"}, Node ${wantedMajor} is needed: delete node_modules and run this again`);
}
if (process.argv.includes("--bundle")) bundle();
