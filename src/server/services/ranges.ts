import type { Random } from "../../base/environment.ts";

/**
 * The ranges that Services draw from. Each begins with a band that is given away only when asked for by value or when the rest is
 * full, so that people can pick fixed values there without meeting drawn ones (upstream's static band).
 */
export interface Range {
  readonly first: number;
  readonly last: number;
  /** Where drawing begins. */
  readonly dynamic: number;
}

/** 10.96.0.0/16 without the network's own address and the last; the band is a sixteenth of the range, 256 at most. */
export const clusterIpRange: Range = { first: ipNumber(10, 96, 0, 1), last: ipNumber(10, 96, 255, 254), dynamic: ipNumber(10, 96, 0, 0) + 256 + 1 };

/** 2,768 ports; the band is a thirty-second of them. */
export const nodePortRange: Range = { first: 30_000, last: 32_767, dynamic: 30_000 + 86 };

function ipNumber(a: number, b: number, c: number, d: number): number {
  return ((a * 256 + b) * 256 + c) * 256 + d;
}

export function ipText(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

/** The value of an IPv4 address as four bytes. */
export function ipValue(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

export function isIn(range: Range, value: number): boolean {
  return value >= range.first && value <= range.last;
}

/** A free value: from a drawn place on, round the upper part, then from the start of the band. Undefined: all are taken. */
export function drawFrom(range: Range, random: Random, isFree: (value: number) => boolean): number | undefined {
  const size = range.last - range.dynamic + 1;
  const offset = random.below(size);
  for (let i = 0; i < size; i++) {
    const value = range.dynamic + ((offset + i) % size);
    if (isFree(value)) return value;
  }
  for (let value = range.first; value < range.dynamic; value++) if (isFree(value)) return value;
  return undefined;
}
