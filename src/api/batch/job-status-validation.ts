/** What an update of a Job's status may say: counts, and conditions that fit each other. */
import type { FieldError } from "../../base/field-error.ts";
import { parseTime } from "../../base/time.ts";
import { sameData } from "../equality.ts";
import type { Job, JobStatus } from "../types/batch-v1.ts";
import { invalid, omitted, required } from "../validation/errors.ts";
import { checkNonNegative } from "../validation/numbers.ts";
import { FieldPath } from "../validation/path.ts";

const path = FieldPath.of("status");

export function hasCondition(status: JobStatus, type: string): boolean {
  return status.conditions?.some((condition) => condition.type === type && condition.status === "True") ?? false;
}

export function checkJobStatus(object: Job, old: Job): FieldError[] {
  const errors: FieldError[] = [];
  const status = object.status;
  for (const field of ["active", "succeeded", "failed", "ready", "terminating"] as const) checkNonNegative(status[field], path, field, errors);
  checkConditions(status, old.status, errors);
  checkTimes(status, old.status, errors);
  // An Indexed Job with as many Pods as indexes may be scaled down, and then fewer have succeeded.
  const { completionMode, completions, parallelism } = object.spec;
  const elastic = completionMode === "Indexed" && completions === parallelism;
  for (const field of elastic ? (["failed"] as const) : (["succeeded", "failed"] as const)) {
    const value = status[field] ?? 0;
    if (value < (old.status[field] ?? 0)) errors.push(invalid(path.child(field), value, `cannot decrease the ${field} counter`));
  }
  return errors;
}

/** Pairs of conditions: neither together, or not one without the other. */
const exclusive: readonly (readonly [string, string])[] = [
  ["Complete", "Failed"],
  ["Complete", "FailureTarget"],
  ["Failed", "SuccessCriteriaMet"],
  ["SuccessCriteriaMet", "FailureTarget"],
];
const preceded: readonly (readonly [string, string])[] = [
  ["Complete", "SuccessCriteriaMet"],
  ["Failed", "FailureTarget"],
];

function checkConditions(status: JobStatus, old: JobStatus, errors: FieldError[]): void {
  if (sameData(status.conditions, old.conditions)) return;
  const conditions = path.child("conditions");
  for (const [one, other] of exclusive) {
    if (hasCondition(status, one) && hasCondition(status, other)) errors.push(invalid(conditions, omitted, `cannot set ${one}=True and ${other}=true conditions`));
  }
  for (const [last, first] of preceded) {
    if (hasCondition(status, last) && !hasCondition(status, first)) {
      errors.push(invalid(conditions, omitted, `cannot set ${last}=True condition without the ${first}=true condition`));
    }
    if (hasCondition(old, last) && !hasCondition(status, last)) errors.push(invalid(conditions, omitted, `cannot disable the terminal ${last}=True condition`));
  }
}

function checkTimes(status: JobStatus, old: JobStatus, errors: FieldError[]): void {
  const complete = hasCondition(status, "Complete");
  const finished = complete || hasCondition(status, "Failed");
  const newlyFinished = finished && !(hasCondition(old, "Complete") || hasCondition(old, "Failed"));
  if (complete && status.completionTime === undefined) errors.push(required(path.child("completionTime"), "completionTime is required for Complete jobs"));
  if (!complete && status.completionTime !== undefined) {
    errors.push(invalid(path.child("completionTime"), status.completionTime, "cannot set completionTime when there is no Complete=True condition"));
  }
  if (newlyFinished && status.startTime === undefined) errors.push(required(path.child("startTime"), "startTime is required for finished job"));
  if (newlyFinished && (status.active ?? 0) > 0) errors.push(invalid(path.child("active"), status.active, "active>0 is invalid for finished job"));
  if (complete && old.completionTime !== undefined && status.completionTime !== old.completionTime) {
    errors.push(invalid(path.child("completionTime"), status.completionTime, "field is immutable"));
  }
  const start = parseTime(status.startTime ?? "");
  const end = parseTime(status.completionTime ?? "");
  if (start !== undefined && end !== undefined && end < start) {
    errors.push(invalid(path.child("completionTime"), status.completionTime, "completionTime cannot be set before startTime"));
  }
}
