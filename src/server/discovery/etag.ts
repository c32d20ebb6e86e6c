import { sha256 } from "../../base/sha256.ts";

/** A tag for a document: equal texts have equal tags. */
export function entityTag(text: string): string {
  return [...sha256(text).subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, "0")).join("").toUpperCase();
}
