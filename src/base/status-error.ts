import type { FieldError } from "./field-error.ts";
import { fieldErrorText } from "./field-error.ts";

export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** The API's `Status`: what a client gets instead of an object. Keys in the order in which upstream writes them. */
export interface Status {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: { readonly [key: string]: never };
  readonly status: "Success" | "Failure";
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code: number;
}

/** An expected outcome that is not the asked one, with upstream's code, reason and wording. Never used for broken invariants. */
export class StatusError extends Error {
  readonly status: Status;
  /** Headers that go with the answer, such as retry-after. */
  readonly headers: { readonly [name: string]: string };

  constructor(options: { code: number; reason?: string; message: string; details?: StatusDetails; headers?: { [name: string]: string } }) {
    super(options.message);
    this.name = "StatusError";
    this.headers = options.headers ?? {};
    this.status = {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: options.message,
      ...(options.reason === undefined ? {} : { reason: options.reason }),
      ...(options.details === undefined ? {} : { details: options.details }),
      code: options.code,
    };
  }
}

/** Whether an error is the server's refusal for this reason: `isStatus(error, "NotFound")`. */
export function isStatus(error: unknown, reason: string): error is StatusError {
  return error instanceof StatusError && error.status.reason === reason;
}

/** Resource (plural) and group, as upstream's errors name them: `daemonsets.apps "x" not found`. */
export interface ResourceName {
  readonly group: string;
  readonly plural: string;
}

function qualified(resource: ResourceName): string {
  return resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
}

function details(resource: ResourceName, name: string): StatusDetails {
  return { ...(name === "" ? {} : { name }), ...(resource.group === "" ? {} : { group: resource.group }), kind: resource.plural };
}

/** 404, `NotFound`. */
export function notFound(resource: ResourceName, name: string): StatusError {
  return new StatusError({ code: 404, reason: "NotFound", message: `${qualified(resource)} "${name}" not found`, details: details(resource, name) });
}

/** 409, `AlreadyExists`: the name is taken. */
export function alreadyExists(resource: ResourceName, name: string): StatusError {
  return new StatusError({
    code: 409,
    reason: "AlreadyExists",
    message: `${qualified(resource)} "${name}" already exists`,
    details: details(resource, name),
  });
}

/** 409, `Conflict`: somebody else was faster; read again and try anew. */
export function conflict(resource: ResourceName, name: string, why: string): StatusError {
  return new StatusError({
    code: 409,
    reason: "Conflict",
    message: `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`,
    details: details(resource, name),
  });
}

/** 403, `Forbidden`. */
export function forbidden(resource: ResourceName, name: string, why: string): StatusError {
  const message =
    resource.plural === "" ? `forbidden: ${why}` : name === "" ? `${qualified(resource)} is forbidden: ${why}` : `${qualified(resource)} "${name}" is forbidden: ${why}`;
  return new StatusError({ code: 403, reason: "Forbidden", message, details: details(resource, name) });
}

/** `kind` and `group` name the object as its validation does: by kind, not by resource. */
export function invalid(kind: { group: string; kind: string }, name: string, errors: readonly FieldError[]): StatusError {
  const qualifiedKind = kind.group === "" ? kind.kind : `${kind.kind}.${kind.group}`;
  // Upstream names a thing that it judges twice once here, and twice among the causes.
  const texts = [...new Set(errors.map(fieldErrorText))];
  const text = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  return new StatusError({
    code: 422,
    reason: "Invalid",
    message: errors.length === 0 ? `${qualifiedKind} "${name}" is invalid` : `${qualifiedKind} "${name}" is invalid: ${text}`,
    details: {
      ...(name === "" ? {} : { name }),
      ...(kind.group === "" ? {} : { group: kind.group }),
      kind: kind.kind,
      ...(errors.length === 0 ? {} : { causes: errors.map((error) => ({ reason: error.type, message: error.message, field: error.field })) }),
    },
  });
}

/** 400, `BadRequest`: the request cannot be understood. */
export function badRequest(message: string): StatusError {
  return new StatusError({ code: 400, reason: "BadRequest", message });
}

/** A revision that is no longer in the window. */
export function expired(message: string): StatusError {
  return new StatusError({ code: 410, reason: "Expired", message });
}

/** 500, `InternalError`. */
export function internalError(message: string): StatusError {
  return new StatusError({ code: 500, reason: "InternalError", message: `Internal error occurred: ${message}`, details: { causes: [{ message }] } });
}
