/** Job: Pods that run to their end, a number of times. */
import type { Draft } from "../../base/json.ts";
import { shortDuration } from "../../base/duration.ts";
import { parseTime } from "../../base/time.ts";
import type { FieldError } from "../../base/field-error.ts";
import { checkTemplateSelected } from "../apps/workload.ts";
import { defaultPodTemplate } from "../core/pod-defaults.ts";
import { changedTemplateWarnings, podNameWarnings } from "../core/pod-warnings.ts";
import type { KindDeclaration, TableContext } from "../declaration.ts";
import { jobs } from "../kinds.ts";
import { labelSelectorText } from "../label-text.ts";
import { age, columns, containerCells } from "../table.ts";
import type { Job, JobSpec } from "../types/batch-v1.ts";
import { invalid, required } from "../validation/errors.ts";
import { checkLabelSelector, selectorMatches } from "../validation/label-selector.ts";
import { dns1123LabelProblems, labelValueProblems } from "../validation/names.ts";
import { FieldPath } from "../validation/path.ts";
import { checkJobSpec } from "./job-spec-validation.ts";
import { checkJobStatus, hasCondition } from "./job-status-validation.ts";
import { checkJobUpdate } from "./job-update-validation.ts";

/** Labels that tie a Pod to its Job: today's, and those that older clients look for. */
const jobLabels = {
  controllerUid: "batch.kubernetes.io/controller-uid",
  jobName: "batch.kubernetes.io/job-name",
  legacyControllerUid: "controller-uid",
  legacyJobName: "job-name",
} as const;

const backoffLimitUnlimited = 2_147_483_647;
const spec = FieldPath.of("spec");

export const job: KindDeclaration<Job> = {
  ref: jobs,
  defaultPropagation: "Orphan",
  defaults(draft) {
    defaultPodTemplate(draft.spec.template);
    defaultJobSpec(draft.spec);
    const labels = draft.spec.template.metadata?.labels;
    // The same map, as upstream: the generated labels reach the Job too (see prepareCreate).
    if (labels !== undefined && Object.keys(draft.metadata.labels ?? {}).length === 0) draft.metadata.labels = labels;
  },
  prepareCreate(draft) {
    draft.status = {};
    if (draft.spec.manualSelector !== true) generateSelector(draft);
  },
  prepareUpdate(draft, old) {
    draft.status = old.status as Draft<Job>["status"];
  },
  validate(object) {
    const errors: FieldError[] = [];
    checkGeneratedSelector(object, errors);
    checkSpec(object.spec, errors);
    checkLongestPodName(object, errors);
    return errors;
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = [];
    // Upstream judges the spec for the second time here, and lists its faults twice among the causes.
    checkSpec(object.spec, errors);
    checkJobUpdate(object, old, errors);
    return errors;
  },
  status: { validate: checkJobStatus },
  selectableFields: { "status.successful": (object) => String(object.status.succeeded ?? 0) },
  warnings: (object, old) => [
    ...podNameWarnings(object.metadata.name, old),
    ...changedTemplateWarnings(object, old, (each) => each.spec.template, spec.child("template")),
  ],
  table: {
    columns: columns("Name", "Status", "Completions", "Duration", "Age", "Containers*", "Images*", "Selector*"),
    cells: (object, context) => [
      object.metadata.name,
      statusText(object),
      completionsText(object),
      durationText(object, context),
      age(object, context),
      ...containerCells(object.spec.template.spec),
      labelSelectorText(object.spec.selector),
    ],
  },
};

function checkSpec(given: JobSpec, errors: FieldError[]): void {
  checkJobSpec(given, spec, errors);
  if ((given.selector ?? undefined) === undefined) errors.push(required(spec.child("selector")));
  else checkLabelSelector(given.selector, spec.child("selector"), errors);
  checkTemplateSelected(given.selector, given.template, spec, errors);
}

function defaultJobSpec(draft: Draft<JobSpec>): void {
  if (draft.completions === undefined && draft.parallelism === undefined) draft.completions = 1;
  draft.parallelism ??= 1;
  draft.backoffLimit ??= draft.backoffLimitPerIndex === undefined ? 6 : backoffLimitUnlimited;
  draft.manualSelector ??= false;
  draft.completionMode ??= "NonIndexed";
  draft.suspend ??= false;
  draft.podReplacementPolicy ??= draft.podFailurePolicy === undefined ? "TerminatingOrFailed" : "Failed";
  for (const rule of draft.podFailurePolicy?.rules ?? []) {
    for (const condition of rule?.onPodConditions ?? []) if (condition !== null) condition.status ||= "True";
  }
}

/** Own labels on the template and a selector for the Job's uid; what the client wrote there stays and is judged later. */
function generateSelector(draft: Draft<Job>): void {
  draft.spec.template.metadata ??= {} as Draft<Job>["metadata"];
  const meta = draft.spec.template.metadata;
  // Not of a Job whose name was generated: upstream copies it for each name it tries, and with that the two maps part.
  const shared = meta.labels !== undefined && draft.metadata.labels === meta.labels && draft.metadata.generateName === undefined;
  const { name = "", uid } = draft.metadata;
  const generated = {
    [jobLabels.controllerUid]: uid,
    [jobLabels.jobName]: name,
    [jobLabels.legacyControllerUid]: uid,
    [jobLabels.legacyJobName]: name,
  };
  meta.labels = { ...generated, ...meta.labels };
  // A name that is no label is refused at the template alone: upstream fills the Job's own labels in later.
  const own = Object.keys(draft.metadata.labels ?? {}).length === 0 && labelValueProblems(name).length === 0;
  if (shared || own) draft.metadata.labels = { ...meta.labels };
  draft.spec.selector ??= {};
  draft.spec.selector.matchLabels = { [jobLabels.controllerUid]: uid, ...draft.spec.selector.matchLabels };
}

function checkGeneratedSelector(object: Job, errors: FieldError[]): void {
  if (object.spec.manualSelector === true || object.spec.selector === undefined) return;
  const { name = "", uid } = object.metadata;
  const expected: { [label: string]: string } = {
    [jobLabels.controllerUid]: uid,
    [jobLabels.jobName]: name,
    [jobLabels.legacyControllerUid]: uid,
    [jobLabels.legacyJobName]: name,
  };
  if (uid === "") errors.push(required("metadata.uid"));
  const labels = object.spec.template.metadata?.labels;
  const path = spec.child("template").child("metadata").child("labels");
  for (const [label, value] of Object.entries(expected)) {
    const actual = labels?.[label];
    if (actual === undefined) errors.push(required(path.key(label), `must be '${value}'`));
    else if (actual !== value) errors.push(invalid(path.key(label), labels, `must be '${value}'`));
  }
  const problems: FieldError[] = [];
  checkLabelSelector(object.spec.selector, spec, problems);
  if (problems.length === 0 && !selectorMatches(object.spec.selector, expected)) {
    errors.push(invalid(spec.child("selector"), object.spec.selector, "`selector` not auto-generated"));
  }
}

/** Pods of an Indexed Job are named after their index; the longest must still be a host name. */
function checkLongestPodName(object: Job, errors: FieldError[]): void {
  const { completionMode, completions = 0 } = object.spec;
  if (completionMode !== "Indexed" || completions <= 0) return;
  const name = object.metadata.name ?? "";
  const longest = `${name}-${completions - 1}`;
  if (dns1123LabelProblems(longest).length > 0) {
    errors.push(invalid("metadata.name", name, `will not able to create pod with invalid DNS label: ${longest}`));
  }
}

function statusText(object: Job): string {
  if (hasCondition(object.status, "Complete")) return "Complete";
  if (hasCondition(object.status, "Failed")) return "Failed";
  if (object.metadata.deletionTimestamp !== undefined) return "Terminating";
  for (const type of ["Suspended", "FailureTarget", "SuccessCriteriaMet"]) if (hasCondition(object.status, type)) return type;
  return "Running";
}

function completionsText(object: Job): string {
  const succeeded = object.status.succeeded ?? 0;
  const { completions, parallelism = 0 } = object.spec;
  if (completions !== undefined) return `${succeeded}/${completions}`;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationText(object: Job, context: TableContext): string {
  const { startTime, completionTime } = object.status;
  const start = startTime === undefined ? undefined : parseTime(startTime);
  if (start === undefined) return "";
  const end = completionTime === undefined ? undefined : parseTime(completionTime);
  return shortDuration((end ?? context.now) - start);
}
