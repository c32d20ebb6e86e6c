import type { ChildProcess } from "node:child_process";
import { endOf, pause } from "../kubectl/paced.ts";
import type { Ended, Paced } from "../kubectl/paced.ts";
import type { ObservedServer } from "../kubectl/observed-server.ts";

/**
 * Time while a recorded command runs again. It stands still while kubectl works and moves while kubectl waits on a watch: in small
 * steps up to the instant at which the command ended in the recording, and beyond only when kubectl still waits then. How fast the
 * machine is changes nothing.
 */
export interface Pace {
  readonly cluster: Paced & { now(): number };
  readonly server: ObservedServer;
  /** When the recorded command ended, on the cluster's clock. */
  readonly endedAt: number;
  /** The recorded command gave up after a time of its own, which is the host's: at the end it is waited for without moving. */
  readonly timedOut: boolean;
  /** It waits without a watch. */
  readonly polls: boolean;
}

/** Host milliseconds without a request or frame after which nothing more is on its way. */
const quietMs = 12;
/** A command that sleeps and asks again waits once it has run so long. */
const longMs = 1500;
/** Past the recorded end: so long is the host given to end a command that has all it waits for. */
const lateMs = 400;
/** And so long before each further move: a machine on which kubectl starts slowly must not run past the next recorded command. */
const lateMoveMs = 100;
const moveMsMin = 50;
/** A long wait is not walked in more moves than this. */
const movesMax = 150;
const commandMsMax = 90_000;

export async function runPaced(child: ChildProcess, pace: Pace): Promise<Ended> {
  const { cluster, server, endedAt } = pace;
  const openedBefore = server.opened;
  const started = Date.now();
  let over = false;
  const ended = endOf(child).finally(() => (over = true));
  const killer = setTimeout(() => child.kill("SIGKILL"), commandMsMax);
  /** Until kubectl has ended or waits. */
  const quiet = async (): Promise<void> => {
    let seen = server.activity;
    let since = Date.now();
    while (!over) {
      await pause(quietMs / 4, ended);
      if (server.activity !== seen || server.pending > 0) [seen, since] = [server.activity, Date.now()];
      const silence = Date.now() - since;
      if (silence >= quietMs && (server.hasOpenSince(openedBefore) || (pace.polls && Date.now() - started >= longMs))) return;
    }
  };
  await quiet();
  const moveMs = Math.max(moveMsMin, Math.ceil((endedAt - cluster.now()) / movesMax));
  let late = false;
  while (!over) {
    const left = endedAt - cluster.now();
    if (left <= 0 && !late) {
      late = true;
      await pause(pace.timedOut ? commandMsMax : lateMs, ended);
      continue;
    }
    const before = server.activity;
    await cluster.advance(left > 0 ? Math.min(moveMs, left) : moveMsMin);
    if (server.activity !== before) await quiet();
    else await pause(late ? lateMoveMs : 1, ended);
  }
  clearTimeout(killer);
  return ended;
}
