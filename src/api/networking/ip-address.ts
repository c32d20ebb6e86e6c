/** IPAddress: one address of the service range, and who holds it. */
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { ipAddresses } from "../kinds.ts";
import { columns } from "../table.ts";
import type { IPAddress } from "../types/networking-v1.ts";
import { required } from "../validation/errors.ts";
import { FieldPath } from "../validation/path.ts";

export const ipAddress: KindDeclaration<IPAddress> = {
  ref: ipAddresses,
  validate(object) {
    const errors: FieldError[] = [];
    const path = FieldPath.of("spec").child("parentRef");
    const parent = object.spec.parentRef;
    if (parent === undefined || parent === null) return [required(path)];
    for (const field of ["resource", "name"] as const) if ((parent[field] ?? "") === "") errors.push(required(path.child(field)));
    return errors;
  },
  table: {
    columns: columns("Name", "ParentRef"),
    cells: (object) => {
      const { group = "", resource = "", namespace = "", name = "" } = object.spec.parentRef ?? {};
      const parts = [group === "" ? resource : `${resource}.${group}`, namespace, name];
      return [object.metadata.name, parts.filter((part) => part !== "").join("/")];
    },
  },
};
