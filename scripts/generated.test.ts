import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const tree = mkdtempSync(join(tmpdir(), "coracle-generated-"));
afterAll(() => rmSync(tree, { recursive: true, force: true }));

/** Every file below a folder, by its path from there. */
function filesOf(folder: string): { [path: string]: string } {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(files.map((entry) => join(entry.parentPath, entry.name)).sort().map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]));
}

test("what is generated is what the generators write, to the last file", () => {
  for (const folder of ["src/api", "src/server/bootstrap"]) mkdirSync(join(tree, folder), { recursive: true });
  for (const script of ["generate-api.ts", "generate-bootstrap.ts"]) {
    expect(spawnSync(process.execPath, [join(root, "scripts", script), tree], { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
  }
  for (const folder of ["src/api/types", "src/api/data"]) {
    const [written, kept] = [filesOf(join(tree, folder)), filesOf(join(root, folder))];
    expect(Object.keys(kept)).toEqual(Object.keys(written));
    for (const [path, text] of Object.entries(written)) expect(kept[path] === text, `${folder}/${path} is up to date: node scripts/generate-api.ts`).toBe(true);
  }
  for (const path of ["src/api/kinds.ts", "src/server/bootstrap/objects-text.ts"]) {
    expect(readFileSync(join(root, path), "utf8") === readFileSync(join(tree, path), "utf8"), `${path} is up to date`).toBe(true);
  }
});
