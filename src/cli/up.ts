/**
 * `coracle up`: a cluster in this process until it is told to end. Everything that could be wrong is looked at before anything is changed,
 * and everything that was changed is undone at the end, however it comes about: Ctrl-C, `coracle down`, a failure half-way.
 */
import { spawn } from "node:child_process";
import { createCertificates } from "../node/certificates.ts";
import { startCluster } from "../node/create-cluster.ts";
import { Failure, reasonOf } from "../node/failure.ts";
import { openFileLog } from "../node/file-log.ts";
import type { FileLog } from "../node/file-log.ts";
import { checkKubeconfig, kubeconfigPaths, mergeContext } from "../node/kubeconfig.ts";
import { leaveKubeconfig } from "../node/leave-kubeconfig.ts";
import { claimState, logPath, releaseState, writeState } from "../node/state.ts";
import type { ClusterState } from "../node/state.ts";
import { nodeName } from "../cluster/names.ts";
import { inTime } from "./in-time.ts";
import { emphasis } from "./output.ts";
import type { DetachedMessage, Output } from "./output.ts";
import { coracle, kubectl, quoted, shortPath } from "./typable.ts";

/** What `coracle up` was asked for, checked. */
export interface UpOptions {
  readonly name: string;
  readonly nodes: number;
  readonly port: number;
  readonly kubeconfig: string | undefined;
  readonly clock: "system" | "virtual";
  readonly seed: number | undefined;
  /** How long the nodes may take. */
  readonly waitMs: number;
  /** Whether the terminal is free again, so that no Ctrl-C ends it. */
  readonly isDetached: boolean;
}

/** What has to be undone, last first. Each step runs once, and a failure of one does not keep the others from running. */
class Undo {
  private readonly steps: (() => unknown)[] = [];

  add(step: () => unknown): void {
    this.steps.push(step);
  }

  async run(): Promise<void> {
    let failure: unknown;
    for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) {
      try {
        await step();
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
  }
}

/** Resolves at the first signal that asks the process to end; rejects when something broke that nobody caught. */
function untilTold(): Promise<void> {
  return new Promise((resolve, reject) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const) process.on(signal, () => resolve());
    process.on("uncaughtException", reject);
  });
}

/** Resolves when the process that waits for a detached one has gone. It says nothing once it knows that the cluster is up. */
function untilAbandoned(isDetached: boolean): Promise<void> {
  return new Promise((resolve) => {
    if (isDetached) process.once("disconnect", resolve);
  });
}

/** What a cluster in this process has come to. */
class Session {
  readonly undo = new Undo();
  log: FileLog | undefined;
  hasFailed = false;

  /** Something that a person did is for them to mend; anything else is for whoever reads the log. */
  fail(error: unknown): void {
    this.hasFailed = true;
    if (!(error instanceof Failure)) this.log?.error("the cluster ended", { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }

  get isLogWorthKeeping(): boolean {
    return this.hasFailed || (this.log?.hasErrors ?? false);
  }
}

/** Runs a cluster until it is told to end; told in the middle of starting, it stops there. */
export async function up(options: UpOptions, output: Output): Promise<void> {
  const told = untilTold();
  told.catch(() => {});
  const session = new Session();
  try {
    const isUp = await Promise.race([start(options, output, session).then(() => true), told.then(() => false), untilAbandoned(options.isDetached).then(() => false)]);
    if (isUp) {
      output.ready();
      await told;
    }
  } catch (error) {
    session.fail(error);
    throw error;
  } finally {
    await session.undo.run();
  }
}

/** Each step that leaves something adds to `undo` what takes it away. */
async function start(options: UpOptions, output: Output, session: Session): Promise<void> {
  const { name } = options;
  const { undo } = session;
  const paths = kubeconfigPaths(options.kubeconfig);
  checkKubeconfig(paths);
  const claimed = claimState(name, options.clock);
  undo.add(() => {
    if (releaseState(name, { keepLog: session.isLogWorthKeeping })) output.line(`its log stays in ${shortPath(logPath(name))}`);
  });
  if (claimed.stale?.merged) await leaveKubeconfig(name, claimed.stale.merged);
  const log = openLog(name);
  session.log = log;
  undo.add(() => log.close());

  const certificates = createCertificates({ names: [nodeName(name, 0), "172.18.0.2"] });
  const { nodes, clock, seed, waitMs } = options;
  const cluster = await startCluster({ name, nodes, clock, ...(seed === undefined ? {} : { seed }), log, certificates, onDefect: () => reportDefect(name) });
  undo.add(() => cluster.close());
  const listening = await cluster.listen({ port: options.port });
  output.done(`API server at ${emphasis(listening.url)}`);
  const state: ClusterState = { ...claimed.state, access: listening.access };
  writeState(state);
  // The API answers already: who waits for the kubeconfig need not wait for the nodes.
  const merged = await mergeContext(paths, `coracle-${name}`, listening.access);
  undo.add(() => leaveKubeconfig(name, merged));
  writeState({ ...state, merged });
  await inTime(cluster.ready(), waitMs, () => tooLate(options, log));
  output.done(nodes === 1 ? "1 node Ready" : `${nodes} nodes Ready`);
  output.done(`context ${emphasis(merged.context)} is the current one in ${shortPath(merged.path)}`);
  for (const line of nextSteps(options)) output.line(line);
}

function openLog(name: string): FileLog {
  try {
    return openFileLog(logPath(name));
  } catch (error) {
    throw new Failure(`the log ${logPath(name)} cannot be written: ${reasonOf(error)}`, { cause: error });
  }
}

function tooLate({ name, nodes, waitMs }: UpOptions, log: FileLog): string {
  const what = nodes === 1 ? "the node is not Ready" : `not all ${nodes} nodes are Ready`;
  return `${what} after ${waitMs / 1000} s: give them longer with --wait${log.hasLines ? `, or look at ${shortPath(logPath(name))}` : ""}`;
}

const reportDefect = (name: string) => void process.stderr.write(`coracle: a component met a defect and stopped; what is known stands in ${shortPath(logPath(name))}\n`);

function nextSteps(options: UpOptions): string[] {
  const name = options.name === "local" ? "" : ` --name ${options.name}`;
  const file = options.kubeconfig === undefined ? "" : ` --kubeconfig ${quoted(options.kubeconfig)}`;
  const own = [...(options.clock === "virtual" ? ["time advance 1h"] : []), ...(options.isDetached ? ["down"] : [])];
  const end = options.isDetached ? [] : ["Ctrl-C ends the cluster.", ""];
  return ["", "Next:", `  ${kubectl()}${file} get nodes`, `  ${kubectl()}${file} get pods --all-namespaces`, ...own.map((command) => `  ${coracle()} ${command}${name}`), "", ...end];
}

/** Starts `coracle up` as a process of its own, repeats what it says, and resolves when the cluster is up. */
export function upDetached(args: readonly string[], output: Output): Promise<void> {
  return new Promise((resolve, reject) => {
    let isInterrupted = false;
    // Before the child is there: who is interrupted in between must not leave it behind.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const) {
      process.once(signal, () => {
        isInterrupted = true;
        child.kill("SIGTERM");
      });
    }
    const entry = process.argv[1] as string;
    const child = spawn(process.execPath, [...process.execArgv, entry, ...args], {
      detached: true,
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      env: { ...process.env, CORACLE_DETACHED: "1" },
    });
    child.on("message", (message: DetachedMessage) => {
      if ("line" in message) output.line(message.line);
      else if ("done" in message) output.line(` ✓ ${message.done}`);
      else if ("failed" in message) reject(Object.assign(new Failure(message.failed), { exitCode: message.code }));
      else {
        child.unref();
        resolve();
      }
    });
    child.on("error", (error) => reject(new Failure(`the cluster's process does not start: ${reasonOf(error)}`)));
    child.on("exit", (code, signal) => reject(new Failure(isInterrupted ? "interrupted before the cluster was up" : `the cluster's process ended ${signal === null ? `with exit code ${code}` : `by ${signal}`} before the cluster was up`)));
  });
}
