/**
 * Makes the package that others install, under dist/: JavaScript, because Node strips no types under node_modules, with its dependencies in
 * it but for just-bash, which finds its own files; declarations for TypeScript; the command line. `npm run package`, then
 * `npm install <clone>/dist`.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { rolldown } from "rolldown";

const root = join(import.meta.dirname, "..");

/** The names of the entries are their places under lib/, two folders below the package's own, where they look for its package.json. */
const entries = {
  "node/create-cluster": join(root, "src", "node", "create-cluster.ts"),
  "api/kinds": join(root, "src", "api", "kinds.ts"),
  "cli/main": join(root, "src", "cli", "main.ts"),
};

/** Dependencies whose code is not put in: the runtime, and one that finds its own files. */
const apart: ReadonlySet<string> = new Set(["node", "just-bash"]);

const command = `#!/usr/bin/env node
if (Number(process.versions.node.split(".")[0]) < 26) {
  process.stderr.write(\`coracle: Node \${process.versions.node} is too old, Node 26 or newer is needed\\n\`);
  process.exit(1);
}
await import("../lib/cli/main.js");
`;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly engines: { readonly node: string };
  readonly dependencies: { readonly [name: string]: string };
}

/** The package.json of the package, from that of the clone. */
function packageManifest({ name, version, description, license, engines, dependencies }: Manifest): object {
  return {
    name,
    version,
    description,
    license,
    type: "module",
    engines,
    exports: {
      ".": { types: "./types/node/create-cluster.d.ts", default: "./lib/node/create-cluster.js" },
      "./kinds": { types: "./types/api/kinds.d.ts", default: "./lib/api/kinds.js" },
      "./types/*": { types: "./types/api/types/*.d.ts" },
    },
    bin: { coracle: "bin/coracle.js" },
    dependencies: { "just-bash": dependencies["just-bash"] },
  };
}

/** What the licences of the dependencies whose code is put in ask for: their texts, with the code. */
function licencesOf(names: readonly string[]): string {
  return names.map((name) => `# ${name}\n\n${readFileSync(join(root, "node_modules", name, "LICENSE"), "utf8").trim()}\n`).join("\n");
}

async function writeCode(folder: string): Promise<void> {
  const build = await rolldown({ input: entries, platform: "node", external: ["just-bash", /^just-bash\//], logLevel: "silent" });
  await build.write({ dir: join(folder, "lib"), format: "esm", entryFileNames: "[name].js", chunkFileNames: "chunks/[name]-[hash].js" });
  await build.close();
}

function writeDeclarations(folder: string): void {
  const ran = spawnSync(join(root, "node_modules", ".bin", "tsc"), ["-p", join(root, "tsconfig.package.json"), "--outDir", join(folder, "types")], { encoding: "utf8" });
  if (ran.status !== 0) throw new Error(`the declarations cannot be made:\n${ran.stdout}${ran.stderr}`);
}

/** Writes the package into `folder`, which is made anew. */
export async function writePackage(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "bin"), { recursive: true });
  writeDeclarations(folder);
  await writeCode(folder);
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(packageManifest(manifest), null, 2)}\n`);
  writeFileSync(join(folder, "LICENSES-of-dependencies.md"), licencesOf(Object.keys(manifest.dependencies).filter((name) => !apart.has(name))));
  writeFileSync(join(folder, "bin", "coracle.js"), command);
  chmodSync(join(folder, "bin", "coracle.js"), 0o755);
  cpSync(join(root, "README.md"), join(folder, "README.md"));
  for (const name of ["LICENSE-Apache-2.0.txt", "NOTICE.md"]) cpSync(join(root, "data", "kubernetes-1.36", name), join(folder, name));
}

if (import.meta.main) {
  await writePackage(join(root, "dist"));
  process.stdout.write("the package is in dist: npm install it where you need it\n");
}
