import type { ChildProcess } from "node:child_process";
import type { ObservedServer } from "./observed-server.ts";

/**
 * Commands against a cluster whose virtual clock stands still: time is moved for one that waits (for a watch, a followed log, a command
 * in a container) until it ends. A command that works or only asks sees the instant at which it was typed, however slow the machine is.
 */
export interface Paced {
  /** Moves the cluster's time. */
  advance(ms: number): Promise<void>;
}

export interface Ended {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Host milliseconds without a request or frame after which nothing more is on its way. */
const quietMs = 30;
/** And after which a command that sleeps and asks again does so. */
const sleepMs = 100;
/** Virtual milliseconds per move, and the host's pause after one in which nothing happened. */
const moveMs = 1000;
const pauseMs = 10;
/** It is killed when it has not ended by then, and what it printed is thrown. */
const commandMsMax = 50_000;

export interface Pace {
  readonly cluster: Paced;
  /** What the command reaches the cluster through. */
  readonly server: ObservedServer;
  /** It waits by asking again, without a watch (`kubectl drain`). */
  readonly polls: boolean;
}

/** Resolves when the child has ended, moving time while it waits. */
export async function paced(child: ChildProcess, { cluster, server, polls }: Pace): Promise<Ended> {
  let over = false;
  const result = endOf(child).finally(() => (over = true));
  const killer = setTimeout(() => child.kill("SIGKILL"), commandMsMax);
  const [openedBefore, askedBefore] = [server.opened, server.activity];
  /** Until the command has ended or waits. */
  const quiet = async (): Promise<void> => {
    let [seen, since] = [server.activity, performance.now()];
    while (!over) {
      await pause(quietMs / 4, result);
      if (server.activity !== seen || server.pending > 0) [seen, since] = [server.activity, performance.now()];
      const silence = performance.now() - since;
      if (server.hasOpenSince(openedBefore) ? silence >= quietMs : polls && seen > askedBefore && silence >= sleepMs) return;
    }
  };
  await quiet();
  while (!over) {
    const before = server.activity;
    await cluster.advance(moveMs);
    if (server.activity !== before) await quiet();
    else await pause(pauseMs, result);
  }
  clearTimeout(killer);
  const ended = await result;
  if (child.signalCode === "SIGKILL") throw new Error(`${child.spawnargs.join(" ")} did not end\n${ended.stdout}${ended.stderr}`);
  return ended;
}

/** Gathers what a child prints until it has ended. */
export function endOf(child: ChildProcess): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exit) => resolve({ exit, stdout, stderr }));
  });
}

/** Resolves after a pause of the host, or as soon as `ended` does. */
export function pause(ms: number, ended: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    ended.then(done, done);
  });
}
