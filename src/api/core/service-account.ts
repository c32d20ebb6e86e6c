/** ServiceAccount: who a Pod is to the API. */
import type { KindDeclaration } from "../declaration.ts";
import { serviceAccounts } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { ServiceAccount } from "../types/core-v1.ts";

export const serviceAccount: KindDeclaration<ServiceAccount> = {
  ref: serviceAccounts,
  prepareCreate(draft) {
    if (draft.secrets !== undefined) draft.secrets = draft.secrets.filter(Boolean);
  },
  table: {
    columns: columns("Name", "Age"),
    cells: (object, context) => [object.metadata.name, age(object, context)],
  },
};
