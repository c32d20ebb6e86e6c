import type { Miss } from "./score.ts";

/** Why a recording is not met, by class. The lists of gaps are written with these; each entry is to get a reason of its own. */
export function reasonFor({ difference: { what, text } }: Miss): string {
  if (text.includes("compilation failed")) return "the types of CEL are not followed";
  if (what === "message") return "decoding words this error differently";
  if (what === "code") return "accepted here and refused upstream, or the other way round";
  return "other causes than upstream's";
}

export const defaultsReason = "other defaults than upstream's";

export const updateReason = "the update is judged differently";
