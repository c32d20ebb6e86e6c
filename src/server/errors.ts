import type { FieldError } from "../base/field-error.ts";
import { StatusError, invalid } from "../base/status-error.ts";

/** The answers of the pipeline itself, in the words of upstream's generic API server. */

/** No such route under a known group. */
export function noSuchResource(): StatusError {
  return new StatusError({ code: 404, reason: "NotFound", message: "the server could not find the requested resource", details: {} });
}

export function methodNotAllowed(): StatusError {
  return new StatusError({ code: 405, reason: "MethodNotAllowed", message: "the server does not allow this method on the requested resource", details: {} });
}

export function unauthorized(): StatusError {
  return new StatusError({ code: 401, reason: "Unauthorized", message: "Unauthorized" });
}

export function bodyTooLarge(limit: number): StatusError {
  return new StatusError({ code: 413, reason: "RequestEntityTooLarge", message: `Request entity too large: limit is ${limit}` });
}

/** A plain error of upstream's code, which it answers without a reason. */
export function plainError(message: string): StatusError {
  return new StatusError({ code: 500, message });
}

/** Named refusal of what is not built. */
export function notImplemented(what: string): StatusError {
  return new StatusError({ code: 501, reason: "NotImplemented", message: `${what} is not implemented by this server` });
}

/** Options in the query or body that contradict themselves. */
export function invalidOptions(kind: string, errors: readonly FieldError[]): StatusError {
  return invalid({ group: "meta.k8s.io", kind }, "", errors);
}

export function tooLargeResourceVersion(asked: string, current: number): StatusError {
  return new StatusError({
    code: 504,
    reason: "Timeout",
    message: `Timeout: Too large resource version: ${asked}, current: ${current}`,
    details: { causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }], retryAfterSeconds: 1 },
    headers: { "retry-after": "1" },
  });
}
