import type { FieldError, FieldErrorType } from "../base/field-error.ts";

export function fieldError(type: FieldErrorType, field: string, message: string): FieldError {
  return { type, field, message };
}
