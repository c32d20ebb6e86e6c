import { goQuote } from "./go-text.ts";
import { ipProblems, ipText, isIp6, parseCidr, parseIp } from "./ip.ts";
import type { FieldPath } from "./path.ts";

/** Warnings about addresses and ranges that are not written as they usually are. */
export function ipWarnings(path: FieldPath, text: string): string[] {
  const address = parseIp(text);
  if (address === undefined) return [];
  const shown = ipText(address);
  // Only where nothing refuses it: in a field that is not validated.
  if (ipProblems(text).length > 0) {
    return [`${path.toString()}: non-standard IP address ${goQuote(text)} will be considered invalid in a future Kubernetes release: use ${goQuote(shown)}`];
  }
  return isIp6(address) ? unlessShown(path, "IPv6 address", text, shown) : [];
}

export function cidrWarnings(path: FieldPath, text: string): string[] {
  const cidr = parseCidr(text);
  return cidr === undefined || !isIp6(cidr.address) ? [] : unlessShown(path, "IPv6 CIDR value", text, `${ipText(cidr.address)}/${cidr.prefixLength}`);
}

function unlessShown(path: FieldPath, what: string, text: string, shown: string): string[] {
  return shown === text ? [] : [`${path.toString()}: ${what} ${goQuote(text)} should be in RFC 5952 canonical format (${goQuote(shown)})`];
}
