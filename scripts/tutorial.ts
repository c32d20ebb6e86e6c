/**
 * `npm run tutorial -- N` replays scenario N in a terminal as a person would see it: what is typed, what is printed, and a pause to read.
 * The scenario is the test of that number, run quietly; it fails here when it fails there. Without a number: what there is.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { shortDuration } from "../src/base/duration.ts";
import type { Narrated } from "../test/scenarios/narration.ts";

const root = join(import.meta.dirname, "..");
const folder = join(root, "test", "scenarios");

/** How long a reader takes: a moment per command, and the eye's twenty lines per second below it. */
const commandMs = 900;
const lineMs = 50;
const outputMsMax = 2_500;

interface Tutorial {
  readonly number: number;
  readonly file: string;
  readonly title: string;
}

/** Every scenario, by the number in its file's name. */
function tutorials(): readonly Tutorial[] {
  return readdirSync(folder)
    .filter((name) => /^e\d\d\.test\.ts$/.test(name))
    .toSorted()
    .map((name) => ({ number: Number(name.slice(1, 3)), file: join(folder, name), title: /scenario\("E\d\d", "([^"]+)"/.exec(readFileSync(join(folder, name), "utf8"))?.[1] ?? name }));
}

/** Turns events into what a terminal would show, one after the other; between commands it tells how much of the cluster's time has passed. */
export class Teller {
  private last: number | undefined;

  text(event: Narrated): string {
    switch (event.type) {
      case "scenario":
        this.last = undefined;
        return `\n### ${event.id} ${event.title}\n`;
      case "step":
        return `\n# ${event.number}. ${event.title}\n`;
      case "started":
        return `$ ${unindented(event.command)} &\n`;
      case "stopped":
        return `$ fg\n${withLineEnd(event.stdout)}${withLineEnd(event.stderr)}^C\n`;
      case "command": {
        const passed = event.from - (this.last ?? event.from);
        this.last = event.to;
        const time = passed < 1000 ? "" : `(${shortDuration(passed)} later)\n`;
        const input = event.stdin === undefined ? "" : ` <<'EOF'\n${event.stdin.trimEnd()}\nEOF`;
        return `${time}$ ${unindented(event.command)}${input}\n${withLineEnd(event.stdout)}${withLineEnd(event.stderr)}${event.exit === 0 ? "" : `(exit code ${event.exit})\n`}`;
      }
    }
  }
}

function unindented(command: string): string {
  return command.replace(/^exec /, "").replaceAll(/\n\s+/g, "\n  ");
}

function withLineEnd(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

function fail(text: string): never {
  process.stderr.write(`tutorial: ${text}\n`);
  process.exit(2);
}

interface Wanted {
  readonly tutorial: Tutorial | undefined;
  readonly fast: boolean;
}

function wanted(args: readonly string[]): Wanted {
  const unknown = args.find((arg) => arg.startsWith("-") && arg !== "--fast");
  if (unknown !== undefined) fail(`there is no option ${unknown}; the only one is --fast`);
  const names = args.filter((arg) => !arg.startsWith("-"));
  if (names.length > 1) fail(`one scenario at a time, not ${names.join(" ")}`);
  const [name] = names;
  if (name === undefined) return { tutorial: undefined, fast: args.includes("--fast") };
  const all = tutorials();
  const tutorial = /^[Ee]?\d{1,2}$/.test(name) ? all.find(({ number }) => number === Number(name.replace(/^e/i, ""))) : undefined;
  if (tutorial === undefined) fail(`there is no scenario ${name}; \`npm run tutorial\` lists the ${all.length} there are`);
  return { tutorial, fast: args.includes("--fast") };
}

/** Runs the scenario's test; resolves with its exit code and what it said. */
function run(tutorial: Tutorial, narration: string): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
    const child = spawn(process.execPath, [vitest, "run", "--reporter=default", tutorial.file], {
      cwd: root,
      env: { ...process.env, CORACLE_NARRATION: narration, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    process.once("exit", () => child.kill("SIGTERM"));
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes: Buffer) => (text += bytes.toString()));
    child.on("error", (error) => resolve({ code: 1, text: error.message }));
    child.on("close", (code) => resolve({ code: code ?? 1, text }));
  });
}

async function tell(teller: Teller, event: Narrated, fast: boolean): Promise<void> {
  const text = teller.text(event);
  process.stdout.write(text);
  if (!fast) await pause((event.type === "command" || event.type === "step" ? commandMs : 0) + Math.min(outputMsMax, text.split("\n").length * lineMs));
}

async function replay(tutorial: Tutorial, fast: boolean): Promise<number> {
  const place = mkdtempSync(join(tmpdir(), "coracle-tutorial-"));
  // However it ends: Ctrl-C, or a reader who has gone.
  process.once("exit", () => rmSync(place, { recursive: true, force: true }));
  const narration = join(place, "narration");
  const teller = new Teller();
  let result: { code: number; text: string } | undefined;
  const running = run(tutorial, narration).then((ended) => (result = ended));
  for (let told = 0; ; ) {
    const over = result !== undefined;
    const lines = existsSync(narration) ? readFileSync(narration, "utf8").split("\n").slice(0, -1) : [];
    for (const line of lines.slice(told)) await tell(teller, JSON.parse(line) as Narrated, fast);
    told = lines.length;
    if (over) break;
    await pause(50);
  }
  const { code, text } = await running;
  if (code !== 0) process.stderr.write(`\ntutorial: the scenario did not go as it should\n${text}`);
  return code === 0 ? 0 : 1;
}

if (import.meta.main) {
  // A closed pipe, as of `| head`, ends it without a word.
  process.stdout.on("error", () => process.exit(0));
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) process.once(signal, () => process.exit(code));
  const { tutorial, fast } = wanted(process.argv.slice(2));
  if (tutorial === undefined) {
    for (const { number, title } of tutorials()) process.stdout.write(`${String(number).padStart(2)}  ${title}\n`);
    process.stdout.write("\n`npm run tutorial -- 1` replays the first; with `--fast` nothing waits for the reader.\n");
  } else {
    process.exitCode = await replay(tutorial, fast);
  }
}
