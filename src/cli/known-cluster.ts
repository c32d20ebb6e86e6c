/** Finding a cluster by its name in what running ones write down about themselves. */
import { Failure } from "../node/failure.ts";
import { isRunning, readState, recordedClusters } from "../node/state.ts";
import type { ClusterState } from "../node/state.ts";

/** The record of a cluster, or a Failure that names those that there are. */
export function knownCluster(name: string): ClusterState {
  const state = readState(name);
  if (state !== undefined) return state;
  const others = recordedClusters().filter((other) => {
    const record = readState(other);
    return record !== undefined && isRunning(record);
  });
  const known = others.length === 0 ? "no cluster is running" : `running: ${others.join(", ")}`;
  throw new Failure(`there is no cluster "${name}" (${known}); start one with \`coracle up --name ${name}\``);
}
