import type { Instant } from "../../base/environment.ts";
import { parseTime } from "../../base/time.ts";
import type { Job } from "../../api/types/batch-v1.ts";

/** The instant from which a finished Job may be deleted; undefined while it runs, is being deleted, or has no time to live. */
export function expiryOf(job: Job): Instant | undefined {
  const { ttlSecondsAfterFinished } = job.spec;
  if (ttlSecondsAfterFinished === undefined || job.metadata.deletionTimestamp !== undefined) return undefined;
  const finished = job.status.conditions?.find(({ type, status }) => (type === "Complete" || type === "Failed") && status === "True");
  const at = finished?.lastTransitionTime === undefined ? undefined : parseTime(finished.lastTransitionTime);
  return at === undefined ? undefined : at + ttlSecondsAfterFinished * 1000;
}
