import type { Misfit } from "../placement/fit.ts";

/** One node that refused, or that was not asked because the Pod's affinity names others. */
export interface Refusal {
  readonly nodeName: string;
  readonly misfit: Misfit;
}
