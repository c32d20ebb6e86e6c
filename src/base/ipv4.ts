/** IPv4 addresses and ranges as numbers, so that membership is one comparison. Nothing but the canonical dotted form is an address. */

/** An address as an unsigned 32-bit number; undefined for anything else, leading zeros included. */
export function parseIpv4(text: string): number | undefined {
  let value = 0;
  let octet = -1;
  let octets = 1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 46 && octet >= 0 && octets < 4) {
      value = value * 256 + octet;
      octet = -1;
      octets++;
      continue;
    }
    if (code < 48 || code > 57 || octet === 0) return undefined;
    octet = octet < 0 ? code - 48 : octet * 10 + code - 48;
    if (octet > 255) return undefined;
  }
  return octets === 4 && octet >= 0 ? value * 256 + octet : undefined;
}

/** Dotted decimals. */
export function formatIpv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** A CIDR block. */
export interface Ipv4Range {
  /** The first address: bits behind the prefix are zero. */
  readonly first: number;
  readonly last: number;
  /** Canonical: "10.244.0.0/16". */
  readonly text: string;
}

/** `10.244.0.0/16`; bits behind the prefix are dropped. Undefined for anything else. */
export function parseIpv4Range(text: string): Ipv4Range | undefined {
  const slash = text.indexOf("/");
  const address = parseIpv4(text.slice(0, slash));
  const bits = text.slice(slash + 1);
  if (slash < 0 || address === undefined || !/^(\d|[12]\d|3[0-2])$/.test(bits)) return undefined;
  const size = 2 ** (32 - Number(bits));
  const first = address - (address % size);
  return { first, last: first + size - 1, text: `${formatIpv4(first)}/${bits}` };
}

/** Whether an address lies within the block. */
export function rangeContains(range: Ipv4Range, address: number): boolean {
  return address >= range.first && address <= range.last;
}
