/** StatefulSet: Pods with an ordinal and claims of their own. */
import type { Draft } from "../../base/json.ts";
import type { FieldError } from "../../base/field-error.ts";
import { checkClaimSpec } from "../core/claim-validation.ts";
import { defaultClaim } from "../core/persistent-volume-claim.ts";
import { defaultPodTemplate } from "../core/pod-defaults.ts";
import { changedTemplateWarnings, claimWarnings } from "../core/pod-warnings.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { statefulSets } from "../kinds.ts";
import { age, columns, containerCells } from "../table.ts";
import type { StatefulSet, StatefulSetSpec, StatefulSetUpdateStrategy } from "../types/apps-v1.ts";
import type { PodTemplateSpec } from "../types/core-v1.ts";
import { forbidden, invalid, notSupported, pushProblems, required } from "../validation/errors.ts";
import { dns1123LabelProblems, dnsLabelName } from "../validation/names.ts";
import { checkNonNegative, checkNonNegativeIntOrPercent, checkNotMoreThan100Percent } from "../validation/numbers.ts";
import { checkAnnotations, checkLabels } from "../validation/object-meta.ts";
import { FieldPath } from "../validation/path.ts";
import type { FieldPath as Path } from "../validation/path.ts";
import { checkLongRunningTemplate, checkTemplateSelected, checkWorkloadSelector, intOrPercentNumber } from "./workload.ts";

const spec = FieldPath.of("spec");

const mutableFields = ["replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy", "minReadySeconds"] as const;
const onlyTheseChange = `updates to statefulset spec for fields other than ${mutableFields
  .slice(0, -1)
  .map((field) => `'${field}'`)
  .join(", ")} and '${mutableFields.at(-1)}' are forbidden`;

export const statefulSet: KindDeclaration<StatefulSet> = {
  ref: statefulSets,
  warnings(object, old) {
    const warnings = changedTemplateWarnings(object, old, (each) => each.spec.template, spec.child("template"));
    if ((object.spec.revisionHistoryLimit ?? 0) < 0) {
      warnings.push("spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended");
    }
    object.spec.volumeClaimTemplates?.forEach((claim, i) => warnings.push(...claimWarnings(claim.spec, spec.child("volumeClaimTemplates").index(i).child("spec"))));
    return warnings;
  },
  nameErrors: dnsLabelName,
  defaults(draft) {
    defaultPodTemplate(draft.spec.template);
    for (const claim of draft.spec.volumeClaimTemplates ?? []) {
      claim.apiVersion ||= "v1";
      claim.kind ||= "PersistentVolumeClaim";
      defaultClaim(claim);
    }
    draft.spec.podManagementPolicy ||= "OrderedReady";
    draft.spec.updateStrategy ??= {};
    const strategy = draft.spec.updateStrategy;
    strategy.type ||= "RollingUpdate";
    if (strategy.type === "RollingUpdate") {
      strategy.rollingUpdate ??= {};
      strategy.rollingUpdate.partition ??= 0;
    }
    draft.spec.persistentVolumeClaimRetentionPolicy ??= {};
    draft.spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= "Retain";
    draft.spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= "Retain";
    draft.spec.replicas ??= 1;
    draft.spec.revisionHistoryLimit ??= 10;
  },
  prepareCreate(draft) {
    draft.status = { replicas: 0, availableReplicas: 0 };
  },
  prepareUpdate(draft, old) {
    draft.status = old.status as Draft<StatefulSet>["status"];
  },
  validate(object) {
    const errors: FieldError[] = [];
    checkSpec(object.spec, errors);
    return errors;
  },
  validateUpdate(object, old) {
    const rest = (given: StatefulSetSpec): object => ({ ...given, ...Object.fromEntries(mutableFields.map((field) => [field, undefined])) });
    return sameData(rest(object.spec), rest(old.spec)) ? [] : [forbidden(spec, onlyTheseChange)];
  },
  status: { validate: checkStatus },
  table: {
    columns: columns("Name", "Ready", "Age", "Containers*", "Images*"),
    cells: (object, context) => [
      object.metadata.name,
      `${object.status.readyReplicas ?? 0}/${object.spec.replicas ?? 0}`,
      age(object, context),
      ...containerCells(object.spec.template.spec),
    ],
  },
};

function checkSpec(given: StatefulSetSpec, errors: FieldError[]): void {
  const policy = given.podManagementPolicy as string | undefined;
  if (policy !== "OrderedReady" && policy !== "Parallel") {
    errors.push(invalid(spec.child("podManagementPolicy"), policy, "must be 'OrderedReady' or 'Parallel'"));
  }
  checkUpdateStrategy(given.updateStrategy, spec.child("updateStrategy"), errors);
  const retention = spec.child("persistentVolumeClaimRetentionPolicy");
  for (const field of ["whenDeleted", "whenScaled"] as const) {
    const value = given.persistentVolumeClaimRetentionPolicy?.[field];
    if (value !== undefined && value !== "Retain" && value !== "Delete") errors.push(notSupported(retention.child(field), value, ["Retain", "Delete"]));
  }
  checkNonNegative(given.replicas, spec, "replicas", errors);
  checkNonNegative(given.minReadySeconds, spec, "minReadySeconds", errors);
  checkNonNegative(given.ordinals?.start, spec.child("ordinals"), "start", errors);
  if (given.serviceName !== undefined && given.serviceName !== "") {
    pushProblems(errors, spec.child("serviceName"), given.serviceName, dns1123LabelProblems(given.serviceName));
  }
  given.volumeClaimTemplates?.forEach((claim, i) => checkClaimSpec(claim.spec, spec.child("volumeClaimTemplates").index(i).child("spec"), errors));
  checkWorkloadSelector(given.selector, { kind: "statefulset", required: true, malformed: "" }, spec.child("selector"), errors);
  checkTemplateSelected(given.selector, given.template, spec, errors);
  // Upstream judges these once more with the rest of the template.
  const { labels, annotations } = given.template.metadata ?? {};
  checkLabels(labels, spec.child("template").child("labels"), errors);
  checkAnnotations(annotations, spec.child("template").child("annotations"), errors);
  checkLongRunningTemplate(withClaims(given), { kind: "StatefulSet" }, spec.child("template"), errors);
}

/** The template as its Pods will have it: each claim is a volume of that name. */
function withClaims(given: StatefulSetSpec): PodTemplateSpec {
  const claims = given.volumeClaimTemplates ?? [];
  if (claims.length === 0 || given.template.spec === undefined) return given.template;
  const names = new Set(claims.map(({ metadata }) => metadata?.name ?? ""));
  const volumes = [
    ...claims.map(({ metadata }) => ({ name: metadata?.name ?? "", persistentVolumeClaim: { claimName: metadata?.name ?? "" } })),
    ...(given.template.spec.volumes ?? []).filter(({ name }) => !names.has(name)),
  ];
  return { ...given.template, spec: { ...given.template.spec, volumes } };
}

function checkUpdateStrategy(strategy: StatefulSetUpdateStrategy, path: Path, errors: FieldError[]): void {
  const rolling = strategy.rollingUpdate;
  const shownRolling = rolling === undefined ? null : { Partition: rolling.partition ?? 0, MaxUnavailable: rolling.maxUnavailable ?? null };
  const rollingPath = path.child("rollingUpdate");
  if (strategy.type === undefined || (strategy.type as string) === "") errors.push(required(path));
  else if (strategy.type === "OnDelete") {
    if (rolling !== undefined) errors.push(invalid(rollingPath, shownRolling, "only allowed for updateStrategy 'RollingUpdate'"));
  } else if (strategy.type === "RollingUpdate") {
    checkNonNegative(rolling?.partition, rollingPath, "partition", errors);
    const unavailable = rolling?.maxUnavailable;
    if (unavailable === undefined) return;
    const unavailablePath = rollingPath.child("maxUnavailable");
    checkNonNegativeIntOrPercent(unavailable, unavailablePath, errors);
    if (intOrPercentNumber(unavailable) === 0) errors.push(invalid(unavailablePath, unavailable, "cannot be 0"));
    checkNotMoreThan100Percent(unavailable, unavailablePath, errors);
  } else {
    errors.push(invalid(path, { Type: strategy.type, RollingUpdate: shownRolling }, "must be 'RollingUpdate' or 'OnDelete'"));
  }
}

function checkStatus(object: StatefulSet, old: StatefulSet): FieldError[] {
  const errors: FieldError[] = [];
  const path = FieldPath.of("status");
  const status = object.status;
  for (const field of ["replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "observedGeneration", "collisionCount", "availableReplicas"] as const) {
    checkNonNegative(status[field], path, field, errors);
  }
  for (const field of ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"] as const) {
    const value = status[field] ?? 0;
    if (value > status.replicas) errors.push(invalid(path.child(field), value, "cannot be greater than status.replicas"));
  }
  const { availableReplicas = 0, readyReplicas = 0, collisionCount } = status;
  if (availableReplicas > readyReplicas) errors.push(invalid(path.child("availableReplicas"), availableReplicas, "cannot be greater than status.readyReplicas"));
  if (collisionCount !== undefined && old.status.collisionCount !== undefined && collisionCount < old.status.collisionCount) {
    errors.push(invalid(path.child("collisionCount"), collisionCount, "cannot be decremented"));
  }
  return errors;
}
