import type { FieldError } from "../../base/field-error.ts";
import { invalid, pushProblems } from "./errors.ts";
import { percentProblems, portNameProblems } from "./names.ts";
import type { Problems } from "./names.ts";
import type { FieldPath } from "./path.ts";

/**
 * Judges of numbers: counts, ports, percentages, ids. The `check…` functions add to `errors` what is wrong with the field at
 * `path`; an absent value is not judged.
 */
const none: Problems = Object.freeze([]);

export function inRangeText(min: number, max: number): string {
  return `must be between ${min} and ${max}, inclusive`;
}

export function portProblems(port: number): Problems {
  return port >= 1 && port <= 65535 ? none : [inRangeText(1, 65535)];
}

export const notNegative = "must be greater than or equal to 0";

export function checkNonNegative(value: number | undefined, path: FieldPath, field: string, errors: FieldError[]): void {
  if (value !== undefined && value < 0) errors.push(invalid(path.child(field), value, notNegative));
}

export function checkPositive(value: number | undefined, path: FieldPath, field: string, errors: FieldError[]): void {
  if (value !== undefined && value <= 0) errors.push(invalid(path.child(field), value, "must be greater than 0"));
}

/** A port by number or by name. */
export function checkPortNumberOrName(port: number | string | undefined, path: FieldPath, errors: FieldError[]): void {
  const value = port ?? 0;
  pushProblems(errors, path, value, typeof value === "number" ? portProblems(value) : portNameProblems(value));
}

/** A count or a percentage, not negative. */
export function checkNonNegativeIntOrPercent(value: number | string | undefined, path: FieldPath, errors: FieldError[]): void {
  if (value === undefined) return;
  if (typeof value === "number") {
    if (value < 0) errors.push(invalid(path, value, notNegative));
  } else {
    pushProblems(errors, path, value, percentProblems(value));
  }
}

/** The number of a percentage such as `25%`; none when it is not one. */
function percentValue(value: number | string | undefined): number | undefined {
  if (typeof value !== "string" || percentProblems(value).length > 0) return undefined;
  return Number(value.slice(0, -1));
}

/** At most 100 %; counts are not judged. */
export function checkNotMoreThan100Percent(value: number | string | undefined, path: FieldPath, errors: FieldError[]): void {
  const percent = percentValue(value);
  if (percent !== undefined && percent > 100) errors.push(invalid(path, value, "must not be greater than 100%"));
}

const idMax = 2147483647;

/** User and group ids. */
export function checkId(id: number | undefined, path: FieldPath, errors: FieldError[]): void {
  if (id !== undefined && (id < 0 || id > idMax)) errors.push(invalid(path, id, inRangeText(0, idMax)));
}
