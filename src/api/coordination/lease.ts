/** Lease: who holds something, and since when; nodes prove by it that they live. */
import type { Draft } from "../../base/json.ts";
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { leases } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { Lease } from "../types/coordination-v1.ts";
import { checkNonNegative, checkPositive } from "../validation/numbers.ts";
import { FieldPath } from "../validation/path.ts";

const spec = FieldPath.of("spec");

export const lease: KindDeclaration<Lease> = {
  ref: leases,
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  prepareCreate: dropCoordinatedElection,
  prepareUpdate: dropCoordinatedElection,
  validate(object) {
    const errors: FieldError[] = [];
    checkPositive(object.spec?.leaseDurationSeconds, spec, "leaseDurationSeconds", errors);
    checkNonNegative(object.spec?.leaseTransitions, spec, "leaseTransitions", errors);
    return errors;
  },
  table: {
    columns: columns("Name", "Holder", "Age"),
    cells: (object, context) => [object.metadata.name, object.spec?.holderIdentity ?? "", age(object, context)],
  },
};

/** Fields of a feature that a 1.36 server has switched off. */
function dropCoordinatedElection(draft: Draft<Lease>): void {
  if (draft.spec === undefined) return;
  delete draft.spec.strategy;
  delete draft.spec.preferredHolder;
}
