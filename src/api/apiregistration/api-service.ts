/** APIService: who serves a group version. */
import type { KindDeclaration } from "../declaration.ts";
import { apiServices } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { APIService } from "../types/apiregistration-v1.ts";

export const apiService: KindDeclaration<APIService> = {
  ref: apiServices,
  hasGeneration: false,
  prepareCreate(draft) {
    draft.status = {};
  },
  table: {
    columns: columns("Name", "Service", "Available", "Age"),
    cells: (object, context) => {
      const service = object.spec.service;
      const available = object.status.conditions?.find(({ type }) => type === "Available");
      const local = service === undefined || service === null;
      const text = available === undefined ? "" : available.status === "True" ? "True" : `${available.status} (${available.reason ?? ""})`;
      return [object.metadata.name, local ? "Local" : `${service.namespace ?? ""}/${service.name ?? ""}`, text, age(object, context)];
    },
  },
};
