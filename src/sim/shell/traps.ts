import { signalNumbers } from "../process.ts";
import type { Process, Signal } from "../process.ts";

/** What a shell does when signals come: handlers wait until the command that runs is done, but for `wait`, which they end. */
export class Traps {
  readonly handlers = new Map<Signal | "EXIT", string>();
  private readonly process: Process;
  private readonly due: string[] = [];
  private wakeWait: (() => void) | undefined;

  constructor(process: Process) {
    this.process = process;
  }

  get areDue(): boolean {
    return this.due.length > 0;
  }

  /** Takes the handler that is due first. */
  takeDue(): string | undefined {
    return this.due.shift();
  }

  /** From the first `trap` on the shell sees to its signals itself. */
  listen(): void {
    this.process.onSignal((signal) => this.onSignal(signal));
  }

  /** Waits for work, or until a signal comes that is trapped, which is a status. */
  async untilSignal(work: Promise<number>): Promise<number> {
    const interrupted = new Promise<number>((resolve) => {
      this.wakeWait = () => resolve(143);
      if (this.areDue) resolve(143);
    });
    const status = await this.process.wait(Promise.race([work, interrupted]));
    this.wakeWait = undefined;
    return status;
  }

  private onSignal(signal: Signal): void {
    const handler = this.handlers.get(signal);
    if (handler === "") return;
    if (handler === undefined) {
      if (this.process.pid !== 1) this.process.exit(128 + signalNumbers[signal]);
      return;
    }
    this.due.push(handler);
    this.wakeWait?.();
  }
}
