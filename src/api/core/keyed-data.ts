/** What ConfigMaps and Secrets share: keys, size, and that `immutable` objects stay as they are. */
import type { FieldError } from "../../base/field-error.ts";
import { sameData } from "../equality.ts";
import { forbidden, pushProblems } from "../validation/errors.ts";
import { configKeyProblems } from "../validation/names.ts";
import type { FieldPath } from "../validation/path.ts";

/** All values together, decoded: 1 MiB (upstream's MaxSecretSize, and the same for ConfigMaps). */
export const dataBytesMax = 1024 * 1024;

export function checkDataKeys(keys: readonly string[], path: FieldPath, errors: FieldError[]): void {
  for (const key of keys) pushProblems(errors, path.key(key), key, configKeyProblems(key));
}

/** Length of what a base64 text stands for. */
export function base64Bytes(text: string): number {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return Math.floor(text.length / 4) * 3 - padding;
}

interface KeyedData {
  readonly immutable?: boolean;
}

export function checkImmutable<T extends KeyedData>(object: T, old: T, fields: readonly (keyof T & string)[]): FieldError[] {
  if (old.immutable !== true) return [];
  const why = "field is immutable when `immutable` is set";
  const errors: FieldError[] = [];
  if (object.immutable !== true) errors.push(forbidden("immutable", why));
  for (const field of fields) if (!sameData(object[field], old[field])) errors.push(forbidden(field, why));
  return errors;
}
