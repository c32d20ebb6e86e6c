import type { Change } from "./contract.ts";

/**
 * Changes in order of revision, forgotten from the front. Forgotten places are given back once they outweigh the rest, so
 * that both ends cost constant time on average.
 */
export class ChangeLog {
  private changes: (Change | undefined)[] = [];
  private head = 0;

  get size(): number {
    return this.changes.length - this.head;
  }

  push(change: Change): void {
    this.changes.push(change);
  }

  shift(): Change | undefined {
    const change = this.changes[this.head];
    if (change === undefined) return undefined;
    this.changes[this.head++] = undefined;
    if (this.head > 1024 && this.head * 2 > this.changes.length) {
      this.changes = this.changes.slice(this.head);
      this.head = 0;
    }
    return change;
  }

  /** Changes with a revision above `revision`, oldest first. */
  after(revision: number): readonly Change[] {
    let low = this.head;
    let high = this.changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.changes[middle] as Change).current.revision <= revision) low = middle + 1;
      else high = middle;
    }
    return this.changes.slice(low) as Change[];
  }
}
