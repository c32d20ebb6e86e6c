import type { ChildProcess } from "node:child_process";

/**
 * Commands against a cluster whose virtual clock stands still: one that has not ended after a moment blocks (a watch, a wait, a
 * deletion), so time is moved for it until it ends.
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

export interface Pace {
  /** A command that has not ended after so many milliseconds of the host blocks. */
  readonly blockingMs: number;
  /** Virtual milliseconds per move, and the host's pause between two moves, in which the command can read what happened. */
  readonly moveMs: number;
  readonly pauseMs: number;
  /** It is killed when it has not ended by then, and what it printed is thrown. */
  readonly commandMsMax: number;
}

export const usualPace: Pace = { blockingMs: 400, moveMs: 500, pauseMs: 15, commandMsMax: 20_000 };

/** Resolves when the child has ended, moving time while it blocks. */
export async function paced(child: ChildProcess, cluster: Paced, pace: Pace = usualPace): Promise<Ended> {
  let over = false;
  const result = endOf(child).finally(() => (over = true));
  const started = Date.now();
  while (!over) {
    await pause(pace.pauseMs, result);
    if (over) break;
    const took = Date.now() - started;
    if (took > pace.commandMsMax) {
      child.kill("SIGKILL");
      const { stdout, stderr } = await result;
      throw new Error(`${child.spawnargs.join(" ")} did not end\n${stdout}${stderr}`);
    }
    if (took > pace.blockingMs) await cluster.advance(pace.moveMs);
  }
  return result;
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
function pause(ms: number, ended: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    ended.then(done, done);
  });
}
