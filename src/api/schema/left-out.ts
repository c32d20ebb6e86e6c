import type { Field } from "./schema.ts";

/** Empty lists and maps always; other empty values by `omitempty`. */
export function isLeftOut(field: Field, value: unknown): boolean {
  switch (field.node.kind) {
    case "list":
      // An empty managedFields is a request to forget all owners.
      return (value as unknown[]).length === 0 && field.name !== "managedFields";
    case "map": {
      for (const _key in value as object) return false;
      return true;
    }
    case "string":
    case "bytes":
      return value === "" && field.omitEmpty && !field.pointer;
    case "boolean":
      return value === false && field.omitEmpty && !field.pointer;
    case "int32":
    case "int64":
    case "double":
      return value === 0 && field.omitEmpty && !field.pointer;
    default:
      return false;
  }
}
