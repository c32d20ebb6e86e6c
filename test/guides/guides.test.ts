import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endOf } from "../kubectl/paced.ts";
import { Scenario } from "../scenarios/scenario.ts";
import { normalise } from "../transcripts/normalise.ts";
import { blocksOf, guides, root } from "./blocks.ts";

/** The examples of README and docs/ run as they stand: `console` blocks with the real kubectl, `ts` blocks as one program per guide. */
/** `$ command` lines, each with the lines that it prints. */
function commandsOf(block: string): { command: string; output: string }[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((part) => ({ command: part.slice(0, part.indexOf("\n")), output: part.slice(part.indexOf("\n") + 1) }));
}

/** What a guide shows with names of its own that vary from run to run. */
function shown(text: string): string {
  return normalise(text).trim();
}

for (const guide of guides) {
  const blocks = blocksOf(guide);
  const consoles = blocks.filter((block) => block.language === "console").flatMap((block) => commandsOf(block.text));
  if (consoles.length > 0) {
    describe(`commands of ${guide}`, () => {
      const s = new Scenario(guide, { cluster: "local", nodes: 3, folder: root });
      beforeAll(() => s.open(), 60_000);
      afterAll(() => s.close(), 60_000);
      for (const { command, output } of consoles) {
        it(command, async () => expect(shown((await s.ok(command)).split("\n").filter((line) => !line.startsWith("Waiting for ")).join("\n"))).toBe(shown(output)), 60_000);
      }
    });
  }
  const programs = blocks.filter((block) => block.language === "ts");
  if (programs.length > 0) {
    it(`the program of ${guide} runs`, async () => {
      // Within the package, "coracle" means what package.json exports: as for those who install it.
      const cache = join(root, ".cache");
      mkdirSync(cache, { recursive: true });
      const folder = mkdtempSync(join(cache, "guide-"));
      try {
        const path = join(folder, "guide.ts");
        writeFileSync(path, programs.map((block) => block.text).join("\n"));
        const { exit, stderr } = await endOf(spawn(process.execPath, [path], { stdio: ["ignore", "pipe", "pipe"] }));
        expect(exit, stderr).toBe(0);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }, 240_000); // A month takes ten seconds of a machine that has nothing else to do.
  }
}
