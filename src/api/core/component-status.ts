/** ComponentStatus: read only, deprecated; what `kubectl get componentstatuses` shows. */
import type { KindDeclaration } from "../declaration.ts";
import { componentStatuses } from "../kinds.ts";
import { columns } from "../table.ts";
import type { ComponentStatus } from "../types/core-v1.ts";

export const componentStatus: KindDeclaration<ComponentStatus> = {
  ref: componentStatuses,
  deprecated: "v1 ComponentStatus is deprecated in v1.19+",
  table: {
    columns: columns("Name", "Status", "Message", "Error"),
    cells: (object) => {
      const healthy = object.conditions?.find(({ type }) => type === "Healthy");
      const status = healthy === undefined ? "Unknown" : healthy.status === "True" ? "Healthy" : "Unhealthy";
      return [object.metadata.name, status, healthy?.message ?? "", healthy?.error ?? ""];
    },
  },
};
