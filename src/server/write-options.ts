import { fieldError } from "./option-errors.ts";
import type { FieldError } from "../base/field-error.ts";
import { badRequest } from "../base/status-error.ts";
import type { ManagedFieldsEntry } from "../api/types/meta-v1.ts";
import { byteLength } from "../api/validation/byte-length.ts";
import { invalidOptions } from "./errors.ts";
import type { Query } from "./query.ts";
import type { ApiRequest } from "./request.ts";
import { isTrue } from "./request-info.ts";

/** What the query says about a create, update or patch. */
export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldValidation: "strict" | "warn" | "ignore";
  /** Who owns the fields written: the parameter, else the first word of the user agent. */
  readonly manager: string;
  readonly force: boolean;
  /** The entries of managedFields as an apply worked them out; absent: those that an update leads to. */
  readonly owners?: readonly ManagedFieldsEntry[];
}

const none: readonly string[] = [];

const validations: { readonly [value: string]: WriteOptions["fieldValidation"] } = { "": "warn", Strict: "strict", Warn: "warn", Ignore: "ignore" };

/** Throws 422 in upstream's words. */
export function writeOptions(kind: "CreateOptions" | "UpdateOptions" | "PatchOptions", query: Query, request: ApiRequest, apply = false): WriteOptions {
  const errors: FieldError[] = [];
  const dryRun = query.has("dryRun") ? query.all("dryRun") : none;
  const fieldManager = query.get("fieldManager") ?? "";
  const validation = query.get("fieldValidation") ?? "";
  if (kind === "PatchOptions") {
    if (apply && fieldManager === "") errors.push(fieldError("FieldValueRequired", "fieldManager", "Required value: is required for apply patch"));
    if (!apply && query.has("force")) errors.push(fieldError("FieldValueForbidden", "force", "Forbidden: may not be specified for non-apply patch"));
  }
  checkFieldManager(fieldManager, errors);
  checkDryRun(dryRun, errors);
  const fieldValidation = Object.hasOwn(validations, validation) ? validations[validation] : undefined;
  if (fieldValidation === undefined) {
    const text = `Unsupported value: ${JSON.stringify(validation)}: supported values: "", "Ignore", "Strict", "Warn"`;
    errors.push(fieldError("FieldValueNotSupported", "fieldValidation", text));
  }
  if (errors.length > 0) throw invalidOptions(kind, errors);
  return {
    dryRun: dryRun.length > 0,
    fieldValidation: fieldValidation as WriteOptions["fieldValidation"],
    manager: fieldManager === "" ? managerOf(request.headers["user-agent"]) : fieldManager,
    force: isTrue(query.get("force")),
  };
}

export function checkDryRun(dryRun: readonly string[], errors: FieldError[]): void {
  if (dryRun.some((value) => value !== "All")) {
    errors.push(fieldError("FieldValueNotSupported", "dryRun", `Unsupported value: [${dryRun.map((value) => JSON.stringify(value)).join(",")}]: supported values: "All"`));
  }
}

/** Nearly all names of managers: nothing to say about them. */
const plainManager = /^[ -~]{0,128}$/;

function checkFieldManager(manager: string, errors: FieldError[]): void {
  if (plainManager.test(manager)) return;
  if (byteLength(manager) > 128) errors.push(fieldError("FieldValueTooLong", "fieldManager", "Too long: may not be more than 128 bytes"));
  if (!/\p{C}/u.test(manager)) return;
  let bytes = 0;
  for (const character of manager) {
    if (/\p{C}/u.test(character)) {
      const point = `U+${(character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0")}`;
      errors.push(fieldError("FieldValueInvalid", "fieldManager", `Invalid value: ${JSON.stringify(manager)}: invalid character ${point} (at position ${bytes})`));
      return;
    }
    bytes += byteLength(character);
  }
}

/** `kubectl/v1.36.3 (linux/amd64)` → `kubectl`; without one, "unknown". */
function managerOf(userAgent: string | undefined): string {
  const name = (userAgent ?? "").split("/")[0] ?? "";
  return name === "" ? "unknown" : name.slice(0, 128);
}

/** An integer parameter, in Go's words when it is none. */
export function integerParameter(query: Query, name: string): number | undefined {
  const text = query.get(name);
  if (text === undefined || text === "") return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = Number(text);
  // Go's integers have 64 bits; what a double rounds up to 2^63 is told apart by its digits.
  if (Math.abs(value) >= 2 ** 53 && (BigInt(text) > int64Max || BigInt(text) < -int64Max - 1n)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  return value;
}

const int64Max = 2n ** 63n - 1n;
