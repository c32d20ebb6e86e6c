/** Job.spec.podFailurePolicy and .successPolicy. */
import type { FieldError } from "../../base/field-error.ts";
import type { JobSpec, PodFailurePolicyOnExitCodesRequirement, PodFailurePolicyRule, SuccessPolicyRule } from "../types/batch-v1.ts";
import { duplicate, invalid, notSupported, omitted, pushProblems, required, tooLong, tooMany } from "../validation/errors.ts";
import { qualifiedNameProblems } from "../validation/names.ts";
import { checkNonNegative } from "../validation/numbers.ts";
import type { FieldPath } from "../validation/path.ts";

const actions = ["Count", "FailIndex", "FailJob", "Ignore"];
const operators = ["In", "NotIn"];
const conditionStatuses = ["False", "True", "Unknown"];
/** Upstream's constants for the sizes of policies. */
const rulesMax = 20;
const conditionsMax = 20;
const exitCodesMax = 255;
const indexesBytesMax = 64 * 1024;

/** As `%q` of a list. */
function quotedList(values: readonly string[]): string {
  return `valid values: [${values.map((value) => `"${value}"`).join(" ")}]`;
}

function checkWord(value: string | undefined, supported: readonly string[], path: FieldPath, errors: FieldError[]): void {
  if (value === undefined || value === "") errors.push(required(path, quotedList(supported)));
  else if (!supported.includes(value)) errors.push(notSupported(path, value, supported));
}

export function checkPodFailurePolicy(spec: JobSpec, path: FieldPath, errors: FieldError[]): void {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const rulesPath = path.child("rules");
  if (rules.length > rulesMax) errors.push(tooMany(rulesPath, rules.length, rulesMax));
  const pod = spec.template.spec;
  const names = new Set([...(pod?.initContainers ?? []), ...(pod?.containers ?? [])].map(({ name }) => name));
  rules.forEach((rule, i) => checkRule(spec, rule, names, rulesPath.index(i), errors));
}

function checkRule(spec: JobSpec, rule: PodFailurePolicyRule, names: ReadonlySet<string>, path: FieldPath, errors: FieldError[]): void {
  const actionPath = path.child("action");
  checkWord(rule.action, actions, actionPath, errors);
  if (rule.action === "FailIndex" && spec.backoffLimitPerIndex === undefined) {
    errors.push(invalid(actionPath, rule.action, "requires the backoffLimitPerIndex to be set"));
  }
  const conditions = rule.onPodConditions ?? [];
  if (rule.onExitCodes !== undefined) checkExitCodes(rule.onExitCodes, names, path.child("onExitCodes"), errors);
  const conditionsPath = path.child("onPodConditions");
  if (conditions.length > conditionsMax) errors.push(tooMany(conditionsPath, conditions.length, conditionsMax));
  conditions.forEach((condition, i) => {
    const at = conditionsPath.index(i);
    pushProblems(errors, at.child("type"), condition.type ?? "", qualifiedNameProblems(condition.type ?? ""));
    checkWord(condition.status, conditionStatuses, at.child("status"), errors);
  });
  if (rule.onExitCodes !== undefined && conditions.length > 0) {
    errors.push(invalid(path, omitted, "specifying both OnExitCodes and OnPodConditions is not supported"));
  } else if (rule.onExitCodes === undefined && conditions.length === 0) {
    errors.push(invalid(path, omitted, "specifying one of OnExitCodes and OnPodConditions is required"));
  }
}

function checkExitCodes(given: PodFailurePolicyOnExitCodesRequirement, names: ReadonlySet<string>, path: FieldPath, errors: FieldError[]): void {
  checkWord(given.operator, operators, path.child("operator"), errors);
  if (given.containerName !== undefined && !names.has(given.containerName)) {
    errors.push(invalid(path.child("containerName"), given.containerName, "must be one of the container or initContainer names in the pod template"));
  }
  const valuesPath = path.child("values");
  const values = given.values ?? [];
  if (values.length === 0) errors.push(invalid(valuesPath, given.values, "at least one value is required"));
  else if (values.length > exitCodesMax) errors.push(tooMany(valuesPath, values.length, exitCodesMax));
  values.forEach((value, i) => {
    if (values.indexOf(value) < i) errors.push(duplicate(valuesPath.index(i), value));
    if (given.operator === "In" && value === 0) errors.push(invalid(valuesPath.index(i), value, "must not be 0 for the In operator"));
  });
  if (values.some((value, i) => i > 0 && value < (values[i - 1] as number))) errors.push(invalid(valuesPath, values, "must be ordered"));
}

export function checkSuccessPolicy(spec: JobSpec, path: FieldPath, errors: FieldError[]): void {
  const rules = spec.successPolicy?.rules ?? [];
  if (spec.completionMode !== "Indexed") {
    const shown = { Rules: rules.map((rule) => ({ SucceededIndexes: rule.succeededIndexes ?? null, SucceededCount: rule.succeededCount ?? null })) };
    errors.push(invalid(path, shown, "requires indexed completion mode"));
    return;
  }
  const rulesPath = path.child("rules");
  if (rules.length === 0) errors.push(required(rulesPath, "at least one rules must be specified when the successPolicy is specified"));
  if (rules.length > rulesMax) errors.push(tooMany(rulesPath, rules.length, rulesMax));
  rules.forEach((rule, i) => checkSuccessRule(spec, rule, rulesPath.index(i), errors));
}

function checkSuccessRule(spec: JobSpec, rule: SuccessPolicyRule, path: FieldPath, errors: FieldError[]): void {
  const { succeededIndexes, succeededCount } = rule;
  if (succeededCount === undefined && succeededIndexes === undefined) {
    errors.push(required(path, "at least one of succeededCount or succeededIndexes must be specified"));
    return;
  }
  let indexCount = 0;
  if (succeededIndexes !== undefined) {
    const indexesPath = path.child("succeededIndexes");
    if (succeededIndexes.length > indexesBytesMax) errors.push(tooLong(indexesPath, indexesBytesMax));
    const counted = countIndexes(succeededIndexes, spec.completions ?? 0);
    if (typeof counted === "string") errors.push(invalid(indexesPath, succeededIndexes, `error parsing succeededIndexes: ${counted}`));
    else indexCount = counted;
  }
  if (succeededCount === undefined) return;
  const countPath = path.child("succeededCount");
  checkNonNegative(succeededCount, path, "succeededCount", errors);
  const { completions } = spec;
  if (completions !== undefined && succeededCount > completions) {
    errors.push(invalid(countPath, succeededCount, `must be less than or equal to ${completions} (the number of specified completions)`));
  }
  if (succeededIndexes !== undefined && succeededCount > indexCount) {
    const rest = "(the number of indexes in the specified succeededIndexes field)";
    errors.push(invalid(countPath, succeededCount, `must be less than or equal to ${indexCount} ${rest}`));
  }
}

/** How many indexes `0,2-3` names, or what is wrong with it. */
function countIndexes(text: string, completions: number): number | string {
  let count = 0;
  let last = -1;
  if (text === "") return 0;
  for (const interval of text.split(",")) {
    const ends = interval.split("-");
    if (ends.length > 2) return `the fragment "${interval}" violates the requirement that an index interval can have at most two parts separated by '-'`;
    const numbers: number[] = [];
    for (const end of ends) {
      if (!/^[+-]?\d+$/.test(end)) return `cannot convert string to integer for index: "${end}"`;
      if (Number(end) >= completions) return `too large index: "${end}"`;
      if (numbers.length === 1 && (numbers[0] as number) >= Number(end)) return `non-increasing order, previous: ${numbers[0]}, current: ${Number(end)}`;
      numbers.push(Number(end));
    }
    const [first = 0, second = first] = numbers;
    if (first <= last) return `non-increasing order, previous: ${last}, current: ${first}`;
    count += second - first + 1;
    last = second;
  }
  return count;
}
