/** Reaching a cluster that runs in another process: its record, and what its API server answers. */
import type { ApiAnswer } from "../node/api-connection.ts";
import { ApiConnection } from "../node/api-connection.ts";
import { Failure } from "../node/failure.ts";
import type { ClusterState } from "../node/state.ts";
import { isRunning } from "../node/state.ts";
import { knownCluster } from "./known-cluster.ts";

export type RunningCluster = ClusterState & { readonly access: NonNullable<ClusterState["access"]> };

/** The record of a cluster that answers; a Failure says why another does not. */
export function runningCluster(name: string): RunningCluster {
  const state = knownCluster(name);
  if (!isRunning(state)) throw new Failure(`cluster "${name}" has crashed: clear it away with \`coracle down --name ${name}\``);
  if (state.access === undefined) throw new Failure(`cluster "${name}" is still starting`);
  return { ...state, access: state.access };
}

/** The object of an answer; a refusal becomes a Failure with the server's words. */
export function objectOf(answer: ApiAnswer, name: string): unknown {
  if (answer.status < 300) return answer.body;
  const status = answer.body as { message?: string };
  throw new Failure(`cluster "${name}" refused: ${status.message ?? `status ${answer.status}`}`);
}

/** Does something over a connection that is closed afterwards. */
export async function withConnection<T>(cluster: RunningCluster, act: (connection: ApiConnection) => Promise<T>): Promise<T> {
  const connection = new ApiConnection(cluster.access);
  try {
    return await act(connection);
  } finally {
    connection.close();
  }
}
