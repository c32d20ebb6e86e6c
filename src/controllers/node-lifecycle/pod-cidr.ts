import { podRangesMax, podRangePrefix } from "../../api/core/pod-ranges.ts";

/**
 * Hands each node a /24 of Pod addresses, the first one 10.244.0.0/24, in the order in which nodes ask, not reusing a freed one
 * before the end is reached (as upstream). 10.244.0.0/16 has 256; a larger simulated cluster goes on above it and then below
 * it, up to the Services' 10.96.0.0/16: 27,648 in all.
 */

export class PodCidrs {
  private readonly taken = new Map<string, string>();
  private next = 0;

  /** A node has this one already. */
  occupy(node: string, cidr: string): void {
    this.taken.set(cidr, node);
  }

  /** A free one, taken for the node; undefined when none is left. */
  take(node: string): string | undefined {
    for (let tried = 0; tried < podRangesMax; tried++) {
      const cidr = `${podRangePrefix((this.next + tried) % podRangesMax)}.0/24`;
      if (this.taken.has(cidr)) continue;
      this.next = (this.next + tried + 1) % podRangesMax;
      this.taken.set(cidr, node);
      return cidr;
    }
    return undefined;
  }

  release(node: string, cidr: string): void {
    if (this.taken.get(cidr) === node) this.taken.delete(cidr);
  }
}
