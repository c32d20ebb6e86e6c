/** ServiceAccount: who a Pod is to the API. */
import type { Draft } from "../../base/json.ts";
import type { KindDeclaration } from "../declaration.ts";
import { serviceAccounts } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { ServiceAccount } from "../types/core-v1.ts";

/** Of its secrets an account keeps the names. */
function nameSecretsOnly(draft: Draft<ServiceAccount>): void {
  if (draft.secrets === undefined) return;
  draft.secrets = draft.secrets.filter(Boolean).map(({ name }) => (name === undefined ? {} : { name }));
}

export const serviceAccount: KindDeclaration<ServiceAccount> = {
  ref: serviceAccounts,
  prepareCreate: nameSecretsOnly,
  prepareUpdate: nameSecretsOnly,
  table: {
    columns: columns("Name", "Age"),
    cells: (object, context) => [object.metadata.name, age(object, context)],
  },
};
