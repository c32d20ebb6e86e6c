/** ResourceQuota: how much a namespace may hold and ask for. */
import type { Draft } from "../../base/json.ts";
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { resourceQuotas } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { ResourceQuota, ResourceQuotaSpec } from "../types/core-v1.ts";
import { checkUnchanged } from "../apps/workload.ts";
import { invalid, required } from "../validation/errors.ts";
import { FieldPath } from "../validation/path.ts";
import { checkNonNegativeAmount } from "../validation/quantities.ts";

const spec = FieldPath.of("spec");

export const resourceQuota: KindDeclaration<ResourceQuota> = {
  ref: resourceQuotas,
  hasGeneration: false,
  generationRises: () => false,
  prepareCreate(draft) {
    draft.status = {};
  },
  prepareUpdate(draft, old) {
    draft.status = old.status as Draft<ResourceQuota>["status"];
  },
  validate(object) {
    const errors: FieldError[] = [];
    for (const [name, amount] of Object.entries(object.spec.hard ?? {})) checkNonNegativeAmount(amount, spec.child("hard").key(name), errors);
    checkScopes(object.spec, errors);
    return errors;
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = [];
    checkUnchanged(sameData(object.spec.scopes, old.spec.scopes), object.spec.scopes, spec.child("scopes"), errors);
    return errors;
  },
  table: {
    columns: columns("Name", "Request", "Limit", "Age"),
    cells: (object, context) => {
      const names = Object.keys(object.status.hard ?? {}).sort();
      const text = (limits: boolean): string =>
        names
          .filter((name) => name.startsWith("limits.") === limits)
          .map((name) => `${name}: ${object.status.used?.[name] ?? "0"}/${object.status.hard?.[name] ?? "0"}`)
          .join(", ");
      return [object.metadata.name, text(false), text(true), age(object, context)];
    },
  },
};

const knownScopes = ["Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity", "VolumeAttributesClass"];

/** Upstream leaves the position of a selector's expression out of the path. */
function checkScopes({ scopes = [], scopeSelector }: ResourceQuotaSpec, errors: FieldError[]): void {
  for (const scope of scopes) if (!knownScopes.includes(scope)) errors.push(invalid(spec.child("scopes"), scopes, "unsupported scope"));
  const path = spec.child("scopeSelector").child("matchExpressions");
  for (const { scopeName = "", operator = "", values = [] } of scopeSelector?.matchExpressions ?? []) {
    if (!(knownScopes as readonly string[]).includes(scopeName)) errors.push(invalid(path.child("scopeName"), scopeName, "unsupported scope"));
    const listed = operator === "In" || operator === "NotIn";
    if (listed && values.length === 0) {
      errors.push(required(path.child("values"), "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"));
    } else if ((operator === "Exists" || operator === "DoesNotExist") && values.length > 0) {
      errors.push(invalid(path.child("values"), values, "must be no value when `operator` is 'Exists' or 'DoesNotExist' for scope selector"));
    } else if (!listed && operator !== "Exists" && operator !== "DoesNotExist") {
      errors.push(invalid(path.child("operator"), operator, "not a valid selector operator"));
    }
  }
}
