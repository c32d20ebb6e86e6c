/** FlowSchema: which requests go to which priority level. */
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { flowSchemas } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { FlowSchema } from "../types/flowcontrol-v1.ts";
import { FieldPath } from "../validation/path.ts";
import { checkFlowSchema, checkStatus } from "./flow-schema-validation.ts";

export const flowSchema: KindDeclaration<FlowSchema> = {
  ref: flowSchemas,
  defaults(draft) {
    if ((draft.spec.matchingPrecedence ?? 0) === 0) draft.spec.matchingPrecedence = 1000;
  },
  validate(object) {
    const errors: FieldError[] = [];
    checkFlowSchema(object.metadata.name ?? "", object.spec, FieldPath.of("spec"), errors);
    return [...errors, ...checkStatus(object)];
  },
  status: { validate: checkStatus },
  table: {
    columns: columns("Name", "PriorityLevel", "MatchingPrecedence", "DistinguisherMethod", "Age", "MissingPL"),
    cells: (object, context) => [
      object.metadata.name,
      object.spec.priorityLevelConfiguration.name,
      object.spec.matchingPrecedence ?? 0,
      object.spec.distinguisherMethod?.type ?? "<none>",
      age(object, context),
      object.status.conditions?.find(({ type }) => type === "Dangling")?.status ?? "?",
    ],
  },
};
