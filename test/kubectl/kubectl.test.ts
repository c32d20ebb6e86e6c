import { expect, test } from "vitest";
import { kubectl } from "./kubectl.ts";

test("the real kubectl runs, in a home of its own", async () => {
  const result = await kubectl(["version", "--client", "-o", "json"]);
  expect(result.exit).toBe(0);
  expect(JSON.parse(result.stdout)).toMatchObject({ clientVersion: { gitVersion: "v1.36.3" } });
  const config = await kubectl(["config", "view"]);
  expect(config.stdout).toContain("clusters: null");
});

test("standard input, exit codes and the time limit are passed on", async () => {
  const nowhere = ["--server=https://127.0.0.1:1", "--token=x"];
  const manifest = JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name: "x" } });
  const made = await kubectl([...nowhere, "create", "--validate=false", "-f", "-"], { stdin: manifest });
  expect(made.exit).toBe(1);
  expect(made.stderr).toContain("127.0.0.1:1");
  const late = await kubectl([...nowhere, "get", "pods"], { timeoutMs: 1 });
  expect(late.exit).toBeUndefined();
});
