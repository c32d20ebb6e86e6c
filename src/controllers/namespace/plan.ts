import { sameData } from "../../api/equality.ts";
import type { Namespace, NamespaceStatus } from "../../api/types/core-v1.ts";
import type { Instant } from "../../base/environment.ts";
import { parseTime } from "../../base/time.ts";
import type { Findings } from "./conditions.ts";
import { namespaceConditions } from "./conditions.ts";

/** When a namespace is emptied, and what follows from what a sweep over it left. Pure. */

/** The finalizer of a namespace's spec that this controller takes off when the namespace is empty. */
const ownFinalizer = "kubernetes";
/** Upstream's namespaceDeletionGracePeriod: requests that were admitted before the deletion find their end. */
const pauseMs = 5000;

export interface Sweep {
  readonly findings: Findings;
  /** Something is left and going: look again, at the latest after so long. 0: nothing is left. */
  readonly waitMs: number;
}

export interface AfterSweep {
  /** To be written first; undefined: it stands there already. */
  readonly status: NamespaceStatus | undefined;
  /** The sweep has to be tried again. */
  readonly failure: string | undefined;
  /** What is left of the finalizers of the empty namespace; undefined: it is not to be let go yet. */
  readonly finalizers: readonly string[] | undefined;
  /** Look again then. */
  readonly again: Instant;
}

/** The instant from which a namespace may be emptied; undefined: it is not being deleted, or is empty already. */
export function beginOf({ metadata, spec }: Namespace): Instant | undefined {
  if (metadata.deletionTimestamp === undefined || !spec.finalizers?.includes(ownFinalizer)) return undefined;
  return (parseTime(metadata.deletionTimestamp) ?? 0) + pauseMs;
}

export function planAfterSweep({ spec, status }: Namespace, { findings, waitMs }: Sweep, now: Instant): AfterSweep {
  const conditions = namespaceConditions(status.conditions ?? [], findings, now);
  const failure = findings.failures.length > 0 ? findings.failures.join(", ") : undefined;
  const isEmpty = failure === undefined && waitMs === 0;
  return {
    status: sameData(conditions, status.conditions) ? undefined : { ...status, conditions },
    failure,
    finalizers: isEmpty ? (spec.finalizers ?? []).filter((finalizer) => finalizer !== ownFinalizer) : undefined,
    again: now + waitMs / 2 + 1000,
  };
}
