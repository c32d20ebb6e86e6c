import type { Process } from "../process.ts";
import type { Traps } from "./traps.ts";

/** Above so many, those that have ended are forgotten. */
const jobsMax = 500;

interface Job {
  readonly number: number;
  readonly process: Process;
  /** What runs, as far as its process says it. */
  command: string;
  readonly done: Promise<number>;
  code: number | undefined;
}

/** What a shell runs in the background, in the order in which it began. One that has ended is remembered until somebody has asked for it. */
export class Jobs {
  private readonly all = new Map<number, Job>();
  private readonly traps: Traps;
  private readonly shell: Process;

  constructor(traps: Traps, shell: Process) {
    this.traps = traps;
    this.shell = shell;
  }

  /** Its number. */
  add(process: Process, done: Promise<number>): number {
    const number = Math.max(0, ...[...this.all.values()].filter(({ code }) => code === undefined).map((job) => job.number)) + 1;
    const job: Job = { number, process, command: "", done, code: undefined };
    this.all.set(process.pid, job);
    if (this.all.size > jobsMax) for (const { process: old, code } of this.all.values()) if (code !== undefined) this.all.delete(old.pid);
    void done.then((code) => {
      job.command = this.commandOf(job);
      job.code = code;
    });
    return number;
  }

  /** A part of the script runs under the name of the shell itself. */
  private commandOf({ process }: Job): string {
    return process.argv === this.shell.argv ? (this.shell.argv[0] ?? "sh") : process.argv.join(" ");
  }

  /** Of those that run. */
  pids(): readonly number[] {
    return this.running().map(({ process }) => process.pid);
  }

  private running(): Job[] {
    return [...this.all.values()].filter(({ code }) => code === undefined);
  }

  /** One line each, as `jobs` prints them; of those that have ended only once. */
  listed({ onlyEnded = false }: { onlyEnded?: boolean } = {}): readonly string[] {
    const shown = [...this.all.values()].filter(({ code }) => !onlyEnded || code !== undefined);
    const last = shown.at(-1)?.number;
    const lines = shown.map((job) => `[${job.number}]${job.number === last ? "+" : " "}  ${(job.code === undefined ? "Running" : job.code === 0 ? "Done" : job.code > 128 ? "Terminated" : `Done(${job.code})`).padEnd(27)}${job.code === undefined ? this.commandOf(job) : job.command}`);
    for (const job of shown) if (job.code !== undefined) this.all.delete(job.process.pid);
    return lines;
  }

  /** Jobs by number (`%1`, `%%` for the last), processes by id. */
  pidOf(word: string): number {
    if (!word.startsWith("%")) return Number(word);
    const name = word.slice(1);
    const job = /^[+%]?$/.test(name) ? this.running().at(-1) : [...this.running(), ...this.all.values()].find(({ number }) => number === Number(name));
    return job?.process.pid ?? -1;
  }

  /** `wait`: for some jobs, for all when none is named, or until a signal comes that is trapped. */
  async waitFor(pids: readonly number[]): Promise<number> {
    const wanted = pids.length > 0 ? pids.map((pid) => this.all.get(pid)) : this.running();
    const jobs = wanted.filter((job) => job !== undefined);
    if (jobs.length === 0) return wanted.length > 0 ? 127 : 0;
    const all = Promise.all(jobs.map(({ done }) => done)).then((codes) => {
      for (const { process } of jobs) this.all.delete(process.pid);
      return pids.length > 0 ? (codes.at(-1) as number) : 0;
    });
    const status = await this.traps.untilSignal(all);
    return wanted.length > jobs.length ? 127 : status;
  }
}
