import type { Environment } from "../../base/environment.ts";

export type ShellModule = typeof import("just-bash/browser");

/**
 * Loads the shell interpreter when it is first needed: it is larger than the rest of the machine together. Loading takes host
 * time, during which the runner is held; so `prepare` is called while something else still takes cluster time, and what needs
 * the shell finds it there.
 */
export class Shells {
  private module: ShellModule | undefined;
  private loading: Promise<ShellModule> | undefined;
  private readonly environment: Environment;

  constructor(environment: Environment) {
    this.environment = environment;
  }

  prepare(): void {
    if (!this.loading) void this.load();
  }

  /** At once when prepared. */
  get(): ShellModule | Promise<ShellModule> {
    return this.module ?? this.load();
  }

  private load(): Promise<ShellModule> {
    if (!this.loading) {
      const release = this.environment.runner.hold();
      this.loading = import("just-bash/browser").then((module) => {
        this.module = module;
        release();
        return module;
      });
    }
    return this.loading;
  }
}
