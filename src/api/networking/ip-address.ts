/** IPAddress: one address of the service range, and who holds it. */
import type { KindDeclaration } from "../declaration.ts";
import { ipAddresses } from "../kinds.ts";
import { columns } from "../table.ts";
import type { IPAddress } from "../types/networking-v1.ts";

export const ipAddress: KindDeclaration<IPAddress> = {
  ref: ipAddresses,
  table: {
    columns: columns("Name", "ParentRef"),
    cells: (object) => {
      const { group = "", resource = "", namespace = "", name = "" } = object.spec.parentRef ?? {};
      const parts = [group === "" ? resource : `${resource}.${group}`, namespace, name];
      return [object.metadata.name, parts.filter((part) => part !== "").join("/")];
    },
  },
};
