/** ReplicationController: ReplicaSet's forerunner, with a plain map as selector. */
import type { Draft } from "../../base/json.ts";
import type { FieldError } from "../../base/field-error.ts";
import { checkReplicaStatus, replicaTable } from "../apps/replica-status.ts";
import { changedTemplateWarnings, podNameWarnings } from "./pod-warnings.ts";
import type { KindDeclaration } from "../declaration.ts";
import { replicationControllers } from "../kinds.ts";
import { labelsText } from "../label-text.ts";
import type { ReplicationController } from "../types/core-v1.ts";
import { checkLongRunningTemplate } from "../apps/workload.ts";
import { invalid, required } from "../validation/errors.ts";
import { selectorMatches } from "../validation/label-selector.ts";
import { dnsSubdomainName, longNameProblems } from "../validation/names.ts";
import { checkNonNegative } from "../validation/numbers.ts";
import { FieldPath } from "../validation/path.ts";
import { defaultPodTemplate } from "./pod-defaults.ts";

const spec = FieldPath.of("spec");

export const replicationController: KindDeclaration<ReplicationController> = {
  ref: replicationControllers,
  nameErrors: (name, prefix) => (prefix ? dnsSubdomainName(name, true) : [...longNameProblems(name)]),
  warnings: (object, old) => [...podNameWarnings(object.metadata.name, old), ...changedTemplateWarnings(object, old, (each) => each.spec.template, spec.child("template"))],
  defaults(draft) {
    draft.spec ??= {};
    const labels = draft.spec.template?.metadata?.labels;
    if (draft.spec.template !== undefined) defaultPodTemplate(draft.spec.template);
    if (labels !== undefined) {
      if (Object.keys(draft.spec.selector ?? {}).length === 0) draft.spec.selector = { ...labels };
      if (Object.keys(draft.metadata.labels ?? {}).length === 0) draft.metadata.labels = { ...labels };
    }
    draft.spec.replicas ??= 1;
  },
  prepareCreate(draft) {
    draft.status = { replicas: 0 };
  },
  prepareUpdate(draft, old) {
    draft.status = old.status as Draft<ReplicationController>["status"];
  },
  validate(object) {
    const errors: FieldError[] = [];
    const { selector = {}, template } = object.spec;
    checkNonNegative(object.spec.minReadySeconds, spec, "minReadySeconds", errors);
    if (Object.keys(selector).length === 0) errors.push(required(spec.child("selector")));
    checkNonNegative(object.spec.replicas, spec, "replicas", errors);
    if (template === undefined) {
      errors.push(required(spec.child("template")));
      return errors;
    }
    const labels = template.metadata?.labels;
    if (Object.keys(selector).length > 0 && !selectorMatches({ matchLabels: selector }, labels)) {
      errors.push(invalid(spec.child("template").child("metadata").child("labels"), labels, "`selector` does not match template `labels`"));
    }
    checkLongRunningTemplate(template, { kind: "ReplicationController" }, spec.child("template"), errors);
    return errors;
  },
  status: { validate: (object) => checkReplicaStatus(object.status) },
  selectableFields: { "status.replicas": (object) => String(object.status.replicas) },
  table: replicaTable(({ spec: { selector } }) => labelsText(selector)),
};
