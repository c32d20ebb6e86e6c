import { describe, expect, test } from "vitest";
import { checkFile } from "./check-floors.ts";

const messages = (file: string, source: string) => checkFile(file, source).map(({ line, message }) => `${line}: ${message}`);

describe("planted faults are found", () => {
  test.each([
    ["an import upward", "src/store/a.ts", `import { x } from "../server/b.ts";`, "src/store (floor 2) may not look up to src/server (floor 3)"],
    ["a type-only import upward", "src/api/core/a.ts", `\nimport type { X } from "../../client/b.ts";`, "2: src/api (floor 1) may not look up to src/client"],
    ["a re-export upward", "src/base/a.ts", `export * from "../api/b.ts";`, "src/base (floor 0)"],
    ["an import over several lines", "src/base/a.ts", `import {\n  x,\n  y,\n} from "../api/b.ts";`, "4: src/base (floor 0)"],
    ["a bare import", "src/base/a.ts", `import "../api/b.ts";`, "src/base (floor 0)"],
    ["a dynamic import", "src/base/a.ts", `const x = await import("../api/b.ts");`, "src/base (floor 0)"],
    ["a sibling of the same floor", "src/scheduler/a.ts", `import { x } from "../kubelet/b.ts";`, "share floor 5"],
    ["another controller's folder", "src/controllers/job/a.ts", `import { x } from "../daemonset/b.ts";`, "a file directly in src/controllers"],
    ["a node: module in the core", "src/server/a.ts", `import { x } from "node:fs";`, `imports no "node:fs"`],
    ["a package that only runs in Node", "src/server/a.ts", `import ws from "ws";`, `the package "ws"`],
    ["something outside src", "src/server/a.ts", `import { x } from "../../test/b.ts";`, "src/ stands alone"],
    ["a test's module", "src/server/a.ts", `import { x } from "./b.test.ts";`, "belongs to tests"],
    ["a folder without a floor", "src/utils/a.ts", `import { x } from "../base/b.ts";`, "has no floor"],
    ["module-level mutable state", "src/base/a.ts", `export let count = 0;`, `"count" can change`],
  ])("%s", (_name, file, source, expected) => {
    const found = messages(file, source);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });
});

describe("what is allowed stays quiet", () => {
  test.each([
    ["downward", "src/server/a.ts", `import { x } from "../base/b.ts";\nimport type { Y } from "../store/c.ts";`],
    ["the same folder", "src/server/a.ts", `import { x } from "./b.ts";`],
    ["a shared file of the controllers", "src/controllers/job/a.ts", `import { x } from "../pods.ts";`],
    ["node: at the edge", "src/node/a.ts", `import { x } from "node:fs";`],
    ["a comment", "src/base/a.ts", `// import { x } from "../api/b.ts";\n/* import "../api/b.ts"; */`],
    ["a template string", "src/base/a.ts", "export const text = `\nimport { x } from '../api/b.ts';\nlet y = 1;\n`;"],
    ["a test that looks up", "src/kubelet/a.test.ts", `import { x } from "../sim/b.ts";`],
  ])("%s", (_name, file, source) => {
    expect(messages(file, source)).toEqual([]);
  });
});
