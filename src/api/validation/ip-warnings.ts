import { goQuote } from "./go-text.ts";
import { isIp6, parseCidr, parseIp } from "./ip.ts";
import type { FieldPath } from "./path.ts";

/** Warnings about addresses and ranges that are accepted for now, but written as few other programs read them. */
const future = "will be considered invalid in a future Kubernetes release";

export function ipWarnings(path: FieldPath, text: string): string[] {
  const address = parseIp(text);
  if (address === undefined) return [];
  const shown = ipText(address);
  if (isUnusual(text, address)) return [`${path.toString()}: non-standard IP address ${goQuote(text)} ${future}: use ${goQuote(shown)}`];
  return isIp6(address) && shown !== text ? [`${path.toString()}: IPv6 address ${goQuote(text)} should be in RFC 5952 canonical format (${goQuote(shown)})`] : [];
}

export function cidrWarnings(path: FieldPath, text: string): string[] {
  const cidr = parseCidr(text);
  if (cidr === undefined) return [];
  const { address, prefixLength } = cidr;
  const network = address.map((byte, i) => byte & (0xff00 >> Math.min(Math.max(prefixLength - 8 * i, 0), 8)));
  const shown = `${ipText(network)}/${prefixLength}`;
  const warnings: string[] = [];
  if (network.some((byte, i) => byte !== address[i])) {
    warnings.push(`${path.toString()}: CIDR value ${goQuote(text)} is ambiguous in this context (should be ${goQuote(shown)} or ${goQuote(`${ipText(address)}/${address.length * 8}`)}?)`);
  }
  if (isUnusual(text.slice(0, text.indexOf("/")), address)) warnings.push(`${path.toString()}: non-standard CIDR value ${goQuote(text)} ${future}: use ${goQuote(shown)}`);
  else if (warnings.length === 0 && isIp6(address) && shown !== text) warnings.push(`${path.toString()}: IPv6 CIDR value ${goQuote(text)} should be in RFC 5952 canonical format (${goQuote(shown)})`);
  return warnings;
}

/** With leading zeros, which some read as octal, or an IPv4 address in the clothes of an IPv6 one. */
function isUnusual(text: string, address: Uint8Array): boolean {
  return address.length === 4 ? text.split(".").some((part) => part.length > 1 && part.startsWith("0")) : !isIp6(address);
}

/** As Go prints it: the longest run of zero groups of IPv6 as `::`, and what is IPv4 in truth as that. */
function ipText(address: Uint8Array): string {
  if (!isIp6(address)) return [...address.slice(-4)].join(".");
  const groups = Array.from({ length: 8 }, (_, i) => ((address[2 * i] ?? 0) << 8) | (address[2 * i + 1] ?? 0));
  let [start, length] = [-1, 1];
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) [start, length] = [i, end - i];
  }
  const words = groups.map((group) => group.toString(16));
  return start < 0 ? words.join(":") : `${words.slice(0, start).join(":")}::${words.slice(start + length).join(":")}`;
}
