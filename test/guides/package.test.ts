import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { writePackage } from "../../scripts/package.ts";
import { blocksOf, guides, root } from "./blocks.ts";

/** A project outside, with the package in its node_modules as npm would put it there. */
let project: string;
beforeAll(async () => {
  mkdirSync(join(root, ".cache"), { recursive: true });
  project = mkdtempSync(join(root, ".cache", "project-"));
  await writePackage(join(project, "node_modules", "coracle"));
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
}, 60_000);
afterAll(() => rmSync(project, { recursive: true, force: true }));

function run(program: string, args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: project, encoding: "utf8" });
  return { status, stdout, stderr };
}

it("compiles the guides' programs with plain settings, and names the types of objects", () => {
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions: { strict: true, noEmit: true, module: "nodenext", target: "es2023", lib: ["es2023", "esnext.disposable"], types: ["node"] }, include: ["*.ts"] }));
  guides.forEach((guide, i) => {
    const programs = blocksOf(guide).filter(({ language }) => language === "ts");
    if (programs.length > 0) writeFileSync(join(project, `guide${i}.ts`), programs.map(({ text }) => text).join("\n"));
  });
  writeFileSync(join(project, "types.ts"), `
import type { Client, Cluster, ClusterOptions } from "coracle";
import { pods } from "coracle/kinds";
import type { Pod } from "coracle/types/core-v1";
export const options: ClusterOptions = { nodes: 1 };
export const first = async (client: Client): Promise<Pod | undefined> => (await client.list(pods)).items[0];
export const wrong = async (cluster: Cluster): Promise<string | undefined> => (await first(cluster.client))?.spec.nodeName;
// @ts-expect-error The declarations say that nodes is a number: without them this line would compile.
export const none: ClusterOptions = { nodes: "1" };
`);
  expect(run(join(root, "node_modules", ".bin", "tsc"), ["-p", "."])).toEqual({ status: 0, stdout: "", stderr: "" });
}, 60_000);

it("runs, as a library and as a command", () => {
  writeFileSync(join(project, "program.js"), `
import { createCluster } from "coracle";
import { pods } from "coracle/kinds";
await using cluster = await createCluster({ nodes: 1 });
await cluster.client.create(pods, { metadata: { name: "p", namespace: "default" }, spec: { containers: [{ name: "c", image: "busybox", command: ["sh", "-c", "echo a | sed s/a/b/"] }] } });
await cluster.advance("30s");
const { url } = await cluster.listen();
process.stdout.write(await cluster.logs("p") + new URL(url).protocol);
`);
  expect(run(process.execPath, ["program.js"])).toEqual({ status: 0, stdout: "b\nhttps:", stderr: "" });
  const version = run(process.execPath, [join(project, "node_modules", "coracle", "bin", "coracle.js"), "version"]);
  expect(version).toMatchObject({ status: 0, stdout: expect.stringMatching(/^coracle \d/) as string, stderr: "" });
}, 60_000);

it("carries the licences of the code that it holds of others", () => {
  const text = readFileSync(join(project, "node_modules", "coracle", "LICENSES-of-dependencies.md"), "utf8");
  expect(text.match(/^# .*/gm)).toEqual(["# commander", "# js-yaml", "# ws"]);
  expect(text.match(/Permission is hereby granted/g)).toHaveLength(3);
});
