/**
 * The command line `coracle`: reads the arguments, runs one command, says what went wrong in one line on stderr. Exit codes: 0 done, 1 it
 * failed, 2 the command line is wrong. Commands are loaded when they are asked for: `up` has 300 ms to answer.
 */
import { readFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Command, CommanderError, Option } from "commander";
import { codeOf, Failure, reasonOf } from "../node/failure.ts";
import { parseClock, parseKubeconfig, parseName, parseNodeName, parseNodes, parsePort, parsePositiveDuration, parseSeed, UsageError } from "./arguments.ts";
import { failToParent, terminal, toParent } from "./output.ts";
import { typable } from "./typable.ts";

const isDetached = process.env["CORACLE_DETACHED"] === "1" && process.send !== undefined;
const output = isDetached ? toParent : terminal;
const defaultName = "local";

interface UpFlags {
  name: string;
  nodes: number;
  port: number;
  kubeconfig?: string;
  clock: "system" | "virtual";
  seed?: number;
  detach?: boolean;
  wait: number;
}

async function runUp(flags: UpFlags): Promise<void> {
  const { up, upDetached } = await import("./up.ts");
  const { detach, wait, ...rest } = flags;
  if (detach && !isDetached) return upDetached(process.argv.slice(2), output);
  await up({ kubeconfig: undefined, seed: undefined, ...rest, waitMs: wait, isDetached }, output);
}

function versionText(): string {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };
  return `coracle ${manifest.version} (Kubernetes v1.36.3, Node ${process.version})`;
}

function commandLine(): Command {
  const program = new Command("coracle").description("Kubernetes light enough to carry: a whole cluster in one process");
  // Set before the commands are made: they inherit it.
  program.exitOverride().configureOutput({ writeErr: () => {} });
  program.version(versionText(), "-V, --version", "versions of coracle, Kubernetes and Node");
  const named = (command: Command) => command.option("--name <name>", "the cluster", parseName, defaultName);

  named(program.command("up").description("start a cluster and keep it until Ctrl-C"))
    .option("--nodes <count>", "simulated machines", parseNodes, 3)
    .option("--port <port>", "port of the API server; 0 takes a free one", parsePort, 0)
    .option("--kubeconfig <path>", "file to put the context into (default: as kubectl finds it)", parseKubeconfig)
    .option("--clock <clock>", "system: time passes; virtual: time moves when told", parseClock, "system")
    .option("--seed <number>", "all chance comes from it", parseSeed)
    .option("--detach", "return when the cluster is up; `coracle down` ends it")
    .addOption(new Option("--wait <duration>", "how long the nodes may take to be Ready").argParser((text) => parsePositiveDuration("--wait", text)).default(60_000, "1m"))
    .action((flags: UpFlags) => runUp(flags));
  named(program.command("down").description("end a cluster")).action(async ({ name }: { name: string }) => (await import("./down.ts")).down(name, output));

  const time = program.command("time").description("show or move the virtual clock of a cluster");
  named(time.command("show").description("the cluster's time")).action(async ({ name }: { name: string }) => (await import("./time.ts")).timeShow(name, output));
  named(time.command("advance").description("move time on: 90s, 15m, 1h30m, 30d").argument("<duration>"))
    .action(async (duration: string, { name }: { name: string }) => {
      const ms = parsePositiveDuration("time advance", duration);
      await (await import("./time.ts")).timeAdvance(name, ms, output);
    });
  named(program.command("status").description("what a cluster is and how it is")).action(async ({ name }: { name: string }) => (await import("./status.ts")).status(name, output));

  const node = program.command("node").description("add, remove, stop and start simulated machines");
  const gathered = (text: string, before: string[] = []): string[] => [...before, text];
  named(node.command("list").description("the machines and their nodes")).action(async ({ name }: { name: string }) => (await import("./node.ts")).nodeList(name, output));
  named(node.command("add").description("add a machine and wait until its node is Ready").argument("[node]", "its name (default: the next worker)"))
    .option("--label <key=value>", "a label of its node; may be given again", gathered)
    .option("--taint <key=value:Effect>", "a taint of its node; may be given again", gathered)
    .action(async (asked: string | undefined, { name, label = [], taint = [] }: { name: string; label?: string[]; taint?: string[] }) =>
      (await import("./node.ts")).nodeAdd(name, { ...(asked === undefined ? {} : { node: parseNodeName(asked) }), label, taint }, output),
    );
  named(node.command("remove").description("take a machine away, and its node with it").argument("<node>"))
    .action(async (asked: string, { name }: { name: string }) => (await import("./node.ts")).nodeRemove(name, parseNodeName(asked), output));
  named(node.command("stop").description("power a machine off: heartbeats cease, and its containers").argument("<node>"))
    .action(async (asked: string, { name }: { name: string }) => (await import("./node.ts")).nodePower(name, parseNodeName(asked), "Off", output));
  named(node.command("start").description("power a machine on again").argument("<node>"))
    .action(async (asked: string, { name }: { name: string }) => (await import("./node.ts")).nodePower(name, parseNodeName(asked), "On", output));
  named(node.command("shell").description("a shell on a machine, or one command: coracle node shell NODE -- crictl ps").argument("<node>").argument("[command...]"))
    .option("-i, --stdin", "give the command what comes on stdin")
    .action(async (asked: string, command: string[], { name, stdin }: { name: string; stdin?: boolean }) => {
      process.exitCode = await (await import("./node.ts")).nodeShell(name, parseNodeName(asked), { command, takesStdin: stdin === true });
    });
  program.command("version").description("versions of coracle, Kubernetes and Node").action(() => output.line(versionText()));
  return program;
}

/** What the words of a command line name: `coracle node add`, whatever flags stand between or behind, and the first word that names nothing. */
function commandNamed(program: Command, words: readonly string[]): { named: string; stranger: string | undefined } {
  let [command, named] = [program, "coracle"];
  let stranger: string | undefined;
  for (const word of words) {
    const next = command.commands.find((candidate) => candidate.name() === word);
    if (next) [command, named] = [next, `${named} ${word}`];
    else if (word !== "help" && !word.startsWith("-")) stranger ??= word;
  }
  return { named, stranger };
}

/** A line on what is wrong with the command line itself. */
function misused(error: CommanderError, program: Command, words: readonly string[]): string {
  const { named, stranger } = commandNamed(program, words);
  const help = `\`${named} --help\` shows what there is`;
  if (error.code === "commander.help") return stranger === undefined ? `which command? ${help}` : `unknown command '${stranger}'; ${help}`;
  if (error.code === "commander.unknownOption" && words[0]?.startsWith("-") && named !== "coracle") return `flags come behind the command: \`${named} ${words[0]}\` …; ${help}`;
  return `${error.message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ").replace(/\.$/, "")}; ${help}`;
}

/** The exit code, and the line on stderr. */
function judge(error: unknown, program: Command): { code: number; text: string | undefined } {
  if (error instanceof CommanderError) return error.exitCode === 0 ? { code: 0, text: undefined } : { code: 2, text: misused(error, program, process.argv.slice(2)) };
  if (error instanceof UsageError) return { code: 2, text: error.message };
  if (error instanceof Failure) return { code: (error as { exitCode?: number }).exitCode ?? 1, text: error.message };
  return { code: 1, text: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

async function main(): Promise<never> {
  // Whoever read the output may have gone (`coracle up | head -1`), or a disk be full; a cluster goes on.
  let unwritten: unknown;
  for (const stream of [process.stdout, process.stderr]) stream.on("error", (error) => void (codeOf(error) === "EPIPE" || (unwritten ??= error)));
  const program = commandLine();
  try {
    if (process.argv.length === 2) program.outputHelp();
    else await program.parseAsync();
    // A stream tells in the next turn that it failed.
    await nextTurn();
    if (unwritten !== undefined) throw new Failure(`not all that it said could be written: ${reasonOf(unwritten)}`);
    process.exit();
  } catch (error) {
    const { code, text } = judge(error, program);
    if (text !== undefined && isDetached) failToParent(text, code);
    else if (text !== undefined) process.stderr.write(`coracle: ${typable(text)}\n`);
    process.exit(code);
  }
}

void main();
