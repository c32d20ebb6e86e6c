/** ResourceQuota: how much a namespace may hold and ask for. */
import type { Draft } from "../../base/json.ts";
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { resourceQuotas } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { ResourceQuota } from "../types/core-v1.ts";
import { checkUnchanged } from "../apps/workload.ts";
import { FieldPath } from "../validation/path.ts";
import { checkQuotaSpec, checkQuotaStatus } from "./quota-validation.ts";

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
    checkQuotaSpec(object.spec, spec, errors);
    return errors;
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = [];
    checkUnchanged(sameData(object.spec.scopes, old.spec.scopes), object.spec.scopes, spec.child("scopes"), errors);
    return errors;
  },
  status: { validate: (object) => checkQuotaStatus(object.status) },
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
