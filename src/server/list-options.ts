import type { FieldError } from "../base/field-error.ts";
import { badRequest } from "../base/status-error.ts";
import type { StatusError } from "../base/status-error.ts";
import { invalidOptions, plainError } from "./errors.ts";
import { fieldError } from "./option-errors.ts";
import type { Query } from "./query.ts";
import { isTrue } from "./request-info.ts";
import { integerParameter } from "./write-options.ts";

/** The query of a list or watch, checked in upstream's order and words. */
export interface ListParameters {
  readonly watch: boolean;
  readonly limit: number;
  readonly continue: string;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
  readonly timeoutSeconds: number | undefined;
  readonly allowWatchBookmarks: boolean;
  /** Undefined: not said. */
  readonly sendInitialEvents: boolean | undefined;
}

export function listParameters(query: Query, watch: boolean): ListParameters {
  const sendInitialEvents = query.get("sendInitialEvents");
  const parameters: ListParameters = {
    watch,
    limit: integerParameter(query, "limit") ?? 0,
    continue: query.get("continue") ?? "",
    resourceVersion: query.get("resourceVersion") ?? "",
    resourceVersionMatch: query.get("resourceVersionMatch") ?? "",
    timeoutSeconds: integerParameter(query, "timeoutSeconds"),
    allowWatchBookmarks: isTrue(query.get("allowWatchBookmarks")),
    sendInitialEvents: sendInitialEvents === undefined ? undefined : isTrue(sendInitialEvents),
  };
  const errors = watch ? watchErrors(parameters) : listErrors(parameters);
  if (errors.length > 0) throw invalidOptions("ListOptions", errors);
  return parameters;
}

const forbidden = (field: string, why: string): FieldError => fieldError("FieldValueForbidden", field, `Forbidden: ${why}`);

function notSupported(value: string, supported: readonly string[]): FieldError {
  return fieldError("FieldValueNotSupported", "resourceVersionMatch", `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported.map((text) => JSON.stringify(text)).join(", ")}`);
}

function listErrors({ resourceVersionMatch: match, resourceVersion, sendInitialEvents, ...rest }: ListParameters): FieldError[] {
  if (sendInitialEvents !== undefined) return [forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list")];
  if (match === "") return [];
  const errors: FieldError[] = [];
  if (resourceVersion === "") errors.push(forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided"));
  if (rest.continue !== "") errors.push(forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided"));
  if (match !== "Exact" && match !== "NotOlderThan") errors.push(notSupported(match, ["Exact", "NotOlderThan", ""]));
  if (match === "Exact" && resourceVersion === "0") errors.push(forbidden("resourceVersionMatch", 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  return errors;
}

function watchErrors({ resourceVersionMatch: match, sendInitialEvents }: ListParameters): FieldError[] {
  if (sendInitialEvents === undefined) {
    return match === "" ? [] : [forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")];
  }
  const errors: FieldError[] = [];
  if (match !== "NotOlderThan") errors.push(forbidden("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
  if (match !== "" && match !== "NotOlderThan") errors.push(notSupported(match, ["NotOlderThan"]));
  return errors;
}

/** A resourceVersion as a number; `refuse` makes the error of Go's parser. */
export function parseResourceVersion(text: string, refuse: (message: string) => StatusError): number {
  if (!/^\d+$/.test(text)) throw refuse(`resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

export function listVersion(text: string): number {
  return parseResourceVersion(text, (message) => badRequest(`invalid resource version: ${message}`));
}

export function watchVersion(text: string): number {
  return parseResourceVersion(text, plainError);
}
