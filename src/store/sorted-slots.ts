/**
 * Keys in order, each with a slot that its owner fills. Chunks of bounded size keep an insertion among 150,000 keys at a
 * binary search and one short splice: 512 slots are 4 KB to move, and 150,000 keys make about 400 chunks to search.
 */
const slotsPerChunkMax = 512;

export interface Keyed {
  readonly key: string;
}

export class SortedSlots<Slot extends Keyed> {
  /** Never empty chunks, all in order; the first slot of a chunk is greater than the last of the one before. */
  private readonly chunks: Slot[][] = [];
  private total = 0;

  get size(): number {
    return this.total;
  }

  /** The key must not be there yet. */
  insert(slot: Slot): void {
    this.total++;
    const at = Math.max(this.chunkOf(slot.key), 0);
    const chunk = this.chunks[at];
    if (chunk === undefined) {
      this.chunks.push([slot]);
      return;
    }
    chunk.splice(lowerBound(chunk, slot.key), 0, slot);
    if (chunk.length > slotsPerChunkMax) this.chunks.splice(at + 1, 0, chunk.splice(slotsPerChunkMax >> 1));
  }

  /** The key must be there. */
  remove(key: string): void {
    this.total--;
    const at = this.chunkOf(key);
    const chunk = this.chunks[at] as Slot[];
    chunk.splice(lowerBound(chunk, key), 1);
    if (chunk.length === 0) this.chunks.splice(at, 1);
  }

  /** How many keys are less than `key`. */
  rank(key: string): number {
    const at = this.chunkOf(key);
    if (at < 0) return 0;
    let before = 0;
    for (let i = 0; i < at; i++) before += (this.chunks[i] as Slot[]).length;
    return before + lowerBound(this.chunks[at] as Slot[], key);
  }

  /** Slots with from <= key < to, in order, until `visit` answers false. */
  range(from: string, to: string, visit: (slot: Slot) => boolean): void {
    let index = lowerBound(this.chunks[Math.max(this.chunkOf(from), 0)] ?? [], from);
    for (let at = Math.max(this.chunkOf(from), 0); at < this.chunks.length; at++) {
      const chunk = this.chunks[at] as Slot[];
      for (; index < chunk.length; index++) {
        const slot = chunk[index] as Slot;
        if (slot.key >= to || !visit(slot)) return;
      }
      index = 0;
    }
  }

  /** The last chunk whose first key is not greater than `key`; -1 when all are greater. */
  private chunkOf(key: string): number {
    let low = 0;
    let high = this.chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (((this.chunks[middle] as Slot[])[0] as Slot).key <= key) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function lowerBound(chunk: readonly Keyed[], key: string): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((chunk[middle] as Keyed).key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
