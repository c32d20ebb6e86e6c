/**
 * A set of completion indexes as ascending intervals that neither touch nor overlap, so that a Job with 100,000 completions
 * keeps a handful of numbers. Its text is that of `.status.completedIndexes`: three or more consecutive ones as `first-last`.
 */
export class CompletionIndexes {
  private readonly intervals: readonly Interval[];
  readonly total: number;

  private constructor(intervals: readonly Interval[]) {
    this.intervals = intervals;
    this.total = intervals.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  }

  static readonly none = new CompletionIndexes([]);

  static of(indexes: Iterable<number>): CompletionIndexes {
    return CompletionIndexes.none.with(indexes);
  }

  /** Reads the text; what is not below `completions` (the Job was made smaller) is left out. */
  static parse(text: string | undefined, completions: number): CompletionIndexes {
    const intervals: Interval[] = [];
    for (const part of (text ?? "").split(",")) {
      const match = /^(\d+)(?:-(\d+))?$/.exec(part);
      if (!match) continue;
      const first = Number(match[1]);
      const last = Math.min(match[2] === undefined ? first : Number(match[2]), completions - 1);
      if (first <= last) intervals.push({ first, last });
    }
    return new CompletionIndexes(merge(intervals));
  }

  has(index: number): boolean {
    let low = 0;
    let high = this.intervals.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const { first, last } = this.intervals[middle] as Interval;
      if (index < first) high = middle - 1;
      else if (index > last) low = middle + 1;
      else return true;
    }
    return false;
  }

  with(indexes: Iterable<number>): CompletionIndexes {
    const added = [...indexes].map((index) => ({ first: index, last: index }));
    return added.length === 0 ? this : new CompletionIndexes(merge([...this.intervals, ...added]));
  }

  and(other: CompletionIndexes): CompletionIndexes {
    return new CompletionIndexes(merge([...this.intervals, ...other.intervals]));
  }

  /** How many of these are in `other` too. */
  countIn(other: CompletionIndexes): number {
    return this.total + other.total - this.and(other).total;
  }

  /** The lowest `count` indexes below `completions` that are not in the set. */
  missing(count: number, completions: number): number[] {
    const found: number[] = [];
    let next = 0;
    for (const { first, last } of [...this.intervals, { first: completions, last: completions }]) {
      for (; next < Math.min(first, completions); next++) {
        if (found.length === count) return found;
        found.push(next);
      }
      next = last + 1;
    }
    return found;
  }

  toString(): string {
    const parts: string[] = [];
    for (const { first, last } of this.intervals) {
      if (last - first >= 2) parts.push(`${first}-${last}`);
      else for (let index = first; index <= last; index++) parts.push(String(index));
    }
    return parts.join(",");
  }
}

interface Interval {
  readonly first: number;
  readonly last: number;
}

function merge(intervals: readonly Interval[]): readonly Interval[] {
  const merged: Interval[] = [];
  for (const next of [...intervals].sort((a, b) => a.first - b.first)) {
    const previous = merged.at(-1);
    if (previous && next.first <= previous.last + 1) merged[merged.length - 1] = { first: previous.first, last: Math.max(previous.last, next.last) };
    else merged.push(next);
  }
  return merged;
}
