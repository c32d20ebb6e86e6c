/** IPAddress: one address of the service range, and who holds it. */
import type { FieldError } from "../../base/field-error.ts";
import { checkUnchanged } from "../apps/workload.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { ipAddresses } from "../kinds.ts";
import { columns } from "../table.ts";
import type { IPAddress, ParentReference } from "../types/networking-v1.ts";
import { pushProblems, required } from "../validation/errors.ts";
import { canonicalIpProblems } from "../validation/ip.ts";
import { dns1123SubdomainProblems, pathSegmentNameProblems } from "../validation/names.ts";
import { FieldPath } from "../validation/path.ts";

export const ipAddress: KindDeclaration<IPAddress> = {
  ref: ipAddresses,
  nameErrors: (name) => [...canonicalIpProblems(name)],
  validate(object) {
    const errors: FieldError[] = [];
    const path = FieldPath.of("spec").child("parentRef");
    const parent = object.spec.parentRef;
    if (parent === undefined || parent === null) return [required(path)];
    const { group = "" } = parent;
    if (group !== "") pushProblems(errors, path.child("group"), group, dns1123SubdomainProblems(group));
    for (const field of ["resource", "name", "namespace"] as const) {
      const value = parent[field] ?? "";
      if (value !== "") pushProblems(errors, path.child(field), value, pathSegmentNameProblems(value, false));
      else if (field !== "namespace") errors.push(required(path.child(field)));
    }
    return errors;
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = [];
    const { parentRef } = object.spec;
    checkUnchanged(sameData(parentRef, old.spec.parentRef), printedParent(parentRef), FieldPath.of("spec").child("parentRef"), errors);
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

function printedParent(parent: ParentReference | undefined): unknown {
  if (parent === undefined) return undefined;
  const { group = "", resource = "", namespace = "", name = "" } = parent;
  return { Group: group, Resource: resource, Namespace: namespace, Name: name };
}
