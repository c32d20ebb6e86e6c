/** ConfigMap: configuration as text or bytes under keys. */
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { configMaps } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { ConfigMap } from "../types/core-v1.ts";
import { invalid, tooLong } from "../validation/errors.ts";
import { FieldPath } from "../validation/path.ts";
import { base64Bytes, checkDataKeys, checkImmutable, dataBytesMax } from "./keyed-data.ts";
import { byteLength } from "../validation/byte-length.ts";

export const configMap: KindDeclaration<ConfigMap> = {
  ref: configMaps,
  validate(object) {
    const errors: FieldError[] = [];
    const { data = {}, binaryData = {} } = object;
    let bytes = 0;
    checkDataKeys(Object.keys(data), FieldPath.of("data"), errors);
    for (const [key, value] of Object.entries(data)) {
      if (Object.hasOwn(binaryData, key)) errors.push(invalid(FieldPath.of("data").key(key), key, "duplicate of key present in binaryData"));
      bytes += byteLength(value);
    }
    checkDataKeys(Object.keys(binaryData), FieldPath.of("binaryData"), errors);
    for (const value of Object.values(binaryData)) bytes += base64Bytes(value);
    // Upstream names the object itself here, by an empty path that prints as [].
    if (bytes > dataBytesMax) errors.push(tooLong("[]", dataBytesMax));
    return errors;
  },
  validateUpdate: (object, old) => checkImmutable(object, old, ["data", "binaryData"]),
  table: {
    columns: columns("Name", "Data", "Age"),
    cells: (object, context) => [
      object.metadata.name,
      Object.keys(object.data ?? {}).length + Object.keys(object.binaryData ?? {}).length,
      age(object, context),
    ],
  },
};
