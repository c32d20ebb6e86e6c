import type { Traps } from "./traps.ts";

/** What a shell runs in the background, by process id, in the order in which it began. */
export class Jobs {
  private readonly running = new Map<number, Promise<number>>();
  private readonly traps: Traps;

  constructor(traps: Traps) {
    this.traps = traps;
  }

  add(pid: number, done: Promise<number>): void {
    this.running.set(pid, done);
  }

  pids(): readonly number[] {
    return [...this.running.keys()];
  }

  /** Jobs by number, processes by id. */
  pidOf(word: string): number {
    return word.startsWith("%") ? (this.pids()[Number(word.slice(1)) - 1] ?? -1) : Number(word);
  }

  /** `wait`: for some jobs, for all when none is named, or until a signal comes that is trapped. */
  async waitFor(pids: readonly number[]): Promise<number> {
    const wanted = pids.length > 0 ? pids.map((pid) => this.running.get(pid)) : [...this.running.values()];
    const jobs = wanted.filter((job) => job !== undefined);
    if (jobs.length === 0) return wanted.length > 0 ? 127 : 0;
    const all = Promise.all(jobs).then((codes) => (pids.length > 0 ? (codes.at(-1) as number) : 0));
    const status = await this.traps.untilSignal(all);
    return wanted.length > jobs.length ? 127 : status;
  }
}
