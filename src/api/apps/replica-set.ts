/** ReplicaSet: a number of equal Pods. */
import type { Draft } from "../../base/json.ts";
import type { FieldError } from "../../base/field-error.ts";
import { defaultPodTemplate } from "../core/pod-defaults.ts";
import { changedTemplateWarnings, podNameWarnings } from "../core/pod-warnings.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { replicaSets } from "../kinds.ts";
import { labelSelectorText } from "../label-text.ts";
import type { ReplicaSet } from "../types/apps-v1.ts";
import { checkNonNegative } from "../validation/numbers.ts";
import { FieldPath } from "../validation/path.ts";
import { checkReplicaStatus, replicaTable } from "./replica-status.ts";
import { checkLongRunningTemplate, checkTemplateSelected, checkUnchanged, checkWorkloadSelector } from "./workload.ts";

const spec = FieldPath.of("spec");

export const replicaSet: KindDeclaration<ReplicaSet> = {
  ref: replicaSets,
  warnings: (object, old) => [...podNameWarnings(object.metadata.name, old), ...changedTemplateWarnings(object, old, (each) => each.spec.template, spec.child("template"))],
  defaults(draft) {
    if (draft.spec.template !== undefined) defaultPodTemplate(draft.spec.template);
    draft.spec.replicas ??= 1;
  },
  prepareCreate(draft) {
    draft.status = { replicas: 0 };
  },
  prepareUpdate(draft, old) {
    draft.status = old.status as Draft<ReplicaSet>["status"];
  },
  validate(object) {
    const errors: FieldError[] = [];
    checkNonNegative(object.spec.replicas, spec, "replicas", errors);
    checkNonNegative(object.spec.minReadySeconds, spec, "minReadySeconds", errors);
    // Upstream speaks of a deployment here.
    checkWorkloadSelector(object.spec.selector, { kind: "deployment", required: true, malformed: "invalid label selector" }, spec.child("selector"), errors);
    checkTemplateSelected(object.spec.selector, object.spec.template, spec, errors);
    checkLongRunningTemplate(object.spec.template, { kind: "ReplicaSet" }, spec.child("template"), errors);
    return errors;
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = [];
    checkUnchanged(sameData(object.spec.selector, old.spec.selector), object.spec.selector, spec.child("selector"), errors);
    return errors;
  },
  status: { validate: (object) => checkReplicaStatus(object.status) },
  selectableFields: { "status.replicas": (object) => String(object.status.replicas) },
  table: replicaTable(({ spec: { selector } }) => labelSelectorText(selector)),
};
