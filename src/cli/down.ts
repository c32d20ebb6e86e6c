/** `coracle down`: ends a running cluster, or clears away what a crashed one left. */
import { existsSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { leaveKubeconfig } from "../node/leave-kubeconfig.ts";
import { isRunning, logPath, releaseState } from "../node/state.ts";
import type { ClusterState } from "../node/state.ts";
import { knownCluster } from "./known-cluster.ts";
import type { Output } from "./output.ts";
import { shortPath } from "./typable.ts";

/** A cluster closes in well under a second; after this long its process is ended by force. */
const endMsMax = 10_000;
const pauseMs = 20;

async function hasEnded(state: ClusterState): Promise<boolean> {
  for (let waited = 0; waited < endMsMax; waited += pauseMs) {
    if (!isRunning(state)) return true;
    await wait(pauseMs);
  }
  return !isRunning(state);
}

/** Resolves when the cluster's process is gone and its context with it. */
export async function down(name: string, output: Output): Promise<void> {
  const state = knownCluster(name);
  const wasRunning = isRunning(state);
  if (wasRunning) {
    process.kill(state.pid, "SIGTERM");
    if (await hasEnded(state)) return output.line(`cluster ${name} has ended${existsSync(logPath(name)) ? `; its log, which tells of errors, stays in ${shortPath(logPath(name))}` : ""}`);
    process.kill(state.pid, "SIGKILL");
    await hasEnded(state);
  }
  if (state.merged !== undefined) await leaveKubeconfig(name, state.merged);
  const isLogKept = releaseState(name, { keepLog: true });
  const how = wasRunning ? `did not end within ${endMsMax / 1000} s and was killed` : "had crashed";
  output.line(`cluster ${name} ${how}; what it left is cleared away${isLogKept ? `, but for its log in ${shortPath(logPath(name))}` : ""}`);
}
