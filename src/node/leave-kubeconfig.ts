/** Takes a cluster out of the kubeconfig, so that those that were started after it return to what was before it. */
import { removeContext } from "./kubeconfig.ts";
import type { Merged } from "./kubeconfig.ts";
import { readState, recordedClusters, writeState } from "./state.ts";

/**
 * Undoes what was merged for the cluster `name`. Others whose former context was this one get its former one instead, in their records:
 * the record is therefore asked first for what this cluster's own has become.
 */
export async function leaveKubeconfig(name: string, merged: Merged): Promise<void> {
  const known = readState(name)?.merged ?? merged;
  await removeContext(known);
  for (const other of recordedClusters()) {
    const state = readState(other);
    if (other !== name && state?.merged?.former === known.context) writeState({ ...state, merged: { ...state.merged, former: known.former } });
  }
}
