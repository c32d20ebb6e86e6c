/** Lease: who holds something, and since when; nodes prove by it that they live. */
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { leases } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { Lease } from "../types/coordination-v1.ts";
import { notSupported, required } from "../validation/errors.ts";
import { checkNonNegative, checkPositive } from "../validation/numbers.ts";
import { FieldPath } from "../validation/path.ts";

const spec = FieldPath.of("spec");

export const lease: KindDeclaration<Lease> = {
  ref: leases,
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  validate(object) {
    const errors: FieldError[] = [];
    checkPositive(object.spec?.leaseDurationSeconds, spec, "leaseDurationSeconds", errors);
    checkNonNegative(object.spec?.leaseTransitions, spec, "leaseTransitions", errors);
    const { strategy, preferredHolder } = object.spec ?? {};
    if (strategy !== undefined && strategy !== "OldestEmulationVersion" && !strategy.includes("/")) {
      errors.push(notSupported(spec.child("strategy"), strategy, ["OldestEmulationVersion"]));
    }
    if ((preferredHolder ?? "") !== "" && (strategy ?? "") === "") errors.push(required(spec.child("strategy"), "strategy must be specified when preferredHolder is set"));
    return errors;
  },
  table: {
    columns: columns("Name", "Holder", "Age"),
    cells: (object, context) => [object.metadata.name, object.spec?.holderIdentity ?? "", age(object, context)],
  },
};
