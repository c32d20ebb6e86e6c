/** CSINode: the storage drivers of one node. */
import type { FieldError } from "../../base/field-error.ts";
import { immutable } from "../apps/workload.ts";
import { checkCsiDriverName } from "../core/storage-volume-validation.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { csiNodes } from "../kinds.ts";
import { loadSchema } from "../schema/schema.ts";
import { age, columns } from "../table.ts";
import type { CSINode, CSINodeDriver } from "../types/storage-v1.ts";
import { byteLength } from "../validation/byte-length.ts";
import { duplicate, invalid, pushProblems, required } from "../validation/errors.ts";
import { goValue } from "../validation/go-value.ts";
import { qualifiedNameProblems } from "../validation/names.ts";
import { checkNonNegative } from "../validation/numbers.ts";
import { FieldPath } from "../validation/path.ts";

export const csiNode: KindDeclaration<CSINode> = {
  ref: csiNodes,
  validate(object) {
    const errors: FieldError[] = [];
    const names = new Set<string>();
    object.spec.drivers?.forEach((driver, i) => {
      const path = FieldPath.of("spec").child("drivers").index(i);
      checkDriver(driver, path, errors);
      if (names.has(driver.name)) errors.push(duplicate(path.child("name"), driver.name));
      names.add(driver.name);
    });
    return errors;
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = [];
    for (const before of old.spec.drivers ?? []) {
      for (const driver of object.spec.drivers ?? []) {
        if (driver.name !== before.name || sameData({ ...driver, allocatable: before.allocatable }, before)) continue;
        errors.push(invalid("CSINodeDriver", goValue(loadSchema(), "io.k8s.api.storage.v1.CSINodeDriver", driver), immutable));
      }
    }
    return errors;
  },
  table: {
    columns: columns("Name", "Drivers:integer", "Age"),
    cells: (object, context) => [object.metadata.name, object.spec.drivers?.length ?? 0, age(object, context)],
  },
};

const nodeIdBytesMax = 256;

/** Upstream blames the whole driver for a bad topology key. */
function checkDriver(driver: CSINodeDriver, path: FieldPath, errors: FieldError[]): void {
  checkCsiDriverName(driver.name, path.child("name"), errors);
  if (driver.nodeID === "") errors.push(required(path.child("nodeID")));
  if (byteLength(driver.nodeID) > nodeIdBytesMax) errors.push(invalid(path.child("nodeID"), driver.nodeID, `must be ${nodeIdBytesMax} characters or less`));
  checkNonNegative(driver.allocatable?.count, path.child("allocatable"), "count", errors);
  const keys = driver.topologyKeys ?? [];
  keys.forEach((key, i) => {
    if (key === "") errors.push(required(path));
    if (keys.indexOf(key) < i) errors.push(duplicate(path, key));
    pushProblems(errors, path, key, qualifiedNameProblems(key));
  });
}
