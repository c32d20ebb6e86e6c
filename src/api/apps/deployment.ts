/** Deployment: replicas of a template, exchanged step by step when the template changes. */
import type { Draft } from "../../base/json.ts";
import type { FieldError } from "../../base/field-error.ts";
import { defaultPodTemplate } from "../core/pod-defaults.ts";
import { changedTemplateWarnings, podNameWarnings } from "../core/pod-warnings.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { equalJson } from "../schema/json-data.ts";
import { deployments } from "../kinds.ts";
import { selectorText } from "../label-text.ts";
import { age, columns, containerCells } from "../table.ts";
import type { Deployment, DeploymentStrategy } from "../types/apps-v1.ts";
import { forbidden, invalid, notSupported, required } from "../validation/errors.ts";
import { checkNonNegative, checkNonNegativeIntOrPercent, checkNotMoreThan100Percent } from "../validation/numbers.ts";
import { FieldPath } from "../validation/path.ts";
import type { FieldPath as Path } from "../validation/path.ts";
import { checkLongRunningTemplate, checkTemplateSelected, checkUnchanged, checkWorkloadSelector, intOrPercentNumber } from "./workload.ts";

const spec = FieldPath.of("spec");

export const deployment: KindDeclaration<Deployment> = {
  ref: deployments,
  warnings: (object, old) => [...podNameWarnings(object.metadata.name, old), ...changedTemplateWarnings(object, old, (each) => each.spec.template, spec.child("template"))],
  defaults(draft) {
    defaultPodTemplate(draft.spec.template);
    draft.spec.replicas ??= 1;
    draft.spec.strategy ??= {};
    const strategy = draft.spec.strategy;
    strategy.type ||= "RollingUpdate";
    if (strategy.type === "RollingUpdate") {
      strategy.rollingUpdate ??= {};
      strategy.rollingUpdate.maxUnavailable ??= "25%";
      strategy.rollingUpdate.maxSurge ??= "25%";
    }
    draft.spec.revisionHistoryLimit ??= 10;
    draft.spec.progressDeadlineSeconds ??= 600;
  },
  prepareCreate(draft) {
    draft.status = {};
  },
  prepareUpdate(draft, old) {
    draft.status = old.status as Draft<Deployment>["status"];
  },
  generationRises: (object, old) => !equalJson(object.spec, old.spec) || !sameData(object.metadata.annotations, old.metadata.annotations),
  validate(object) {
    const errors: FieldError[] = [];
    checkNonNegative(object.spec.replicas, spec, "replicas", errors);
    checkWorkloadSelector(object.spec.selector, { kind: "deployment", required: true, malformed: "invalid label selector" }, spec.child("selector"), errors);
    checkTemplateSelected(object.spec.selector, object.spec.template, spec, errors);
    checkLongRunningTemplate(object.spec.template, { kind: "ReplicaSet" }, spec.child("template"), errors);
    checkStrategy(object.spec.strategy, spec.child("strategy"), errors);
    checkNonNegative(object.spec.minReadySeconds, spec, "minReadySeconds", errors);
    checkNonNegative(object.spec.revisionHistoryLimit, spec, "revisionHistoryLimit", errors);
    checkProgressDeadline(object, errors);
    return errors;
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = [];
    checkUnchanged(sameData(object.spec.selector, old.spec.selector), object.spec.selector, spec.child("selector"), errors);
    return errors;
  },
  status: {
    prepare(draft, old) {
      // Other kinds take labels here; upstream's Deployments do not.
      if (old.metadata.labels === undefined) delete draft.metadata.labels;
      else draft.metadata.labels = { ...old.metadata.labels };
    },
    validate: checkStatus,
  },
  table: {
    columns: columns("Name", "Ready", "Up-to-date", "Available", "Age", "Containers*", "Images*", "Selector*"),
    cells: (object, context) => [
      object.metadata.name,
      `${object.status.readyReplicas ?? 0}/${object.spec.replicas ?? 0}`,
      object.status.updatedReplicas ?? 0,
      object.status.availableReplicas ?? 0,
      age(object, context),
      ...containerCells(object.spec.template.spec),
      selectorText(object.spec.selector),
    ],
  },
};

function checkStrategy(strategy: DeploymentStrategy, path: Path, errors: FieldError[]): void {
  const rolling = strategy.rollingUpdate;
  const rollingPath = path.child("rollingUpdate");
  if (strategy.type === "Recreate") {
    if (rolling !== undefined) errors.push(forbidden(rollingPath, "may not be specified when strategy `type` is 'Recreate'"));
    return;
  }
  if (strategy.type !== "RollingUpdate") {
    const shown = rolling === undefined ? null : { MaxUnavailable: rolling.maxUnavailable ?? 0, MaxSurge: rolling.maxSurge ?? 0 };
    errors.push(notSupported(path, { Type: strategy.type ?? "", RollingUpdate: shown }, ["Recreate", "RollingUpdate"]));
    return;
  }
  if (rolling === undefined) {
    errors.push(required(rollingPath, "this should be defaulted and never be nil"));
    return;
  }
  const unavailablePath = rollingPath.child("maxUnavailable");
  const surgePath = rollingPath.child("maxSurge");
  checkNonNegativeIntOrPercent(rolling.maxUnavailable, unavailablePath, errors);
  checkNonNegativeIntOrPercent(rolling.maxSurge, surgePath, errors);
  if (intOrPercentNumber(rolling.maxUnavailable) === 0 && intOrPercentNumber(rolling.maxSurge) === 0) {
    errors.push(invalid(unavailablePath, rolling.maxUnavailable, "may not be 0 when `maxSurge` is 0"));
  }
  checkNotMoreThan100Percent(rolling.maxUnavailable, unavailablePath, errors);
}

function checkProgressDeadline(object: Deployment, errors: FieldError[]): void {
  const deadline = object.spec.progressDeadlineSeconds;
  if (deadline === undefined) return;
  checkNonNegative(deadline, spec, "progressDeadlineSeconds", errors);
  if (deadline <= (object.spec.minReadySeconds ?? 0)) {
    errors.push(invalid(spec.child("progressDeadlineSeconds"), deadline, "must be greater than minReadySeconds"));
  }
}

function checkStatus(object: Deployment, old: Deployment): FieldError[] {
  const errors: FieldError[] = [];
  const path = FieldPath.of("status");
  const { replicas = 0, updatedReplicas = 0, readyReplicas = 0, availableReplicas = 0, collisionCount } = object.status;
  for (const field of ["observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas", "terminatingReplicas", "collisionCount"] as const) {
    checkNonNegative(object.status[field], path, field, errors);
  }
  const notMoreThanReplicas = "cannot be greater than status.replicas";
  if (updatedReplicas > replicas) errors.push(invalid(path.child("updatedReplicas"), updatedReplicas, notMoreThanReplicas));
  if (readyReplicas > replicas) errors.push(invalid(path.child("readyReplicas"), readyReplicas, notMoreThanReplicas));
  if (availableReplicas > replicas) errors.push(invalid(path.child("availableReplicas"), availableReplicas, notMoreThanReplicas));
  if (availableReplicas > readyReplicas) errors.push(invalid(path.child("availableReplicas"), availableReplicas, "cannot be greater than readyReplicas"));
  if (collisionCount !== undefined && old.status.collisionCount !== undefined && collisionCount < old.status.collisionCount) {
    errors.push(invalid(path.child("collisionCount"), collisionCount, "cannot be decremented"));
  }
  return errors;
}
