/** What waits, first come first served: both ends cost constant time on average. */
export class Line<T> {
  /** Those from `head` on wait. The part before it is dropped once it outweighs the rest. */
  protected items: (T | undefined)[] = [];
  protected head = 0;

  get size(): number {
    return this.items.length - this.head;
  }

  push(item: T): void {
    this.items.push(item);
  }

  shift(): T | undefined {
    const item = this.items[this.head];
    if (item === undefined) return undefined;
    this.items[this.head++] = undefined;
    if (this.head > 1024 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }
}
