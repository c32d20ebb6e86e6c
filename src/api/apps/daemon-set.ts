/** DaemonSet: one Pod on every eligible node. */
import type { Draft } from "../../base/json.ts";
import type { FieldError } from "../../base/field-error.ts";
import { defaultPodTemplate } from "../core/pod-defaults.ts";
import { changedTemplateWarnings } from "../core/pod-warnings.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { equalJson } from "../schema/json-data.ts";
import { daemonSets } from "../kinds.ts";
import { labelSelectorText, labelsText } from "../label-text.ts";
import { age, columns, containerCells } from "../table.ts";
import type { DaemonSet, DaemonSetUpdateStrategy } from "../types/apps-v1.ts";
import { invalid, notSupported, required } from "../validation/errors.ts";
import { checkNonNegative, checkNonNegativeIntOrPercent, checkNotMoreThan100Percent } from "../validation/numbers.ts";
import { FieldPath } from "../validation/path.ts";
import type { FieldPath as Path } from "../validation/path.ts";
import { checkLongRunningTemplate, checkTemplateSelected, checkUnchanged, checkWorkloadSelector, intOrPercentNumber } from "./workload.ts";

/** Counts changes of the template; upstream keeps it for objects made through extensions/v1beta1. */
const templateGeneration = "deprecated.daemonset.template.generation";
const spec = FieldPath.of("spec");

export const daemonSet: KindDeclaration<DaemonSet> = {
  ref: daemonSets,
  warnings: (object, old) => changedTemplateWarnings(object, old, (each) => each.spec.template, spec.child("template")),
  defaults(draft) {
    // Upstream's own form has the count as a field, which every object has, and shows it as this annotation.
    if (templateGenerationOf(draft) === undefined) setTemplateGeneration(draft, 0);
    defaultPodTemplate(draft.spec.template);
    draft.spec.updateStrategy ??= {};
    const strategy = draft.spec.updateStrategy;
    strategy.type ||= "RollingUpdate";
    if (strategy.type === "RollingUpdate") {
      strategy.rollingUpdate ??= {};
      strategy.rollingUpdate.maxUnavailable ??= 1;
      strategy.rollingUpdate.maxSurge ??= 0;
    } else if (strategy.rollingUpdate) {
      // Upstream's internal form has numbers there, never nothing.
      strategy.rollingUpdate.maxUnavailable ??= 0;
      strategy.rollingUpdate.maxSurge ??= 0;
    }
    draft.spec.revisionHistoryLimit ??= 10;
  },
  prepareCreate(draft) {
    draft.status = emptyStatus();
    setTemplateGeneration(draft, Math.max(1, templateGenerationOf(draft) ?? 0));
  },
  prepareUpdate(draft, old) {
    draft.status = old.status as Draft<DaemonSet>["status"];
    const before = templateGenerationOf(old) ?? 1;
    setTemplateGeneration(draft, equalJson(draft.spec.template, old.spec.template) ? before : before + 1);
  },
  validate(object) {
    const errors: FieldError[] = [];
    checkWorkloadSelector(object.spec.selector, { kind: "daemonset", required: false }, spec.child("selector"), errors);
    checkTemplateSelected(object.spec.selector, object.spec.template, spec, errors);
    checkLongRunningTemplate(object.spec.template, { kind: "DaemonSet" }, spec.child("template"), errors);
    checkNonNegative(object.spec.minReadySeconds, spec, "minReadySeconds", errors);
    checkUpdateStrategy(object.spec.updateStrategy, spec.child("updateStrategy"), errors);
    checkNonNegative(object.spec.revisionHistoryLimit, spec, "revisionHistoryLimit", errors);
    return errors;
  },
  changesFirst: true,
  validateUpdate(object, old) {
    const errors: FieldError[] = [];
    checkUnchanged(sameData(object.spec.selector, old.spec.selector), object.spec.selector, spec.child("selector"), errors);
    return errors;
  },
  status: {
    prepare: (draft, old) => setTemplateGeneration(draft, templateGenerationOf(old) ?? 1),
    validate(object) {
      const errors: FieldError[] = [];
      const status = FieldPath.of("status");
      for (const field of statusCounts) checkNonNegative(object.status[field], status, field, errors);
      return errors;
    },
  },
  table: {
    columns: columns(
      "Name",
      "Desired:integer",
      "Current:integer",
      "Ready:integer",
      "Up-to-date:integer",
      "Available:integer",
      "Node Selector",
      "Age",
      "Containers*",
      "Images*",
      "Selector*",
    ),
    cells: (object, context) => [
      object.metadata.name,
      object.status.desiredNumberScheduled,
      object.status.currentNumberScheduled,
      object.status.numberReady,
      object.status.updatedNumberScheduled ?? 0,
      object.status.numberAvailable ?? 0,
      labelsText(object.spec.template.spec?.nodeSelector),
      age(object, context),
      ...containerCells(object.spec.template.spec),
      labelSelectorText(object.spec.selector),
    ],
  },
};

const statusCounts = [
  "currentNumberScheduled",
  "numberMisscheduled",
  "desiredNumberScheduled",
  "numberReady",
  "observedGeneration",
  "updatedNumberScheduled",
  "numberAvailable",
  "numberUnavailable",
  "collisionCount",
] as const;

function emptyStatus(): Draft<DaemonSet>["status"] {
  return { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };
}

function templateGenerationOf(object: { readonly metadata: { readonly annotations?: { readonly [key: string]: string } } }): number | undefined {
  const text = object.metadata.annotations?.[templateGeneration];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function setTemplateGeneration(draft: Draft<DaemonSet>, generation: number): void {
  draft.metadata.annotations = { ...draft.metadata.annotations, [templateGeneration]: String(generation) };
}

function checkUpdateStrategy(strategy: DaemonSetUpdateStrategy, path: Path, errors: FieldError[]): void {
  if (strategy.type === "OnDelete") return;
  const rolling = strategy.rollingUpdate;
  if (strategy.type !== "RollingUpdate") {
    const shown = rolling === undefined ? null : { MaxUnavailable: rolling.maxUnavailable ?? 0, MaxSurge: rolling.maxSurge ?? 0 };
    errors.push(notSupported(path, { Type: strategy.type ?? "", RollingUpdate: shown }, ["RollingUpdate", "OnDelete"]));
    return;
  }
  const rollingPath = path.child("rollingUpdate");
  if (rolling === undefined) {
    errors.push(required(rollingPath));
    return;
  }
  const unavailablePath = rollingPath.child("maxUnavailable");
  const surgePath = rollingPath.child("maxSurge");
  checkNonNegativeIntOrPercent(rolling.maxUnavailable, unavailablePath, errors);
  checkNonNegativeIntOrPercent(rolling.maxSurge, surgePath, errors);
  const unavailable = intOrPercentNumber(rolling.maxUnavailable);
  const surge = intOrPercentNumber(rolling.maxSurge);
  if (unavailable !== 0 && surge !== 0) {
    errors.push(invalid(surgePath, rolling.maxSurge, "may not be set when maxUnavailable is non-zero"));
  } else if (unavailable === 0 && surge === 0) {
    errors.push(required(unavailablePath, "cannot be 0 when maxSurge is 0"));
  }
  checkNotMoreThan100Percent(rolling.maxUnavailable, unavailablePath, errors);
  checkNotMoreThan100Percent(rolling.maxSurge, surgePath, errors);
}
