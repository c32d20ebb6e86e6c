/** PriorityLevelConfiguration: how many requests of a level run at once, and how the others wait. */
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { priorityLevelConfigurations } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { PriorityLevelConfiguration } from "../types/flowcontrol-v1.ts";
import { FieldPath } from "../validation/path.ts";
import { checkStatus } from "./flow-schema-validation.ts";
import { checkPriorityLevel } from "./priority-level-validation.ts";

export const priorityLevelConfiguration: KindDeclaration<PriorityLevelConfiguration> = {
  ref: priorityLevelConfigurations,
  defaults(draft) {
    const { limited, exempt } = draft.spec;
    if (draft.spec.type === "Exempt") draft.spec.exempt = { nominalConcurrencyShares: 0, lendablePercent: 0, ...exempt };
    if (limited === undefined || limited === null) return;
    limited.nominalConcurrencyShares ??= 30;
    limited.lendablePercent ??= 0;
    const queuing = limited.limitResponse?.queuing;
    if (queuing === undefined || queuing === null) return;
    queuing.handSize ||= 8;
    queuing.queues ||= 64;
    queuing.queueLengthLimit ||= 50;
  },
  validate(object) {
    const errors: FieldError[] = [];
    checkPriorityLevel(object.metadata.name ?? "", object.spec, FieldPath.of("spec"), errors);
    return [...errors, ...checkStatus(object)];
  },
  status: { validate: checkStatus },
  table: {
    columns: columns("Name", "Type", "NominalConcurrencyShares", "Queues", "HandSize", "QueueLengthLimit", "Age"),
    cells: (object, context) => {
      const limited = object.spec.limited;
      const shares = limited?.nominalConcurrencyShares ?? "<none>";
      const queuing = limited?.limitResponse.queuing;
      return [
        object.metadata.name,
        object.spec.type,
        shares,
        queuing?.queues ?? "<none>",
        queuing?.handSize ?? "<none>",
        queuing?.queueLengthLimit ?? "<none>",
        age(object, context),
      ];
    },
  },
};
