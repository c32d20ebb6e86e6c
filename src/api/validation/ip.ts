import { goQuote } from "./go-text.ts";
import type { Problems } from "./names.ts";

/** IP addresses and CIDRs as Go's net package (with upstream's tolerance for leading zeros) reads them: 4 or 16 bytes, or nothing. */
const none: Problems = Object.freeze([]);

export function parseIp(text: string): Uint8Array | undefined {
  return text.includes(":") ? parseIp6(text) : parseIp4(text);
}

function parseIp4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    const part = parts[i] ?? "";
    // Leading zeros are decimal here: objects from before Go 1.17 have them.
    if (!/^[0-9]+$/.test(part) || Number(part) > 255) return undefined;
    bytes[i] = Number(part);
  }
  return bytes;
}

function parseIp6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groups(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? groups(halves[1] ?? "", true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const bytes = new Uint8Array(16);
  all.forEach((group, i) => {
    bytes[2 * i] = group >> 8;
    bytes[2 * i + 1] = group & 0xff;
  });
  return bytes;
}

/** The 16-bit groups of one side of `::`; the last may be an IPv4 address in dots. */
function groups(text: string, last: boolean): number[] | undefined {
  if (text === "") return [];
  const out: number[] = [];
  const parts = text.split(":");
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] ?? "";
    if (part.includes(".")) {
      const four = last && i === parts.length - 1 ? parseIp4(part) : undefined;
      if (four === undefined) return undefined;
      out.push(((four[0] ?? 0) << 8) | (four[1] ?? 0), ((four[2] ?? 0) << 8) | (four[3] ?? 0));
    } else if (/^[0-9A-Fa-f]{1,4}$/.test(part)) out.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return out;
}

export interface Cidr {
  /** As written: host bits are kept. */
  readonly address: Uint8Array;
  readonly prefixLength: number;
}

export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const address = parseIp(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (address === undefined || !/^(0|[1-9][0-9]{0,2})$/.test(length) || Number(length) > address.length * 8) return undefined;
  return { address, prefixLength: Number(length) };
}

/** Written as few other programs would read it: refused, though it can be read. */
export function ipProblems(text: string): Problems {
  const address = parseIp(text);
  if (address === undefined) return ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"];
  if (address.length === 4) return hasLeadingZeros(text) ? ["must not have leading 0s"] : none;
  return isIp6(address) ? none : ["must not be an IPv4-mapped IPv6 address"];
}

/** As above, of ranges: no host bits either. */
export function cidrProblems(text: string): Problems {
  const cidr = parseCidr(text);
  if (cidr === undefined) return ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"];
  const { address } = cidr;
  if (address.length === 4 && hasLeadingZeros(text.slice(0, text.indexOf("/")))) return ["must not have leading 0s in IP or prefix length"];
  if (address.length === 16 && !isIp6(address)) return ["must not have an IPv4-mapped IPv6 address"];
  return networkOf(cidr).some((byte, i) => byte !== address[i]) ? ["must not have bits set beyond the prefix length"] : none;
}

/** Some read them as octal. */
function hasLeadingZeros(text: string): boolean {
  return text.split(".").some((part) => part.length > 1 && part.startsWith("0"));
}

/** IPv4 or IPv6, as `isIPv6` of an address: an IPv4 address mapped into IPv6 counts as IPv4. */
export function isIp6(address: Uint8Array): boolean {
  if (address.length !== 16) return false;
  const mapped = address.subarray(0, 10).every((byte) => byte === 0) && address[10] === 0xff && address[11] === 0xff;
  return !mapped;
}

/** As Go prints it: the longest run of zero groups of IPv6 as `::`, and what is IPv4 in truth as that. */
export function ipText(address: Uint8Array): string {
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

/** The address with its host bits cleared. */
export function networkOf({ address, prefixLength }: Cidr): Uint8Array {
  return address.map((byte, i) => byte & (0xff00 >> Math.min(Math.max(prefixLength - 8 * i, 0), 8)));
}

/** For fields that never took anything but the one usual way to write an address. */
export function canonicalIpProblems(text: string): Problems {
  const address = parseIp(text);
  const problems = ipProblems(text);
  return address === undefined || problems.length > 0 ? problems : canonical(text, ipText(address));
}

/** As above, of ranges. */
export function canonicalCidrProblems(text: string): Problems {
  const cidr = parseCidr(text);
  const problems = cidrProblems(text);
  return cidr === undefined || problems.length > 0 ? problems : canonical(text, `${ipText(cidr.address)}/${cidr.prefixLength}`);
}

function canonical(text: string, shown: string): Problems {
  return shown === text ? none : [`must be in canonical form (${goQuote(shown)})`];
}
