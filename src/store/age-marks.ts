import type { Instant } from "../base/environment.ts";

/** Marks are at least so far apart: what is to be forgotten goes a minute's worth at a time. */
const apartMs = 60_000;

interface Mark {
  readonly at: Instant;
  /** The newest revision then. */
  readonly revision: number;
}

/** Tells which revisions are older than a given time, without noting the time of each. Exact to the distance of two marks. */
export class AgeMarks {
  private marks: Mark[] = [];
  private next = -Infinity;
  private readonly ageMsMax: number;

  constructor(ageMsMax: number) {
    this.ageMsMax = ageMsMax;
  }

  /** A revision is made at `now`. Answers now and then: all up to this revision are older than the limit. */
  tick(now: Instant, revision: number): number | undefined {
    if (now < this.next) return undefined;
    this.next = now + apartMs;
    this.marks.push({ at: now, revision });
    const kept = this.marks.findLastIndex(({ at }) => at <= now - this.ageMsMax);
    if (kept < 0) return undefined;
    this.marks = this.marks.slice(kept);
    return (this.marks[0] as Mark).revision;
  }
}
