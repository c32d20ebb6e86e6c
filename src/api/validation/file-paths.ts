import type { FieldError } from "../../base/field-error.ts";
import { invalid } from "./errors.ts";
import type { FieldPath } from "./path.ts";

/** Judges of paths in file systems: of files in volumes, of mounts. */

export function hasBacksteps(text: string): boolean {
  return text.includes("..") && text.split("/").includes("..");
}

export function checkNoBacksteps(text: string, path: FieldPath, errors: FieldError[]): void {
  if (hasBacksteps(text)) errors.push(invalid(path, text, "must not contain '..'"));
}

/** Relative, and never upwards. */
export function checkLocalDescendingPath(text: string, path: FieldPath, errors: FieldError[]): void {
  if (text.startsWith("/")) errors.push(invalid(path, text, "must be a relative path"));
  checkNoBacksteps(text, path, errors);
}

/** As above, and its name does not begin with `..`, which the atomic writer of volumes keeps for itself. */
export function checkLocalNonReservedPath(text: string, path: FieldPath, errors: FieldError[]): void {
  checkLocalDescendingPath(text, path, errors);
  if (text.startsWith("..") && !text.startsWith("../")) errors.push(invalid(path, text, "must not start with '..'"));
}

/** Permission bits, as numbers in JSON. */
export function checkFileMode(mode: number | undefined, path: FieldPath, errors: FieldError[]): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) {
    errors.push(invalid(path, mode, "must be a number between 0 and 0777 (octal), both inclusive"));
  }
}
