import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";
import { firstStep, picture, pictured, picturePath, terminalPath } from "./draw-terminal.ts";
import { Teller } from "./tutorial.ts";

const root = join(import.meta.dirname, "..");

function tutorial(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, "tutorial.ts"), ...args], { cwd: root, encoding: "utf8" });
  return { status, stdout, stderr };
}

/** The different lines, without what may vary with the speed of the machine. */
function steady(text: string): string[] {
  const lines = text.split("\n").map((line) => line.replaceAll(/\b\d+[dhms](\d+[ms])?\b/g, "<time>").replaceAll(/ +/g, " "));
  return [...new Set(lines)].sort();
}

test("replays a scenario: its steps, what is typed and what is printed; the README's picture shows it", () => {
  const { status, stdout, stderr } = tutorial(pictured, "--fast");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toContain("\n### E21 Overlapping runs: Allow, Forbid, Replace\n\n# 1. Allow\n$ kubectl apply -f manifests/overlap-allow.yaml ");
  expect(stdout).toContain("\ncronjob.batch/overlap-allow created\n");
  expect(stdout).toMatch(/\n\(60s later\)\n\$ kubectl get jobs\nNAME +STATUS +COMPLETIONS/);
  expect(stdout).toMatch(/supported values: "Allow", "Forbid", "Replace"\n\(exit code 1\)\n$/);
  const shown = readFileSync(terminalPath, "utf8");
  expect(steady(firstStep(stdout))).toEqual(steady(shown));
  expect(readFileSync(picturePath, "utf8")).toBe(picture(shown));
}, 60_000);

test("lists what there is", () => {
  const { status, stdout } = tutorial();
  expect(status).toBe(0);
  expect(stdout.split("\n").filter((line) => /^[ \d]\d {2}\S/.test(line))).toHaveLength(readdirSync(join(root, "test", "scenarios")).filter((name) => /^e\d\d\.test\.ts$/.test(name)).length);
  expect(stdout).toContain(" 1  First DaemonSet: one Pod on every eligible node\n");
});

test("says in one line what is wrong with what it is asked", () => {
  for (const [args, text] of [
    [["99"], /^tutorial: there is no scenario 99; `npm run tutorial` lists the \d+ there are\n$/],
    [["first"], /^tutorial: there is no scenario first; .*\n$/],
    [["1", "2"], /^tutorial: one scenario at a time, not 1 2\n$/],
    [["1", "--slow"], /^tutorial: there is no option --slow; .*\n$/],
  ] as const) {
    const { status, stdout, stderr } = tutorial(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(text);
  }
});

test("shows standard input, failures and what goes on beside other commands", () => {
  const teller = new Teller();
  const command = { type: "command", exit: 0, stdout: "made", stderr: "", from: 0, to: 0 } as const;
  expect(teller.text({ ...command, command: "kubectl apply -f -", stdin: "a: b\n" })).toBe("$ kubectl apply -f - <<'EOF'\na: b\nEOF\nmade\n");
  expect(teller.text({ ...command, command: "false", exit: 1, stdout: "", from: 120_000, to: 120_000 })).toBe("(2m later)\n$ false\n(exit code 1)\n");
  expect(teller.text({ type: "started", command: "exec kubectl get pods -w" })).toBe("$ kubectl get pods -w &\n");
  expect(teller.text({ type: "stopped", stdout: "NAME\n", stderr: "" })).toBe("$ fg\nNAME\n^C\n");
});
