/** ValidatingWebhookConfiguration: HTTP callbacks that may refuse what is written. */
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { validatingWebhookConfigurations } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { ValidatingWebhookConfiguration } from "../types/admissionregistration-v1.ts";
import { defaultWebhook } from "./defaults.ts";
import { checkWebhooks } from "./webhook-validation.ts";

export const validatingWebhookConfiguration: KindDeclaration<ValidatingWebhookConfiguration> = {
  ref: validatingWebhookConfigurations,
  hasGeneration: true,
  generationRises: (object, old) => !sameData(object.webhooks, old.webhooks),
  defaults(draft) {
    for (const webhook of draft.webhooks ?? []) if (webhook !== null) defaultWebhook(webhook);
  },
  validate: (object) => checkWebhooks(object.webhooks),
  table: {
    columns: columns("Name", "Webhooks:integer", "Age"),
    cells: (object, context) => [object.metadata.name, object.webhooks?.length ?? 0, age(object, context)],
  },
};
