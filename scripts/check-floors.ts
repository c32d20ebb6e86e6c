/**
 * The gate that keeps the house upright: a folder of src/ imports only from floors below its own (type-only imports
 * included), two folders of one floor never import each other, the core imports no `node:` module, no controller imports
 * another one's folder, and no module holds mutable state at its top. Every finding names the file, the line and what to change.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative, sep } from "node:path";
import process from "node:process";

/** Floor of every folder of src/, as ARCHITECTURE.md draws them. The edge may import everything but the other edges. */
const floors: Record<string, number> = {
  base: 0,
  api: 1,
  store: 2,
  placement: 2,
  server: 3,
  client: 4,
  controllers: 5,
  scheduler: 5,
  kubelet: 5,
  proxy: 5,
  dns: 5,
  kubectl: 5,
  sim: 6,
  cluster: 7,
  browser: 8,
  node: 8,
  cli: 9,
};
const edges: ReadonlySet<string> = new Set(["node", "browser", "cli"]);
/** Packages that are pure computation and run in a browser as well. */
const corePackages: ReadonlySet<string> = new Set(["js-yaml", "just-bash"]);

export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

interface Import {
  readonly specifier: string;
  readonly line: number;
}

const isTest = (file: string) => /\.(test|contract|golden|sim)\.ts$/.test(file) || file.includes("/golden/") || file.includes("/testing/");

/** Comments and the text of template strings are blanked, so that code quoted in them is not read as code. */
function blankQuoted(source: string): string {
  const blank = (text: string) => text.replace(/[^\n]/g, " ");
  return source.replace(/\/\*[\s\S]*?\*\/|(?<=^|[\s;{}(),])\/\/[^\n]*|`(?:\\[\s\S]|[^`\\])*`/g, blank);
}

function importsOf(source: string): Import[] {
  const found: Import[] = [];
  const pattern = /(?:^|[\n;])\s*(?:import|export)\s[^;'"]*?from\s*["']([^"']+)["']|(?:^|[\n;])\s*import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g;
  for (const match of source.matchAll(pattern)) {
    const specifier = match[1] ?? match[2] ?? match[3] ?? "";
    const at = match.index + match[0].lastIndexOf(specifier);
    found.push({ specifier, line: source.slice(0, at).split("\n").length });
  }
  return found;
}

/** What is wrong with one import of `file` (a path such as "src/server/route.ts"), or undefined. */
function judgeImport(file: string, specifier: string): string | undefined {
  const folder = file.split("/")[1] ?? "";
  const floor = floors[folder];
  if (floor === undefined) return `the folder src/${folder} has no floor: give it one in scripts/check-floors.ts and ARCHITECTURE.md`;
  if (!specifier.startsWith(".")) {
    if (edges.has(folder) || isTest(file)) return undefined;
    if (specifier.startsWith("node:")) return `the core imports no "${specifier}": pass what it gives through the Environment, or move this to src/node`;
    const name = specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
    return corePackages.has(name) ? undefined : `the core may not import the package "${name}": list it in scripts/check-floors.ts if it runs in a browser`;
  }
  const target = normalize(join(dirname(file), specifier)).split(sep).join("/");
  if (!target.startsWith("src/")) {
    return isTest(file) ? undefined : `src/ stands alone: move what is imported from "${target}" into src/`;
  }
  if (isTest(target) && !isTest(file)) return `"${target}" belongs to tests: move what is needed into a module of its own`;
  const targetFolder = target.split("/")[1] ?? "";
  const targetFloor = floors[targetFolder];
  if (targetFolder === folder) return judgeControllers(file, target);
  if (targetFloor === undefined) return `the folder src/${targetFolder} has no floor: give it one in scripts/check-floors.ts and ARCHITECTURE.md`;
  if (isTest(file)) return undefined;
  if (targetFloor > floor) return `src/${folder} (floor ${floor}) may not look up to src/${targetFolder} (floor ${targetFloor}): move what is needed to floor ${floor} or below, or pass it in`;
  if (targetFloor === floor) return `src/${folder} and src/${targetFolder} share floor ${floor} and may not import each other: move what both need to a lower floor`;
  return undefined;
}

function judgeControllers(file: string, target: string): string | undefined {
  const [, folder, own, ...rest] = file.split("/");
  const [, , other, ...otherRest] = target.split("/");
  if (folder !== "controllers" || isTest(file) || rest.length === 0 || otherRest.length === 0 || own === other) return undefined;
  return `controllers/${own} may not import controllers/${other}: what both need is a file directly in src/controllers, or lower`;
}

/** Checks one file; `source` is its text. */
export function checkFile(file: string, source: string): Finding[] {
  const findings: Finding[] = [];
  const text = blankQuoted(source);
  for (const { specifier, line } of importsOf(text)) {
    const message = judgeImport(file, specifier);
    if (message !== undefined) findings.push({ file, line, message });
  }
  if (!isTest(file)) {
    for (const match of text.matchAll(/^(?:export\s+)?(?:let|var)\s+(\w+)/gm)) {
      const line = text.slice(0, match.index).split("\n").length;
      findings.push({ file, line, message: `module-level "${match[1]}" can change: two clusters in one process would share it; keep it in a class or a closure` });
    }
  }
  return findings;
}

/** Checks every TypeScript file under `root`/src. */
export function checkTree(root: string): Finding[] {
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  return files
    .map((name) => relative(root, join(root, "src", name)).split(sep).join("/"))
    .sort()
    .flatMap((file) => checkFile(file, readFileSync(join(root, file), "utf8")));
}

if (import.meta.main) {
  const findings = checkTree(join(import.meta.dirname, ".."));
  for (const { file, line, message } of findings) process.stderr.write(`${file}:${line}: ${message}\n`);
  if (findings.length > 0) process.exitCode = 1;
}
