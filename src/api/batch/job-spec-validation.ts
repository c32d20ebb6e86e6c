/** What a Job, or the template of a CronJob, may ask for. */
import type { FieldError } from "../../base/field-error.ts";
import { validatePodTemplate } from "../core/pod-template.ts";
import type { JobSpec } from "../types/batch-v1.ts";
import { invalid, notSupported, pushProblems, required, tooLong } from "../validation/errors.ts";
import { domainPrefixedPathProblems } from "../validation/names.ts";
import { checkNonNegative } from "../validation/numbers.ts";
import type { FieldPath } from "../validation/path.ts";
import { checkPodFailurePolicy, checkSuccessPolicy } from "./job-policy-validation.ts";

/** An Indexed Job runs at most this many Pods at once, and may lose as many indexes (upstream's constants). */
const indexedParallelismMax = 100_000;
/** Above 100,000 completions with a limit per index, parallelism and failed indexes are bound more tightly. */
const manyCompletions = 100_000;
const manyCompletionsLimit = 10_000;
const managedByBytesMax = 63;

/** Everything but the selector. */
export function checkJobSpec(spec: JobSpec, path: FieldPath, errors: FieldError[]): void {
  for (const field of ["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished", "backoffLimitPerIndex"] as const) {
    checkNonNegative(spec[field], path, field, errors);
  }
  if (spec.maxFailedIndexes !== undefined) {
    checkNonNegative(spec.maxFailedIndexes, path, "maxFailedIndexes", errors);
    if (spec.backoffLimitPerIndex === undefined) errors.push(required(path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified"));
  }
  checkManagedBy(spec.managedBy, path.child("managedBy"), errors);
  const mode = spec.completionMode;
  if (mode !== undefined && mode !== "NonIndexed" && mode !== "Indexed") {
    errors.push(notSupported(path.child("completionMode"), mode, ["NonIndexed", "Indexed"]));
  }
  if (mode === "Indexed") checkIndexed(spec, path, errors);
  if (mode === undefined || mode === "NonIndexed") {
    for (const field of ["backoffLimitPerIndex", "maxFailedIndexes"] as const) {
      if (spec[field] !== undefined) errors.push(invalid(path.child(field), spec[field], "requires indexed completion mode"));
    }
  }
  if (spec.podFailurePolicy !== undefined) checkPodFailurePolicy(spec, path.child("podFailurePolicy"), errors);
  if (spec.successPolicy !== undefined) checkSuccessPolicy(spec, path.child("successPolicy"), errors);
  checkReplacementPolicy(spec, path.child("podReplacementPolicy"), errors);
  checkTemplate(spec, path.child("template"), errors);
}

function checkManagedBy(managedBy: string | undefined, path: FieldPath, errors: FieldError[]): void {
  if (managedBy === undefined) return;
  if (managedBy === "") errors.push(required(path));
  else pushProblems(errors, path, managedBy, domainPrefixedPathProblems(managedBy));
  if (managedBy.length > managedByBytesMax) errors.push(tooLong(path, managedByBytesMax));
}

function checkIndexed(spec: JobSpec, path: FieldPath, errors: FieldError[]): void {
  const { completions, parallelism, maxFailedIndexes, backoffLimitPerIndex } = spec;
  if (completions === undefined) errors.push(required(path.child("completions"), "when completion mode is Indexed"));
  const atMost = (max: number): string => `must be less than or equal to ${max} when completion mode is Indexed`;
  if (parallelism !== undefined && parallelism > indexedParallelismMax) {
    errors.push(invalid(path.child("parallelism"), parallelism, atMost(indexedParallelismMax)));
  }
  if (completions !== undefined && maxFailedIndexes !== undefined && maxFailedIndexes > completions) {
    errors.push(invalid(path.child("maxFailedIndexes"), maxFailedIndexes, "must be less than or equal to completions"));
  }
  if (maxFailedIndexes !== undefined && maxFailedIndexes > indexedParallelismMax) {
    errors.push(invalid(path.child("maxFailedIndexes"), maxFailedIndexes, atMost(indexedParallelismMax)));
  }
  if (completions === undefined || completions <= manyCompletions || backoffLimitPerIndex === undefined) return;
  if (maxFailedIndexes === undefined) errors.push(required(path.child("maxFailedIndexes"), `must be specified when completions is above ${manyCompletions}`));
  const tight = `must be less than or equal to ${manyCompletionsLimit} when completions are above ${manyCompletions} and used with backoff limit per index`;
  if (parallelism !== undefined && parallelism > manyCompletionsLimit) errors.push(invalid(path.child("parallelism"), parallelism, tight));
  if (maxFailedIndexes !== undefined && maxFailedIndexes > manyCompletionsLimit) errors.push(invalid(path.child("maxFailedIndexes"), maxFailedIndexes, tight));
}

function checkReplacementPolicy(spec: JobSpec, path: FieldPath, errors: FieldError[]): void {
  const policy = spec.podReplacementPolicy;
  if (policy === undefined) return;
  const supported = spec.podFailurePolicy === undefined ? ["Failed", "TerminatingOrFailed"] : ["Failed"];
  if (!supported.includes(policy)) errors.push(notSupported(path, policy, supported));
}

function checkTemplate(spec: JobSpec, path: FieldPath, errors: FieldError[]): void {
  for (const error of validatePodTemplate(spec.template, path)) errors.push(error);
  const restartPath = path.child("spec").child("restartPolicy");
  const policy = spec.template.spec?.restartPolicy ?? "Always";
  if (policy === "Always") errors.push(required(restartPath, 'valid values: "OnFailure", "Never"'));
  else if (policy !== "OnFailure" && policy !== "Never") errors.push(notSupported(restartPath, policy, ["OnFailure", "Never"]));
  else if (policy === "OnFailure" && spec.podFailurePolicy !== undefined) {
    errors.push(invalid(restartPath, policy, 'only "Never" is supported when podFailurePolicy is specified'));
  }
}
