import type { Environment, Random } from "../base/environment.ts";

/** A machine's time under power: what takes time ends only if the power has been there all along; otherwise it never does. */
export class Uptime {
  private readonly environment: Environment;
  private readonly random: Random;
  /** Grows with each loss of power. */
  private life = 0;

  constructor(environment: Environment, random: Random) {
    this.environment = environment;
    this.random = random;
  }

  losePower(): void {
    this.life++;
  }

  /** Cluster time passes. */
  wait(ms: number): Promise<void> {
    const { life } = this;
    return new Promise((resolve) => {
      this.environment.clock.after(ms, () => {
        if (life === this.life) resolve();
      });
    });
  }

  /** As much as the machine's chance says. */
  takes(msMin: number, msSpread: number): Promise<void> {
    return this.wait(msMin + this.random.below(msSpread));
  }

  /** A step of its own, unless the power has gone by then. */
  post(step: () => void): void {
    const { life } = this;
    this.environment.runner.post(() => {
      if (life === this.life) step();
    });
  }
}
