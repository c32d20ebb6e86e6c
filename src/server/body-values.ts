import { limits } from "../base/limits.ts";
import { StatusError } from "../base/status-error.ts";

/**
 * How many values a body holds, judged before anybody makes objects of it: 3 MiB of `{},` are a million objects, each of which
 * would be decoded, defaulted and judged with dozens of steps. Upstream spreads that over its processors; here it would hold everybody up.
 */
const [quote, backslash, comma, lineFeed, openBrace, openBracket] = [0x22, 0x5c, 0x2c, 0x0a, 0x7b, 0x5b];

/** Throws 413 for a body of more values than anybody writes. */
export function checkValues(bytes: Uint8Array, language: "json" | "yaml"): void {
  if (bytes.length < limits.requestValuesMax) return;
  const values = language === "json" ? jsonValues(bytes) : yamlValues(bytes);
  if (values <= limits.requestValuesMax) return;
  throw new StatusError({ code: 413, reason: "RequestEntityTooLarge", message: `Request entity too large: limit is ${limits.requestValuesMax} values` });
}

/** Every value begins an object or list, or follows a comma or the beginning of one. What is no JSON gets any answer. */
function jsonValues(bytes: Uint8Array): number {
  let values = 0;
  let quoted = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === quote) quoted = !quoted;
    else if (quoted) {
      if (byte === backslash) i++;
    } else if (byte === comma || byte === openBrace || byte === openBracket) values++;
  }
  return values;
}

/** Lines, and what flow style puts on one. Texts count as what they look like: a legible megabyte has half the limit. */
function yamlValues(bytes: Uint8Array): number {
  let values = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === lineFeed || byte === comma || byte === openBrace || byte === openBracket) values++;
  }
  return values;
}
