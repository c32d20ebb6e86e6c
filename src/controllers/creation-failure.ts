import { StatusError, isStatus } from "../base/status-error.ts";

/** How controllers judge and word a creation that the server refused. */

/** The namespace is being deleted: every creation in it will fail, and nobody needs to be told. */
export function isNamespaceEnding(error: unknown): boolean {
  return error instanceof StatusError && (error.status.details?.causes ?? []).some((cause) => cause.reason === "NamespaceTerminating");
}

/**
 * A refusal in upstream's words. Upstream lets the server choose the name, so admission that comes before the choice speaks of
 * the prefix; quota comes after it.
 */
export function refusalText(error: unknown, name: string, prefix: string): string {
  const message = messageOf(error);
  return isStatus(error, "Forbidden") && !message.includes("quota: ") ? message.replace(`"${name}"`, `"${prefix}"`) : message;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
