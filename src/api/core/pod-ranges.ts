/**
 * The /24 ranges of Pod addresses, in order of use: 10.244.0.0/24 first. 10.244.0.0/16 has 256; a larger simulated cluster goes on
 * above it and then below it, up to the Services' 10.96.0.0/16.
 */

/** The second byte of the addresses, in order of use. */
const secondBytes: readonly number[] = [...range(244, 256), ...range(0, 96)];

/** How many ranges there are: 27,648. */
export const podRangesMax: number = secondBytes.length * 256;

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** The first three numbers of a range: `10.244.0`. */
export function podRangePrefix(index: number): string {
  return `10.${secondBytes[index >> 8] as number}.${index & 255}`;
}
