import type { Process } from "../process.ts";

/** A loop that never sleeps is made to: after this many rounds it rests, each time twice as long, up to the longest. */
const roundsPerRest = 256;
const restMsMax = 10_000;
/** A round that takes longer has waited: what it computes takes the host a few milliseconds at most. */
const waitMsMin = 100;

/** Lets the loops of a shell give way to others now and then, in cluster time, so that no script can hold the host. */
export class Pacer {
  private readonly process: Process;
  private rounds = 0;
  private restMs = 1;
  /** At the last round: how often a process of the container had slept, and when that was. */
  private napsSeen = 0;
  private lastAt = 0;

  constructor(process: Process) {
    this.process = process;
  }

  /**
   * A round of a loop begins. That time has passed says nothing, for the machine's clock goes on while a script computes: somebody must
   * have slept, or waited long for something.
   */
  async round(): Promise<void> {
    const { clock, world: { work } } = this.process;
    if (work.naps !== this.napsSeen || clock.now() - this.lastAt > waitMsMin) {
      this.rounds = 0;
      this.restMs = 1;
    }
    if (++this.rounds % roundsPerRest === 0) {
      await this.process.compute(this.restMs);
      this.restMs = Math.min(this.restMs * 2, restMsMax);
    }
    this.napsSeen = work.naps;
    this.lastAt = clock.now();
  }
}
