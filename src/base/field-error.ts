/**
 * One thing wrong with one field of an object, in upstream's words. The text and the cause type are part of the API: clients
 * match them. Built by validation, turned into the causes of a Status by the server.
 */
export type FieldErrorType =
  | "FieldValueRequired"
  | "FieldValueInvalid"
  | "FieldValueNotSupported"
  | "FieldValueForbidden"
  | "FieldValueDuplicate"
  | "FieldValueNotFound"
  | "FieldValueTooLong"
  | "FieldValueTooMany"
  | "FieldValueTypeInvalid"
  | "InternalError";

/** One thing that is wrong with an object, in upstream's classes and words. */
export interface FieldError {
  readonly type: FieldErrorType;
  /** Path as upstream writes it: `spec.template.spec.containers[0].image`; "" for the object itself. */
  readonly field: string;
  /** Without the path: `Required value: name or generateName is required`. */
  readonly message: string;
}

/** The whole text of one error, as it stands in a Status message. */
export function fieldErrorText(error: FieldError): string {
  return error.field === "" ? `<nil>: ${error.message}` : `${error.field}: ${error.message}`;
}
