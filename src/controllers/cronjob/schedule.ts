import { CronError, parseSchedule } from "../../base/cron.ts";
import type { Schedule } from "../../base/cron.ts";
import type { TimeZone } from "../../base/time-zone.ts";
import { findTimeZone, utc } from "../../base/time-zone.ts";
import type { CronJob } from "../../api/types/batch-v1.ts";

/** A warning for the CronJob's events. */
export interface Problem {
  readonly reason: string;
  readonly message: string;
}

export interface ReadSchedule {
  readonly schedule: Schedule | undefined;
  readonly zone: TimeZone;
  /** Told at each look that gets as far as the schedule. */
  readonly problem: Problem | undefined;
  /** The schedule's zone is unknown: told even to a suspended CronJob. */
  readonly zoneProblem: Problem | undefined;
}

/** Reads what the spec says about time. Validation keeps bad ones out; older objects may still have them. */
export function readSchedule(cronJob: CronJob): ReadSchedule {
  const { schedule: text, timeZone } = cronJob.spec;
  const zone = timeZone === undefined ? utc : findTimeZone(timeZone);
  if (!zone) {
    const message = `invalid timeZone: ${JSON.stringify(timeZone)}: unknown time zone ${timeZone}`;
    return { schedule: undefined, zone: utc, problem: undefined, zoneProblem: { reason: "UnknownTimeZone", message } };
  }
  try {
    const schedule = parseSchedule(text, zone);
    return { schedule, zone, problem: text.includes("TZ") ? unsupported(text) : undefined, zoneProblem: undefined };
  } catch (error) {
    if (!(error instanceof CronError)) throw error;
    const message = `unparseable schedule: ${JSON.stringify(text)} : ${error.message}`;
    return { schedule: undefined, zone, problem: { reason: "UnparseableSchedule", message }, zoneProblem: undefined };
  }
}

function unsupported(text: string): Problem {
  const where = "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/";
  return { reason: "UnsupportedSchedule", message: `CRON_TZ or TZ used in schedule ${JSON.stringify(text)} is not officially supported, see ${where} for more details` };
}
