import type { Taint, Toleration } from "../../api/types/core-v1.ts";
import { tolerates } from "../../placement/taints.ts";

/** When a Pod has to leave a node with these NoExecute taints: at once (0), after a while, or never (undefined). */
export function evictionDelayMs(taints: readonly Taint[], tolerations: readonly Toleration[] | undefined): number | undefined {
  let shortest: number | undefined;
  for (const taint of taints) {
    const matching = tolerations?.filter((toleration) => tolerates(toleration, taint)) ?? [];
    if (matching.length === 0) return 0;
    // The first toleration that matches counts for its taint, as upstream reads the list.
    const seconds = matching[0]?.tolerationSeconds;
    if (seconds !== undefined) shortest = Math.min(shortest ?? Infinity, Math.max(seconds, 0) * 1000);
  }
  return shortest;
}

export function noExecuteTaints(taints: readonly Taint[] | undefined): readonly Taint[] {
  return taints?.filter((taint) => taint.effect === "NoExecute") ?? [];
}
