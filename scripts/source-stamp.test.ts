import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { madeBy, sourceStamp } from "./source-stamp.js";

test("the stamp changes with every source and what the bundle is made by, not with tests", () => {
  const folder = mkdtempSync(join(tmpdir(), "coracle-stamp-"));
  const write = (path: string, text: string) => writeFileSync(join(folder, path), text);
  mkdirSync(join(folder, "src", "base"), { recursive: true });
  mkdirSync(join(folder, "scripts"));
  for (const path of madeBy) write(path, "{}");
  write("src/base/a.ts", "1");
  const seen = [sourceStamp(folder)];
  write("src/base/a.test.ts", "1");
  expect(sourceStamp(folder)).toBe(seen[0]);
  const changes = [
    () => write("src/base/a.ts", "12"),
    () => utimesSync(join(folder, "src/base/a.ts"), 1, 1),
    () => write("src/base/b.ts", "1"),
    () => rmSync(join(folder, "src/base/a.ts")),
    () => write("package-lock.json", "{ }"),
    () => write("scripts/bundle.js", "{ }"),
  ];
  for (const change of changes) {
    change();
    expect(seen).not.toContain(sourceStamp(folder));
    seen.push(sourceStamp(folder));
  }
  rmSync(folder, { recursive: true, force: true });
});
