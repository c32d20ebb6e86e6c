import type { FieldError } from "../../base/field-error.ts";
import type { FieldPath } from "./path.ts";
import { goJson, goQuote } from "./go-text.ts";

/**
 * Makers of field errors in upstream's words. A bad value is printed as Go's validation prints it: strings quoted, numbers and
 * booleans bare, everything else as JSON. Where upstream's JSON shows Go names (`{"Type":""}`), the caller passes an object
 * with those names in the order of the Go struct.
 */
export type Where = FieldPath | string;

/** Stands for a value that is not printed at all. */
export const omitted: unique symbol = Symbol("omitted");

function valueText(value: unknown): string {
  if (typeof value === "string") return goQuote(value);
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return String(value);
  return goJson(value);
}

function withDetail(text: string, detail: string): string {
  return detail === "" ? text : `${text}: ${detail}`;
}

function withValue(text: string, value: unknown, detail: string): string {
  return withDetail(value === omitted ? text : `${text}: ${valueText(value)}`, detail);
}

export function required(path: Where, detail = ""): FieldError {
  return { type: "FieldValueRequired", field: path.toString(), message: withDetail("Required value", detail) };
}

export function invalid(path: Where, value: unknown, detail: string): FieldError {
  return { type: "FieldValueInvalid", field: path.toString(), message: withValue("Invalid value", value, detail) };
}

/** `supported` in the order in which upstream lists it; none: only the value is named. */
export function notSupported(path: Where, value: unknown, supported: readonly string[]): FieldError {
  const detail = supported.length === 0 ? "" : `supported values: ${supported.map(goQuote).join(", ")}`;
  return { type: "FieldValueNotSupported", field: path.toString(), message: withValue("Unsupported value", value, detail) };
}

export function forbidden(path: Where, detail: string): FieldError {
  return { type: "FieldValueForbidden", field: path.toString(), message: withDetail("Forbidden", detail) };
}

export function duplicate(path: Where, value: unknown, detail = ""): FieldError {
  return { type: "FieldValueDuplicate", field: path.toString(), message: withValue("Duplicate value", value, detail) };
}

export function notFound(path: Where, value: unknown): FieldError {
  return { type: "FieldValueNotFound", field: path.toString(), message: withValue("Not found", value, "") };
}

/** The value itself is never printed: it is long. */
export function tooLong(path: Where, bytesMax: number): FieldError {
  return { type: "FieldValueTooLong", field: path.toString(), message: `Too long: may not be more than ${bytesMax} ${bytesMax === 1 ? "byte" : "bytes"}` };
}

export function tooMany(path: Where, actual: number, itemsMax: number): FieldError {
  return {
    type: "FieldValueTooMany",
    field: path.toString(),
    message: `Too many: ${actual}: must have at most ${itemsMax} ${itemsMax === 1 ? "item" : "items"}`,
  };
}

/** One `invalid` per problem. */
export function pushProblems(errors: FieldError[], path: Where, value: unknown, problems: readonly string[]): void {
  for (const problem of problems) errors.push(invalid(path, value, problem));
}
