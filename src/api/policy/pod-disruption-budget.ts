/** PodDisruptionBudget: how many Pods of a set may be missing by intention. */
import type { Draft } from "../../base/json.ts";
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { podDisruptionBudgets } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { PodDisruptionBudget } from "../types/policy-v1.ts";
import { invalid, notSupported } from "../validation/errors.ts";
import { checkLabelSelector } from "../validation/label-selector.ts";
import { checkNonNegative, checkNonNegativeIntOrPercent, checkNotMoreThan100Percent } from "../validation/numbers.ts";
import { FieldPath } from "../validation/path.ts";

const spec = FieldPath.of("spec");

export const podDisruptionBudget: KindDeclaration<PodDisruptionBudget> = {
  ref: podDisruptionBudgets,
  prepareCreate(draft) {
    draft.status = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
  },
  prepareUpdate(draft, old) {
    draft.status = old.status as Draft<PodDisruptionBudget>["status"];
  },
  validate(object) {
    const errors: FieldError[] = [];
    const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = object.spec;
    if (minAvailable !== undefined && maxUnavailable !== undefined) {
      const given = { MinAvailable: minAvailable, Selector: selector, MaxUnavailable: maxUnavailable, UnhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy ?? null };
      errors.push(invalid(spec, given, "minAvailable and maxUnavailable cannot be both set"));
    }
    for (const field of ["minAvailable", "maxUnavailable"] as const) {
      checkNonNegativeIntOrPercent(object.spec[field], spec.child(field), errors);
      checkNotMoreThan100Percent(object.spec[field], spec.child(field), errors);
    }
    checkLabelSelector(selector, spec.child("selector"), errors);
    const policies = ["AlwaysAllow", "IfHealthyBudget"];
    if (unhealthyPodEvictionPolicy !== undefined && !policies.includes(unhealthyPodEvictionPolicy)) {
      errors.push(notSupported(spec.child("unhealthyPodEvictionPolicy"), unhealthyPodEvictionPolicy, policies));
    }
    return errors;
  },
  status: {
    validate(object) {
      const errors: FieldError[] = [];
      const path = FieldPath.of("status");
      for (const field of ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"] as const) {
        checkNonNegative(object.status[field], path, field, errors);
      }
      return errors;
    },
  },
  table: {
    columns: columns("Name", "Min Available", "Max Unavailable", "Allowed Disruptions:integer", "Age"),
    cells: (object, context) => [
      object.metadata.name,
      String(object.spec.minAvailable ?? "N/A"),
      String(object.spec.maxUnavailable ?? "N/A"),
      object.status.disruptionsAllowed ?? 0,
      age(object, context),
    ],
  },
};
