/**
 * A test that did not run proves nothing. Lists what was skipped; with CI set, a skipped test fails the run unless
 * test/allowed-skips.json gives its reason (`{ "file > suite > test": "reason" }`), and so does an entry whose test ran or is not there.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Reporter, TestCase, TestModule } from "vitest/node";

const listPath = join(import.meta.dirname, "..", "test", "allowed-skips.json");

/** Compares what was skipped with the list; `ran` are the tests that were executed. */
export function judgeSkips(skipped: readonly string[], ran: readonly string[], allowed: Readonly<Record<string, string>>): string[] {
  return [
    ...skipped.filter((name) => !allowed[name]).map((name) => `skipped without a reason in test/allowed-skips.json: ${name}`),
    ...Object.keys(allowed).filter((name) => ran.includes(name)).map((name) => `listed in test/allowed-skips.json, but it runs now: ${name}`),
    ...Object.keys(allowed).filter((name) => !ran.includes(name) && !skipped.includes(name)).map((name) => `listed in test/allowed-skips.json, but there is no such test: ${name}`),
  ];
}

export default class SkipReporter implements Reporter {
  private readonly skipped: string[] = [];
  private readonly ran: string[] = [];

  onTestCaseResult(testCase: TestCase): void {
    const name = `${testCase.module.relativeModuleId} > ${testCase.fullName}`;
    (testCase.result().state === "skipped" ? this.skipped : this.ran).push(name);
  }

  onTestRunEnd(_modules: readonly TestModule[]): void {
    const allowed = JSON.parse(readFileSync(listPath, "utf8")) as Record<string, string>;
    const faults = judgeSkips(this.skipped, this.ran, allowed);
    for (const fault of faults) process.stderr.write(`${fault}\n`);
    if (faults.length > 0 && process.env["CI"]) process.exitCode = 1;
  }
}
