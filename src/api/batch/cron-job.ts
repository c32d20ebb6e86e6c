/** CronJob: a Job at every tick of a schedule. */
import type { Draft } from "../../base/json.ts";
import { CronError, parseSchedule } from "../../base/cron.ts";
import type { FieldError } from "../../base/field-error.ts";
import { isTimeZoneName } from "../../base/time-zone.ts";
import { defaultPodTemplate } from "../core/pod-defaults.ts";
import { changedTemplateWarnings, podNameWarnings } from "../core/pod-warnings.ts";
import type { KindDeclaration } from "../declaration.ts";
import { cronJobs } from "../kinds.ts";
import { labelSelectorText } from "../label-text.ts";
import { age, columns, containerCells, since } from "../table.ts";
import type { CronJob, CronJobSpec, JobTemplateSpec } from "../types/batch-v1.ts";
import { invalid, notSupported, required } from "../validation/errors.ts";
import { dnsSubdomainName } from "../validation/names.ts";
import { checkNonNegative } from "../validation/numbers.ts";
import { FieldPath } from "../validation/path.ts";
import type { FieldPath as Path } from "../validation/path.ts";
import { checkJobSpec } from "./job-spec-validation.ts";


const spec = FieldPath.of("spec");
/** A Job's name has 63 characters, of which `-` and the minute take eleven. */
const nameLengthMax = 52;

export const cronJob: KindDeclaration<CronJob> = {
  ref: cronJobs,
  warnings: (object, old) => {
    return [...podNameWarnings(object.metadata.name, old), ...changedTemplateWarnings(object, old, (each) => each.spec.jobTemplate.spec.template, spec.child("jobTemplate").child("spec").child("template"))];
  },
  nameErrors: (name, prefix) => {
    const problems = dnsSubdomainName(name, prefix);
    return !prefix && name.length > nameLengthMax ? [...problems, `must be no more than ${nameLengthMax} characters`] : problems;
  },
  defaults(draft) {
    defaultPodTemplate(draft.spec.jobTemplate.spec.template);
    draft.spec.concurrencyPolicy ||= "Allow";
    draft.spec.suspend ??= false;
    draft.spec.successfulJobsHistoryLimit ??= 3;
    draft.spec.failedJobsHistoryLimit ??= 1;
  },
  prepareCreate(draft) {
    draft.status = {};
  },
  prepareUpdate(draft, old) {
    draft.status = old.status as Draft<CronJob>["status"];
  },
  validate(object) {
    const errors: FieldError[] = [];
    checkCronJobSpec(object.spec, errors);
    return errors;
  },
  table: {
    columns: columns("Name", "Schedule", "Timezone", "Suspend:boolean", "Active:integer", "Last Schedule", "Age", "Containers*", "Images*", "Selector*"),
    cells: (object, context) => [
      object.metadata.name,
      object.spec.schedule,
      object.spec.timeZone ?? "<none>",
      object.spec.suspend === undefined ? "<unset>" : object.spec.suspend ? "True" : "False",
      object.status.active?.length ?? 0,
      object.status.lastScheduleTime === undefined ? "<none>" : since(object.status.lastScheduleTime, context),
      age(object, context),
      ...containerCells(object.spec.jobTemplate.spec.template.spec),
      labelSelectorText(object.spec.jobTemplate.spec.selector),
    ],
  },
};

function checkCronJobSpec(given: CronJobSpec, errors: FieldError[]): void {
  checkSchedule(given, errors);
  checkNonNegative(given.startingDeadlineSeconds, spec, "startingDeadlineSeconds", errors);
  checkTimeZone(given.timeZone, spec.child("timeZone"), errors);
  const policy = given.concurrencyPolicy as string | undefined;
  const policies = ["Allow", "Forbid", "Replace"];
  if (policy === undefined || policy === "") errors.push(required(spec.child("concurrencyPolicy")));
  else if (!policies.includes(policy)) errors.push(notSupported(spec.child("concurrencyPolicy"), policy, policies));
  checkJobTemplate(given.jobTemplate, spec.child("jobTemplate").child("spec"), errors);
  checkNonNegative(given.successfulJobsHistoryLimit, spec, "successfulJobsHistoryLimit", errors);
  checkNonNegative(given.failedJobsHistoryLimit, spec, "failedJobsHistoryLimit", errors);
}

function checkSchedule({ schedule, timeZone }: CronJobSpec, errors: FieldError[]): void {
  const path = spec.child("schedule");
  if (schedule === undefined || schedule === "") {
    errors.push(required(path));
    return;
  }
  try {
    parseSchedule(schedule);
  } catch (error) {
    if (!(error instanceof CronError)) throw error;
    errors.push(invalid(path, schedule, error.message));
  }
  if (schedule.includes("TZ")) {
    const why =
      timeZone === undefined ? "cannot use TZ or CRON_TZ in schedule, use timeZone field instead" : "cannot use both timeZone field and TZ or CRON_TZ in schedule";
    errors.push(invalid(path, schedule, why));
  }
}

function checkTimeZone(timeZone: string | undefined, path: Path, errors: FieldError[]): void {
  if (timeZone === undefined) return;
  if (timeZone === "") errors.push(invalid(path, timeZone, "timeZone must be nil or non-empty string"));
  else if (timeZone.toLowerCase() === "local") {
    errors.push(invalid(path, timeZone, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"));
  }
  // "Local" alone is a name that upstream's library knows.
  if (timeZone !== "" && timeZone !== "Local" && !isTimeZoneName(timeZone)) errors.push(invalid(path, timeZone, `unknown time zone ${timeZone}`));
}

/** The Jobs get their selectors by themselves. */
function checkJobTemplate(template: JobTemplateSpec, path: Path, errors: FieldError[]): void {
  checkJobSpec(template.spec, path, errors);
  if (template.spec.selector !== undefined) errors.push(invalid(path.child("selector"), template.spec.selector, "`selector` will be auto-generated"));
  if (template.spec.manualSelector === true) errors.push(notSupported(path.child("manualSelector"), true, ["nil", "false"]));
}
